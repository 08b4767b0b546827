"""Objectives get what their parameters name, and a clear sentence when that is impossible."""

from __future__ import annotations

import functools
from dataclasses import replace
from inspect import Parameter, Signature

import pytest
import torch
from torch import Tensor

from numerics.calling import ALIASES, Objective, call_objective
from numerics.groups import Group, length_reward, sample_group
from numerics.policies import TabularPolicy, flatten

torch.set_num_threads(1)
NAMES = {  # as users' objectives may spell them; a name that disappears from here breaks their code
    "logp": "logprobs log_probs log_prob per_token_logps policy_logprobs",
    "old_logp": "old_logprobs old_log_probs old_log_prob old_per_token_logps",
    "ref_logp": "ref_logprobs ref_log_probs ref_log_prob ref_per_token_logps",
    "rewards": "reward scores",
    "advantages": "advantage adv",
    "mask": "response_mask completion_mask action_mask loss_mask",
    "entropy": "entropies",
}


@pytest.fixture
def policy() -> TabularPolicy:
    return TabularPolicy.random(4, 3, seed=1)


@pytest.fixture
def group(policy: TabularPolicy) -> Group:
    """Off policy and with another reference, so that no two inputs of an objective are equal."""
    generator, reference = torch.Generator().manual_seed(2), TabularPolicy.random(4, 3, seed=5)
    old_policy = TabularPolicy.random(4, 3, seed=6)
    return sample_group(old_policy, 5, length_reward(), generator, reference)


@pytest.mark.parametrize("name", NAMES)
def test_every_alias_delivers_its_input(policy: TabularPolicy, group: Group, name: str) -> None:
    expected = {
        "logp": policy.log_probs(group.tokens, group.mask),
        "old_logp": group.old_logp,
        "ref_logp": group.ref_logp,
        "rewards": group.rewards,
        "advantages": (group.rewards - group.rewards.mean()).reshape(5, 1),
        "mask": group.mask,
        "entropy": policy.entropies(group.tokens, group.mask),
    }
    assert set(NAMES) | {"masked", "noise_level"} == set(ALIASES)
    for alias in (name, *NAMES[name].split()):
        received: dict[str, Tensor] = {}

        def objective(received: dict[str, Tensor] = received, **given: Tensor) -> Tensor:
            received.update(given)
            return given["logprobs"].sum()

        # `logprobs` comes last and by keyword only: neither order nor kind of a parameter matters.
        parameters = {alias: Parameter.POSITIONAL_OR_KEYWORD, "logprobs": Parameter.KEYWORD_ONLY}
        signature = Signature([Parameter(name, kind) for name, kind in parameters.items()])
        setattr(objective, "__signature__", signature)  # noqa: B010
        loss = call_objective(objective, policy, group)
        assert set(received) == {alias, "logprobs"}
        assert torch.equal(received[alias], expected[name])
        assert torch.equal(loss, expected["logp"].sum())


def test_an_objective_may_be_a_partial_and_keep_its_defaults(policy: TabularPolicy, group: Group) -> None:
    def objective(beta: float, mask: Tensor, /, logp: Tensor, *rest: object, power: int = 2, **more: object) -> Tensor:
        assert not rest and not more
        return beta * (logp * mask).pow(power).sum()

    bound = functools.partial(objective, 3.0, group.mask)
    expected = 3.0 * policy.log_probs(group.tokens, group.mask).pow(2).sum()
    assert torch.equal(call_objective(bound, policy, group), expected)


def test_an_input_with_a_default_is_supplied_all_the_same(policy: TabularPolicy, group: Group) -> None:
    def objective(logp: Tensor, ref_logp: Tensor | None = None) -> Tensor:
        assert ref_logp is not None
        return (logp - ref_logp).sum()

    expected = (policy.log_probs(group.tokens, group.mask) - group.ref_logp).sum()
    assert torch.equal(call_objective(objective, policy, group), expected)


def test_entropy_is_the_policys_unless_the_group_fixes_it(policy: TabularPolicy, group: Group) -> None:
    def bonus(logp: Tensor, entropy: Tensor) -> Tensor:
        return entropy.sum() + 0 * logp.sum()

    def gradient(loss: Tensor) -> Tensor:
        return flatten(torch.autograd.grad(loss, policy.parameters()))

    assert gradient(call_objective(bonus, policy, group)).norm() > 1e-3
    fixed = call_objective(bonus, policy, replace(group, entropy=2 * group.mask))
    assert fixed.item() == 2 * group.lengths.sum()
    assert not gradient(fixed).any()


def test_an_objective_that_cannot_be_called_is_refused(policy: TabularPolicy, group: Group) -> None:
    def unknown(logp: Tensor, temperature: float) -> Tensor:
        return logp.sum() / temperature

    def no_logp(rewards: Tensor) -> Tensor:
        return rewards.sum()

    def positional(logp: Tensor, mask: Tensor, /) -> Tensor:
        return (logp * mask).sum()

    def per_token(logp: Tensor) -> Tensor:
        return logp

    def not_a_tensor(logp: Tensor) -> Tensor:
        return 1.0  # type: ignore[return-value]

    def stepwise(logp: Tensor, noise_mask: Tensor) -> Tensor:
        return (logp * noise_mask).sum()

    refused: list[tuple[Objective, str]] = [
        (unknown, "unknown: parameter 'temperature' has no default"),
        (no_logp, "no_logp: no parameter asks for logp"),
        (positional, "positional: parameter 'logp' must not be positional-only"),
        (stepwise, "stepwise: a policy that draws token by token has no masked"),
        (per_token, r"per_token: must return a scalar tensor, returned \(5, 3\)"),
        (not_a_tensor, "not_a_tensor: must return a scalar tensor, returned float"),
    ]
    for objective, message in refused:
        with pytest.raises(ValueError, match=message):
            call_objective(objective, policy, group)
