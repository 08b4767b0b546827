"""The evidence of Section 5 and Appendix C must be able to fail: wrong rows, rates, ε and regularisers are rejected."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch

import numerics.evidence.adamw_runs as home
import numerics.evidence.reward_scale as gradients
from numerics.objectives.dr_grpo import dr_grpo

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def two_seeds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two groups of each kind, so that a check takes a fraction of a second; nothing cached enters or leaves a test."""
    monkeypatch.setattr(home, "SEEDS", range(2))
    monkeypatch.setattr(gradients, "SEEDS", range(2))
    caches = (home.cases, home.default_runs, gradients.moved)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


CHECKS = [
    home.recorded_moments,
    gradients.degrees,
    gradients.parts_of_the_gradient,
    home.invariant_runs,
    home.runs_separate,
    home.limits,
    home.with_regulariser,
    home.stabilisers,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_holds_and_says_the_same_twice(check: home.Check) -> None:
    first = check()
    assert first.ok and check().detail == first.detail


def test_the_moments_of_other_decay_rates_are_rejected() -> None:
    trajectory = home.default_runs()[0]
    assert home.follows(trajectory, 0, 0.9) and home.follows(trajectory, 1, 0.999)
    assert not home.follows(trajectory, 0, 0.9 + 1e-9) and not home.follows(trajectory, 1, 0.999 - 1e-9)


def test_the_update_of_another_weight_decay_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    home.default_runs()
    monkeypatch.setattr(home, "DECAY", -home.DECAY)  # the sign that Eq. 4 prints
    assert not home.recorded_moments().ok


@pytest.mark.parametrize("name", ["HOMOGENEOUS", "WITHOUT_SCALE"])
def test_a_row_of_another_degree_is_rejected(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    wrong = ("grpo_r1", {}) if name == "HOMOGENEOUS" else ("dr_grpo", {})
    monkeypatch.setattr(gradients, name, [*getattr(gradients, name), wrong])
    assert not gradients.degrees().ok


def test_runs_with_a_regulariser_or_a_visible_stabiliser_are_not_invariant(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(home, "NO_EPS", 1e-12)
        assert not home.invariant_runs().ok
    monkeypatch.setattr(home, "ADVANTAGE_ONLY", partial(dr_grpo, beta=0.04))
    home.default_runs.cache_clear()
    assert not home.invariant_runs().ok


def test_dr_grpo_with_a_regulariser_does_not_pass_for_grpo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "grpo", dr_grpo)
    assert not home.with_regulariser().ok


def test_another_learning_rate_than_predicted_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    first_step = home.first_step

    def slower(*given: Any) -> tuple[torch.Tensor, torch.Tensor]:
        gradient, update = first_step(*given)
        return gradient, update * (1 - 1e-9)

    monkeypatch.setattr(home, "first_step", slower)
    assert not home.limits().ok and not home.stabilisers().ok
