"""The evidence on momentum past the clip fails when a formula is wrong, and its helpers do what they say."""

from __future__ import annotations

from math import sqrt

import pytest
import torch

from numerics.evidence import clip_loops, clip_overshoot
from numerics.evidence.clip_overshoot import PAPER, closed_form, synthetic

torch.set_num_threads(1)


def without_bias_correction(betas: tuple[float, float], T: int, k: int) -> float:
    return float((betas[0] / sqrt(betas[1])) ** (k + 1))


def one_step_late(betas: tuple[float, float], T: int, k: int) -> float:
    return closed_form(betas, T, k + 1)


@pytest.mark.parametrize("wrong", [without_bias_correction, one_step_late])
def test_a_wrong_closed_form_is_rejected(monkeypatch: pytest.MonkeyPatch, wrong: object) -> None:
    assert clip_overshoot.lengths_of_steps().ok
    monkeypatch.setattr(clip_overshoot, "closed_form", wrong)
    assert not clip_overshoot.lengths_of_steps().ok


def test_a_wrong_closed_form_is_rejected_in_inner_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clip_loops.clipped_inner_loops().ok
    monkeypatch.setattr(clip_loops, "closed_form", without_bias_correction)
    assert not clip_loops.clipped_inner_loops().ok


def test_a_gradient_at_the_step_of_the_clip_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eq. 29-34 need g_T = 0: with a gradient there they fail."""
    history = clip_overshoot.history

    def late(last: int, after: int, sign: bool = False) -> torch.Tensor:
        gradients = history(last, after, sign)
        gradients[last] = 1
        return gradients

    monkeypatch.setattr(clip_overshoot, "history", late)
    assert not clip_overshoot.decay_of_moments().ok
    assert not clip_overshoot.epsilon().ok


def test_weight_decay_breaks_what_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def decaying(*args: object, **kwargs: object) -> clip_overshoot.Run:
        return synthetic(*args, **kwargs | {"weight_decay": 0.5, "start": 5.0})  # type: ignore[arg-type]

    monkeypatch.setattr(clip_overshoot, "synthetic", decaying)
    assert not clip_overshoot.one_sign().ok
    assert not clip_overshoot.lengths_of_steps().ok


def test_momentum_is_noticed_where_none_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_loops, "SEEDS", 1)
    assert clip_loops.without_momentum().ok
    monkeypatch.setattr(clip_loops, "rmsprop", lambda lr: clip_loops.adamw(lr))
    assert not clip_loops.without_momentum().ok


def test_without_the_regulariser_nothing_turns_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_loops, "SEEDS", 1)
    assert clip_loops.corrected().ok
    loop = clip_loops.loop
    monkeypatch.setattr(clip_loops, "loop", lambda policy, optimizer, steps, beta: loop(policy, optimizer, steps))
    assert not clip_loops.corrected().ok


def test_a_run_that_is_old_already_starts_from_the_moments_of_a_constant_gradient() -> None:
    """One gradient more of 1 leaves m = 1 - β1^t and v = 1 - β2^t: a step of the learning rate."""
    run = synthetic(torch.ones(1, 1, dtype=torch.float64), PAPER, lr=0.5, steps_before=7)
    assert run.m[1].item() == pytest.approx(1 - 0.9**8, rel=1e-14)
    assert run.v[1].item() == pytest.approx(1 - 0.95**8, rel=1e-14)
    assert run.update(1).item() == pytest.approx(-0.5, rel=1e-14)


def test_closed_form_on_numbers_by_hand() -> None:
    """β = (1/2, 1/3), T = 2: (1/2)/(3/2) · √((8/9)/(1/3 · 2/3)) = 1/3 · 2."""
    assert closed_form((1 / 2, 1 / 3), 2, 0) == pytest.approx(2 / 3, rel=1e-14)
