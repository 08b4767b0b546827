"""Recorded inner loops against direct evaluation, and real optimisers against their recursions in floats."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor

from numerics.groups import Group, length_reward, sample_group, shared_prefix_group
from numerics.optimizers import (
    OptimizerFactory,
    Trajectory,
    adam_reference,
    adamw,
    clip_state,
    inner_loop,
    rmsprop,
    rmsprop_reference,
    sgd,
    sgd_reference,
)
from numerics.policies import Policy, TabularPolicy, flatten
from numerics.transformer import TinyTransformer

torch.set_num_threads(1)
UNIT = 2.0**-53
STEPS = 8


def clipped_surrogate(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """Eq. 1 with weights 1/G, `s = I`, ε = 0.2 and no regulariser."""
    ratio = (logp - old_logp).exp()
    kept = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
    return -(kept * mask).sum() / len(mask)


def unclipped(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -((logp - old_logp).exp() * advantages * mask).sum() / len(mask)


@pytest.fixture(params=["tabular", "transformer"])
def policy(request: pytest.FixtureRequest) -> Policy:
    return TabularPolicy.random(4, 4, seed=1) if request.param == "tabular" else TinyTransformer(4, 4, seed=1)


def group_of(policy: Policy, seed: int = 0) -> Group:
    return shared_prefix_group(policy, 6, 1, length_reward(), torch.Generator().manual_seed(seed))


def run(policy: Policy, factory: OptimizerFactory, steps: int = STEPS) -> Trajectory:
    return inner_loop(deepcopy(policy), group_of(policy), clipped_surrogate, factory, steps)


def coordinates(trajectory: Trajectory) -> list[int]:
    """Up to 200 coordinates, spread over the parameters, among them the largest gradient."""
    gradient = trajectory.steps[0].gradient
    stride = max(1, len(gradient) // 200)
    return [int(gradient.abs().argmax()), *range(0, len(gradient), stride)]


def test_a_trajectory_is_consistent(policy: Policy) -> None:
    group, trained = group_of(policy), deepcopy(policy)
    trajectory = inner_loop(trained, group, clipped_surrogate, adamw(lr=0.05), STEPS)
    path = trajectory.parameters
    assert torch.equal(path[0], flatten(policy.parameters()))
    assert torch.equal(path[-1], flatten(trained.parameters()))
    for t, step in enumerate(trajectory.steps):
        assert torch.equal(step.before, path[t]) and torch.equal(step.after, path[t + 1])
        assert torch.equal(step.update, path[t + 1] - path[t]) and step.update.norm() > 0
    assert len(path) == len(trajectory.ratios) == len(trajectory.clipped) == STEPS + 1
    assert (trajectory.ratios[0] == 1).all() and not trajectory.clipped[0].any()
    assert trajectory.clipped[-1].any(), "eight steps of 0.05 are meant to leave the clip bounds"


@pytest.mark.parametrize("factory", [adamw(lr=0.05), sgd(lr=0.05, momentum=0.5), rmsprop(lr=0.05)])
def test_a_loop_moves_the_policy_as_a_plain_training_loop_does(policy: Policy, factory: OptimizerFactory) -> None:
    group, plain, trained = group_of(policy), deepcopy(policy), deepcopy(policy)
    running = factory(list(plain.parameters()))
    for _ in range(STEPS):
        running.zero_grad()
        log_probs = plain.log_probs(group.tokens, group.mask)
        clipped_surrogate(log_probs, group.old_logp, group.advantages, group.mask).backward()  # type: ignore[no-untyped-call]
        running.step()
    inner_loop(trained, group, clipped_surrogate, factory, STEPS)
    moved = flatten(trained.parameters())
    # The same operations on each entry; those of a vector and of its parts may round differently.
    torch.testing.assert_close(moved, flatten(plain.parameters()), rtol=0, atol=1e-12)
    assert not torch.equal(moved, flatten(policy.parameters()))


def test_loss_gradient_and_ratios_are_those_before_the_step() -> None:
    policy = TabularPolicy.random(4, 4, seed=1)
    group = group_of(policy)
    trajectory = inner_loop(deepcopy(policy), group, clipped_surrogate, adamw(lr=0.05), STEPS)
    for step in trajectory.steps:
        there = TabularPolicy(step.before.view_as(policy.logits), 4)
        log_probs = there.log_probs(group.tokens, group.mask)
        loss = clipped_surrogate(log_probs, group.old_logp, group.advantages, group.mask)
        assert step.loss == loss.item()
        assert torch.equal(step.gradient, flatten(torch.autograd.grad(loss, [there.logits])))
        ratios = torch.where(group.mask != 0, (log_probs - group.old_logp).exp(), 1.0)
        assert torch.equal(step.ratios, ratios)


def test_clip_state_is_beyond_the_bound_that_the_advantage_favours() -> None:
    policy = TabularPolicy.random(3, 4, seed=0)
    group = replace(
        sample_group(policy, 3, length_reward(), torch.Generator().manual_seed(0)),
        rewards=torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64),
        mask=torch.tensor([[1.0, 1.0, 1.0, 0.0]] * 3, dtype=torch.float64),
    )
    low, up = 0.25, 0.5
    for values in product([0.7, 0.75, 0.8, 1.5, 1.6], repeat=3):
        ratios = torch.tensor([[*values, 9.0]] * 3, dtype=torch.float64)
        expected = [
            [s < 1 - low for s in values] + [False],
            [False] * 4,  # advantage zero
            [s > 1 + up for s in values] + [False],
        ]
        assert clip_state(ratios, group, (low, up)).tolist() == expected


def test_clipped_tokens_are_those_without_gradient() -> None:
    policy = TabularPolicy.random(4, 4, seed=1)
    group = group_of(policy)
    trajectory = inner_loop(deepcopy(policy), group, clipped_surrogate, adamw(lr=0.1), STEPS)
    for step in trajectory.steps:
        log_probs = (group.old_logp + step.ratios.log()).requires_grad_()
        loss = clipped_surrogate(log_probs, group.old_logp, group.advantages, group.mask)
        (gradient,) = torch.autograd.grad(loss, [log_probs])
        live = (group.mask != 0) & (group.advantages != 0)
        assert torch.equal(step.clipped, (gradient == 0) & live)


def test_masked_positions_never_matter(policy: Policy) -> None:
    group = group_of(policy)
    dirty = replace(
        group,
        tokens=group.tokens.where(group.mask != 0, -1),
        old_logp=group.old_logp.where(group.mask != 0, -7.0),
        ref_logp=group.ref_logp.where(group.mask != 0, 3.0),
    )
    clean_run, dirty_run = (inner_loop(deepcopy(policy), g, clipped_surrogate, adamw(lr=0.05), 3) for g in (group, dirty))
    assert torch.equal(clean_run.parameters, dirty_run.parameters)
    assert torch.equal(clean_run.ratios, dirty_run.ratios)
    assert torch.equal(clean_run.clipped, dirty_run.clipped)


def test_training_leaves_the_group_alone(policy: Policy) -> None:
    group = group_of(policy)
    before = deepcopy(group)
    inner_loop(policy, group, clipped_surrogate, sgd(lr=0.5), 3)
    for name in ("tokens", "mask", "rewards", "old_logp", "ref_logp"):
        assert torch.equal(getattr(group, name), getattr(before, name))
        assert not getattr(group, name).requires_grad
    assert not torch.equal(policy.log_probs(group.tokens, group.mask), group.old_logp)


def test_a_loop_without_steps_or_gradient_is_refused() -> None:
    def detached(logp: Tensor) -> Tensor:
        return logp.detach().sum()

    policy = TabularPolicy.random(3, 3, seed=0)
    with pytest.raises(ValueError, match="at least one step"):
        run(policy, sgd(), steps=0)
    with pytest.raises(ValueError, match="does not depend on the policy"):
        inner_loop(policy, group_of(policy), detached, sgd(), 1)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.9, 0.95), (0.0, 0.5)])
@pytest.mark.parametrize(("eps", "weight_decay"), [(1e-8, 0.01), (1e-5, 0.0), (1e-3, 0.1)])
def test_adamw_follows_its_recursion(policy: Policy, betas: tuple[float, float], eps: float, weight_decay: float) -> None:
    lr = 0.05
    trajectory = run(policy, adamw(lr, betas, eps, weight_decay))
    for j in coordinates(trajectory):
        gradients = [step.gradient[j].item() for step in trajectory.steps]
        theta = trajectory.steps[0].before[j].item()
        states, largest, tolerance = adam_reference(theta, gradients, lr, betas, eps, weight_decay), 0.0, 0.0
        for t, (step, state) in enumerate(zip(trajectory.steps, states, strict=True), start=1):
            assert step.first_moment is not None and step.second_moment is not None
            largest = max(largest, abs(gradients[t - 1]))
            # One update of m costs each side at most 5 roundings of numbers up to max|g|, so m is off by
            # 10 t u max|g|; v is a sum of positive terms, so it is off by 10 t u relative.
            m_error = 10 * t * UNIT * largest
            assert abs(step.first_moment[j].item() - state.m) <= m_error
            assert abs(step.second_moment[j].item() - state.v) <= 10 * t * UNIT * state.v
            # √v̂ halves the relative error of v; bias corrections, root, quotient, product add 10 roundings,
            # and the sum with θ and its decay 4 more per step.
            root = math.sqrt(state.v_hat) + eps
            relative = (5 * t + 10) * UNIT
            tolerance += lr * (m_error / (1 - betas[0] ** t) / root + relative * abs(state.m_hat) / root)
            tolerance += 4 * UNIT * max(abs(theta), abs(state.theta))
            assert abs(step.after[j].item() - state.theta) <= tolerance
            theta = state.theta


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_follows_its_recursion(policy: Policy, momentum: float) -> None:
    trajectory = run(policy, sgd(0.5, momentum))
    assert all(step.second_moment is None for step in trajectory.steps)
    for j in coordinates(trajectory):
        gradients = [step.gradient[j].item() for step in trajectory.steps]
        theta = trajectory.steps[0].before[j].item()
        expected = sgd_reference(theta, gradients, 0.5, momentum)
        # The buffer is at most Σ|g|, and each step adds 4 roundings of it and one of θ.
        reach = sum(map(abs, gradients))
        for t, (step, value) in enumerate(zip(trajectory.steps, expected, strict=True), start=1):
            assert abs(step.after[j].item() - value) <= 4 * t * t * UNIT * (reach + abs(theta))
            if momentum:
                assert step.first_moment is not None
                buffer = math.fsum(momentum ** (t - 1 - i) * g for i, g in enumerate(gradients[:t]))
                assert abs(step.first_moment[j].item() - buffer) <= 4 * t * UNIT * reach
            else:
                assert step.first_moment is None


@pytest.mark.parametrize(("alpha", "eps"), [(0.99, 1e-8), (0.5, 1e-3)])
def test_rmsprop_follows_its_recursion(policy: Policy, alpha: float, eps: float) -> None:
    lr = 0.01
    trajectory = run(policy, rmsprop(lr, alpha, eps))
    assert all(step.first_moment is None for step in trajectory.steps)
    for j in coordinates(trajectory):
        gradients = [step.gradient[j].item() for step in trajectory.steps]
        theta = trajectory.steps[0].before[j].item()
        expected, reach = rmsprop_reference(theta, gradients, lr, alpha, eps), abs(theta)
        for t, (step, value) in enumerate(zip(trajectory.steps, expected, strict=True), start=1):
            assert step.second_moment is not None
            v = math.fsum((1 - alpha) * alpha ** (t - 1 - i) * g * g for i, g in enumerate(gradients[:t]))
            assert abs(step.second_moment[j].item() - v) <= 10 * t * UNIT * v
            # |g|/√v is at most 1/√(1-alpha); its relative error is half that of v and 6 roundings.
            reach = max(reach, abs(value))
            tolerance = t * UNIT * (lr * (5 * t + 6) / math.sqrt(1 - alpha) + 4 * reach)
            assert abs(step.after[j].item() - value) <= tolerance


def test_adamw_moments_are_the_weighted_sums_of_gradients() -> None:
    """`m_t = (1-β1) Σ β1^{t-j} g_j`, and the same for v with squares: the recursion's closed form."""
    beta1, beta2 = 0.9, 0.95
    trajectory = run(TabularPolicy.random(4, 4, seed=1), adamw(0.05, (beta1, beta2)))
    for j in coordinates(trajectory):
        g = [step.gradient[j].item() for step in trajectory.steps]
        for t, step in enumerate(trajectory.steps, start=1):
            m = math.fsum((1 - beta1) * beta1 ** (t - 1 - i) * g[i] for i in range(t))
            v = math.fsum((1 - beta2) * beta2 ** (t - 1 - i) * g[i] ** 2 for i in range(t))
            assert step.first_moment is not None and step.second_moment is not None
            assert abs(step.first_moment[j].item() - m) <= 10 * t * UNIT * max(map(abs, g[:t]))
            assert abs(step.second_moment[j].item() - v) <= 10 * t * UNIT * v


def test_adam_reference_on_numbers_by_hand() -> None:
    """β = (1/2, 3/4), ξ = 1/4, ε = 1, λ = 1/2, g = 2 then -6: short fractions and one root."""
    first, second = adam_reference(1.0, [2.0, -6.0], lr=0.25, betas=(0.5, 0.75), eps=1.0, weight_decay=0.5)
    assert (first.m, first.v, first.m_hat, first.v_hat) == (1.0, 1.0, 2.0, 4.0)
    assert first.theta == pytest.approx(1 - 0.25 * 2 / 3 - 0.125, rel=4 * UNIT)
    assert (second.m, second.v) == (-2.5, 9.75)
    assert second.m_hat == pytest.approx(-10 / 3, rel=4 * UNIT)
    assert second.v_hat == pytest.approx(156 / 7, rel=4 * UNIT)
    step = 0.25 * (10 / 3) / (math.sqrt(156 / 7) + 1)
    assert second.theta == pytest.approx(0.875 * first.theta + step, rel=8 * UNIT)


def test_each_loop_starts_from_fresh_optimiser_state(policy: Policy) -> None:
    group = group_of(policy)
    inner_loop(policy, group, unclipped, adamw(lr=0.05), 3)
    again = inner_loop(policy, group, unclipped, adamw(lr=0.05, eps=1e-8, weight_decay=0.0), 1).steps[0]
    # From fresh state the first step is -ξ g/(|g|+ε); with old moments it would not be.
    expected = -0.05 * again.gradient / (again.gradient.abs() + 1e-8)
    # Subtracting parameters of size up to 5 to get the update costs 4 roundings of them.
    torch.testing.assert_close(again.update, expected, rtol=20 * UNIT, atol=20 * UNIT)


def test_descent_lowers_the_loss(policy: Policy) -> None:
    trajectory = inner_loop(policy, group_of(policy), unclipped, sgd(lr=0.01), 5)
    losses = [step.loss for step in trajectory.steps]
    assert losses == sorted(losses, reverse=True) and losses[0] > losses[-1]
