"""Groups: sampled ones, ones that really share a prefix, and the rewards of the experiments."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from itertools import combinations

import pytest
import torch

from numerics.groups import (
    Group,
    first_token_reward,
    length_reward,
    noise_reward,
    sample_group,
    score_group,
    shared_prefix_group,
    target_token_reward,
)
from numerics.policies import Completions, Policy, TabularPolicy
from numerics.transformer import TinyTransformer

torch.set_num_threads(1)
POLICIES = {
    "two-tokens": TabularPolicy.random(2, 4, seed=1),
    "tabular": TabularPolicy.random(4, 5, seed=2, eos=2),
    "certain": TabularPolicy.random(3, 5, seed=3, scale=30.0),  # nearly deterministic: ties at the fork
    "transformer": TinyTransformer(4, 5, seed=4, prompt=(1,)),
}


@pytest.fixture(params=POLICIES)
def policy(request: pytest.FixtureRequest) -> Policy:
    return POLICIES[request.param]


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def live_tokens(group: Group) -> list[list[int]]:
    return [row[:n] for row, n in zip(group.tokens.tolist(), group.lengths.tolist(), strict=True)]


def test_a_sampled_group_is_scored_by_its_policy(policy: Policy) -> None:
    group = sample_group(policy, 9, length_reward(2.0), stream())
    assert torch.equal(group.old_logp, policy.log_probs(group.tokens, group.mask))
    assert torch.equal(group.ref_logp, group.old_logp)
    assert group.lengths.tolist() == group.mask.sum(-1).tolist()
    assert group.rewards.tolist() == [2.0 * n for n in group.lengths.tolist()]
    assert not group.old_logp.requires_grad and not group.ref_logp.requires_grad
    again, other = (sample_group(policy, 9, length_reward(), stream(seed)) for seed in (0, 1))
    assert torch.equal(group.tokens, again.tokens)
    assert policy is POLICIES["certain"] or not torch.equal(group.tokens, other.tokens)


def test_the_reference_policy_gives_ref_logp() -> None:
    policy, reference = POLICIES["two-tokens"], TabularPolicy.random(2, 4, seed=9)
    completions = policy.completions()
    group = score_group(policy, completions, length_reward(), reference)
    assert torch.equal(group.ref_logp, reference.log_probs(*completions))
    assert not torch.equal(group.ref_logp, group.old_logp) and not group.ref_logp.requires_grad


def test_advantages_are_centred_rewards() -> None:
    rewards = torch.tensor([1.0, 0.0, 0.0, 5.0], dtype=torch.float64)
    group = replace(sample_group(POLICIES["tabular"], 4, length_reward(), stream()), rewards=rewards)
    assert group.advantages.tolist() == [[-0.5], [-1.5], [-1.5], [3.5]]


def test_a_group_is_detached_and_well_shaped() -> None:
    policy = POLICIES["tabular"]
    group = sample_group(policy, 3, length_reward(), stream())
    attached = policy.log_probs(group.tokens, group.mask)
    for name in ("old_logp", "ref_logp", "entropy"):
        with pytest.raises(ValueError, match=f"{name} is data of the group"):
            replace(group, **{name: attached})
        with pytest.raises(ValueError, match=f"{name} must have shape"):
            replace(group, **{name: group.mask[:, :2]})
    with pytest.raises(ValueError, match=r"rewards must have shape \(3,\), not \(3, 1\)"):
        replace(group, rewards=group.advantages)
    with pytest.raises(FrozenInstanceError):
        group.rewards = group.rewards  # type: ignore[misc]


@pytest.mark.parametrize("prefix", [1, 2, 3])
def test_a_shared_prefix_is_shared_and_then_left(policy: Policy, prefix: int) -> None:
    for seed in range(20):
        group = shared_prefix_group(policy, 5, prefix, length_reward(), stream(seed))
        assert (group.tokens[:, :prefix] == group.tokens[0, :prefix]).all()
        assert (group.mask[:, :prefix] == 1).all()
        completions = live_tokens(group)
        # Not even one token more is shared by all; a completion that ends does not share what follows.
        assert len({completion[prefix] for completion in completions}) > 1
        spread = policy.max_length - prefix
        assert group.lengths.tolist() == [prefix + 1 + i % spread for i in range(5)]
        for completion in completions:
            assert policy.eos not in completion[:-1]
            assert completion[-1] == policy.eos or len(completion) == policy.max_length
        assert (group.tokens[group.mask == 0] == policy.eos).all()
        assert torch.equal(group.old_logp, policy.log_probs(group.tokens, group.mask))
        assert (group.old_logp[:, :prefix] - group.old_logp[0, :prefix]).abs().max() <= 1e-12


@pytest.mark.parametrize("lengths", [[5, 5, 5], [3, 3, 5], [5, 2, 4], [4, 4, 4]])
def test_a_shared_prefix_group_has_the_lengths_asked_for(lengths: list[int]) -> None:
    for name, seed in [(name, seed) for name in ("tabular", "certain", "transformer") for seed in range(10)]:
        group = shared_prefix_group(POLICIES[name], 3, 1, length_reward(), stream(seed), lengths)
        assert group.lengths.tolist() == lengths
        assert (group.tokens[:, 0] == group.tokens[0, 0]).all()
        assert len({completion[1] for completion in live_tokens(group)}) > 1


def test_forks_follow_the_policy_where_it_is_free() -> None:
    """Over many groups each way of going on appears, so the fork is drawn and not fixed."""
    policy = POLICIES["tabular"]
    forks = {
        tuple(shared_prefix_group(policy, 2, 1, length_reward(), stream(s), [5, 5]).tokens[:, 1].tolist()) for s in range(200)
    }
    words = [v for v in range(4) if v != policy.eos]
    assert forks == {(a, b) for a in words for b in words if a != b}


def test_an_impossible_shared_prefix_is_refused() -> None:
    policy, reward = POLICIES["two-tokens"], length_reward()
    with pytest.raises(ValueError, match="cannot diverge"):
        shared_prefix_group(policy, 2, 1, reward, stream(), [3, 3])  # only 1, 1, eos fits
    for size, prefix in [(1, 1), (3, 0), (3, 4)]:
        with pytest.raises(ValueError, match="size >= 2 and 1 <= prefix < 4"):
            shared_prefix_group(policy, size, prefix, reward, stream())
    for lengths in ([2, 3], [1, 2, 3], [2, 3, 5]):
        with pytest.raises(ValueError, match=r"lengths must be 3 integers in 2\.\.4"):
            shared_prefix_group(policy, 3, 1, reward, stream(), lengths)


def test_rewards_agree_with_loops() -> None:
    policy = POLICIES["tabular"]
    completions = policy.completions()
    # What stands on the padding must not count: put the target there.
    dirty = Completions(completions.tokens.where(completions.mask != 0, 1), completions.mask)
    sequences = live_tokens(score_group(policy, completions, length_reward()))
    values = [0.5, -1.0, 3.0, 2.0]
    assert first_token_reward(values)(*dirty).tolist() == [values[s[0]] for s in sequences]
    assert target_token_reward(1)(*dirty).tolist() == [float(1 in s) for s in sequences]
    assert length_reward(-0.5)(*dirty).tolist() == [-0.5 * len(s) for s in sequences]


def test_noise_ignores_the_completion_and_is_fresh_at_each_call() -> None:
    completions = POLICIES["tabular"].completions()
    same = Completions(completions.tokens.flip(0), completions.mask.flip(0))
    first, second = noise_reward(3), noise_reward(3)
    calls = [first(*completions), first(*completions), second(*same), noise_reward(4)(*completions)]
    assert torch.equal(calls[0], calls[2])
    assert all(not torch.equal(a, b) for a, b in combinations([calls[0], calls[1], calls[3]], 2))
    draws = torch.cat([noise_reward(seed)(torch.zeros(1000, 1), torch.ones(1000, 1)) for seed in range(10)])
    # n = 10 000 standard normals: five standard errors of the mean and of the variance (a 6e-7 event each).
    assert abs(draws.mean()) <= 5 / 100 and abs(draws.var() - 1) <= 5 * 2**0.5 / 100
