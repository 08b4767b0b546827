"""The losses on pairs, of a step of masked diffusion, and of the neighbours of policy gradients, against closed forms."""

import pytest
import torch
from torch import Tensor

from numerics import objectives
from numerics.objectives.dpo import dpo
from numerics.objectives.ipo import ipo
from numerics.objectives.maskgrpo import maskgrpo
from numerics.objectives.maskgrpo_token import maskgrpo_token
from numerics.objectives.r_dpo import r_dpo
from numerics.objectives.return_conditioned import return_conditioned
from numerics.objectives.rubric_generator import rubric_generator
from numerics.objectives.simpo import simpo
from numerics.related.gac import return_conditioned_policy
from numerics.related.maskgrpo import sequence_ratio, token_ratios
from numerics.related.rubric_arm import accuracy

torch.set_num_threads(1)


def numbers(*shape: int, seed: int) -> Tensor:
    return -torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


PAIRS = [3 * numbers(5, seed=s) for s in range(4)]  # chosen, rejected, and the same under the reference
LENGTHS = torch.tensor([[1.0, 2, 3, 1, 4], [2.0, 2, 1, 5, 3]], dtype=torch.float64)


def slopes(loss: Tensor, *at: Tensor) -> list[Tensor]:
    return [5 * s for s in torch.autograd.grad(loss, at)]


def test_losses_on_pairs_have_the_slopes_of_their_papers() -> None:
    chosen, rejected = (x.clone().requires_grad_() for x in PAIRS[:2])
    ref, n = PAIRS[2:], LENGTHS
    h = ((chosen - ref[0]) - (rejected - ref[1])).detach()
    means = (chosen / n[0] - rejected / n[1]).detach()
    beta, gamma, alpha, tau, smooth = 0.3, 0.5, 0.2, 0.4, 0.1
    misfit = torch.sigmoid(-beta * h)
    label = smooth * torch.sigmoid(beta * h) - (1 - smooth) * misfit
    expected: dict[str, tuple[Tensor, Tensor, Tensor]] = {
        "dpo": (dpo(chosen, rejected, *ref, beta), -beta * misfit, beta * misfit),
        "smooth": (dpo(chosen, rejected, *ref, beta, smooth), beta * label, -beta * label),
        "ipo": (ipo(chosen, rejected, *ref, tau), 2 * (h - 1 / (2 * tau)), -2 * (h - 1 / (2 * tau))),
        "simpo": (
            simpo(chosen, rejected, *n, 2.0, gamma),
            *((sign * 2.0 * torch.sigmoid(gamma - 2.0 * means) / size) for sign, size in zip((-1, 1), n, strict=True)),
        ),
        "r_dpo": (
            r_dpo(chosen, rejected, *ref, *n, beta, alpha),
            *(sign * beta * torch.sigmoid(-beta * h - alpha * (n[0] - n[1])) for sign in (-1, 1)),
        ),
    }
    for name, (loss, *slope) in expected.items():
        for found, wanted in zip(slopes(loss, chosen, rejected), slope, strict=True):
            assert torch.allclose(found, wanted, rtol=1e-12, atol=1e-14), name


MASK = torch.tensor([[1.0, 1, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1]], dtype=torch.float64)
MASKED = torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.float64)
A = torch.tensor([[1.0], [-2.0], [0.5], [0.5]], dtype=torch.float64)


@pytest.mark.parametrize("level", [0.25, 1.0])
def test_maskgrpo_is_its_formula(level: float) -> None:
    new, old, ref = (numbers(4, 3, seed=s) for s in range(3))
    ratio = sequence_ratio(new, old, MASKED, level)
    to_ref = sequence_ratio(ref, new, MASKED, level)
    kl = to_ref - 1 - to_ref.log()
    expected = -((A[:, 0] * ratio - 0.3 * kl) / MASK.sum(1)).mean()
    t = torch.tensor(level, dtype=torch.float64)
    assert torch.allclose(maskgrpo(new, old, ref, A, MASK, MASKED, t, beta=0.3), expected, rtol=1e-13)
    on_policy = maskgrpo(new, new, new, A, MASK, MASKED, t, beta=0.3)
    assert torch.allclose(on_policy, -(A[:, 0] / MASK.sum(1)).mean(), rtol=1e-13)


def test_the_released_code_takes_the_mean_of_token_ratios_inside_its_clip() -> None:
    new = numbers(4, 3, seed=5)
    old = new - 0.1 * numbers(4, 3, seed=6)
    live = MASKED[:3]
    expected = -(A[:3, 0] * token_ratios(new[:3], old[:3], live)).mean()
    assert torch.allclose(maskgrpo_token(new[:3], old[:3], new[:3], A[:3], live, beta=0.0), expected, rtol=1e-13)
    clipped = maskgrpo_token(new[:1], new[:1] - 1, new[:1], A[:1], live[:1], beta=0.0)
    assert float(clipped) == pytest.approx(-1.2)
    nothing = maskgrpo_token(new[3:], old[3:], new[3:], A[3:], MASKED[3:])
    assert float(nothing) == 0  # no token is masked


def test_the_return_conditioned_policy_is_stationary() -> None:
    """A group in which each of three responses occurs as often as under a policy (1/4, 1/4, 1/2), returns 0, 1 and 1."""
    drawn, returns = torch.tensor([0, 1, 2, 2]), torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64)
    joint = torch.diag(torch.tensor([0.25, 0.25, 0.5], dtype=torch.float64))
    policy = return_conditioned_policy(joint, (returns >= 0.5).double())
    assert torch.allclose(policy, torch.tensor([0.0, 1 / 3, 2 / 3], dtype=torch.float64))
    for near, zero in ((policy, True), (torch.tensor([0.0, 0.5, 0.5], dtype=torch.float64), False)):
        logits = near.clamp(min=1e-30).log().requires_grad_()
        logp = logits.log_softmax(0)[drawn][:, None]
        (slope,) = torch.autograd.grad(return_conditioned(logp, returns[drawn], torch.ones_like(logp)), logits)
        assert bool((slope.abs() < 1e-12).all()) == zero
    assert float(return_conditioned(logp.detach(), 0 * returns[drawn], torch.ones_like(logp))) == 0  # none reaches the target


@pytest.mark.parametrize("baseline", [0.0, 0.6])
def test_the_rubric_generator_ascends_the_accuracy(baseline: float) -> None:
    """The expectation over rubrics and judgements of its gradient is that of J."""
    logits = torch.tensor([0.2, -0.4, 1.0], dtype=torch.float64, requires_grad=True)
    judge = torch.tensor([0.5, -1.0, 0.1], dtype=torch.float64)
    (exact,) = torch.autograd.grad(accuracy(logits, judge), logits)
    expected = torch.zeros(3, dtype=torch.float64)
    for k in range(3):
        for right in (0.0, 1.0):
            p = float(logits.detach().softmax(0)[k] * (judge[k].sigmoid() if right else 1 - judge[k].sigmoid()))
            logp, reward = logits.log_softmax(0)[k].reshape(1, 1), torch.tensor([right], dtype=torch.float64)
            loss = rubric_generator(logp, reward, torch.ones(1, 1, dtype=torch.float64), baseline)
            expected -= p * torch.autograd.grad(loss, logits)[0]
    assert torch.allclose(expected, exact, atol=1e-15)


def test_all_of_them_are_objectives() -> None:
    named = {"dpo", "ipo", "simpo", "r_dpo", "maskgrpo", "maskgrpo_token", "return_conditioned", "rubric_generator"}
    assert named | {"disco_ratio"} <= set(objectives.names())
