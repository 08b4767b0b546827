"""The tabular policy against plain Python loops over its token tree."""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import exp, log, sqrt

import pytest
import torch

from numerics.policies import (
    Completions,
    TabularPolicy,
    completion_probabilities,
    count_nodes,
    expected_reward,
    expected_reward_gradient,
    flatten,
)

torch.set_num_threads(1)
UNIT = 2.0**-53  # float64 unit roundoff
SHAPES = [(2, 1, 0), (2, 4, 1), (3, 3, 0), (3, 3, 1), (4, 3, 3)]  # vocabulary, max_length, eos


@pytest.fixture(params=SHAPES, ids=str)
def policy(request: pytest.FixtureRequest) -> TabularPolicy:
    vocabulary, max_length, eos = request.param
    return TabularPolicy.random(vocabulary, max_length, seed=7, eos=eos)


def all_sequences(policy: TabularPolicy) -> list[tuple[int, ...]]:
    """By definition: every string over V of length up to T that ends at its first eos, or at T."""
    tokens, longest, eos = range(policy.vocabulary), policy.max_length, policy.eos
    strings = [s for n in range(1, longest + 1) for s in product(tokens, repeat=n)]
    return [s for s in strings if eos not in s[:-1] and (s[-1] == eos or len(s) == longest)]


def logits_by_prefix(policy: TabularPolicy) -> dict[tuple[int, ...], list[float]]:
    """The rows in the order of prefixes: shortest first, then lexicographic."""
    words = [v for v in range(policy.vocabulary) if v != policy.eos]
    prefixes = [p for n in range(policy.max_length) for p in product(words, repeat=n)]
    return dict(zip(prefixes, policy.logits.tolist(), strict=True))


def as_sequences(completions: Completions) -> list[tuple[int, ...]]:
    return [
        tuple(v for v, m in zip(row, mask, strict=True) if m)
        for row, mask in zip(completions.tokens.tolist(), completions.mask.tolist(), strict=True)
    ]


def reward_table(completions: Completions) -> torch.Tensor:
    """A reward without structure: one number per completion, read off its tokens."""
    powers = torch.arange(1, completions.tokens.shape[1] + 1, dtype=torch.float64)
    return torch.sin(((completions.tokens + 1) * completions.mask * powers).sum(-1) * 1.7)


def reward(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return reward_table(Completions(tokens, mask))


def test_enumeration_lists_every_completion_once(policy: TabularPolicy) -> None:
    found = as_sequences(policy.completions())
    assert Counter(found) == Counter(all_sequences(policy))
    padding = policy.completions().tokens[policy.completions().mask == 0]
    assert (padding == policy.eos).all()


def test_probabilities_sum_to_one(policy: TabularPolicy) -> None:
    probabilities = completion_probabilities(policy)
    # Each of T log-probabilities is below 10 in size with error <= 4u·10, and summing N terms adds N u.
    tolerance = (policy.max_length * 40 + len(probabilities)) * UNIT
    assert abs(probabilities.sum().item() - 1) <= tolerance
    assert (probabilities > 0).all()


def test_log_probs_and_entropies_agree_with_a_loop(policy: TabularPolicy) -> None:
    completions, rows = policy.completions(), logits_by_prefix(policy)
    log_probs = policy.log_probs(*completions).tolist()
    entropies = policy.entropies(*completions).tolist()
    for i, sequence in enumerate(as_sequences(completions)):
        for t in range(policy.max_length):
            if t >= len(sequence):
                assert log_probs[i][t] == entropies[i][t] == 0.0
                continue
            row = rows[sequence[:t]]
            normaliser = log(sum(exp(z) for z in row))
            # V additions, an exp and a log each way, of numbers below 10.
            assert log_probs[i][t] == pytest.approx(row[sequence[t]] - normaliser, rel=0, abs=200 * UNIT)
            entropy = -sum(exp(z - normaliser) * (z - normaliser) for z in row)
            assert entropies[i][t] == pytest.approx(entropy, rel=0, abs=200 * UNIT)


def test_every_prefix_has_its_own_logits(policy: TabularPolicy) -> None:
    rows = set()
    prefixes = {s[:t] for s in all_sequences(policy) for t in range(len(s))}
    completions = policy.completions()
    log_probs = policy.log_probs(*completions)
    for i, sequence in enumerate(as_sequences(completions)):
        for t in range(len(sequence)):
            (gradient,) = torch.autograd.grad(log_probs[i, t], [policy.logits], retain_graph=True)
            (row,) = gradient.abs().sum(-1).nonzero().flatten().tolist()
            rows.add((sequence[:t], row))
    assert len(rows) == len({row for _, row in rows}) == len(prefixes) == len(policy.logits)


def test_sampling_frequencies_lie_in_bernstein_intervals(policy: TabularPolicy) -> None:
    draws, seeds, failure = 2000, 10, 1e-6
    sampled: Counter[tuple[int, ...]] = Counter()
    for seed in range(seeds):
        drawn = policy.sample(draws, torch.Generator().manual_seed(seed))
        assert (drawn.tokens[drawn.mask == 0] == policy.eos).all()
        sampled.update(as_sequences(drawn))
    exact = dict(zip(as_sequences(policy.completions()), completion_probabilities(policy).tolist(), strict=True))
    assert set(sampled) <= set(exact)
    n, spread = draws * seeds, log(2 * len(exact) / failure)
    for sequence, p in exact.items():
        # Bernstein: all frequencies are within this of p with probability at least 1 - failure.
        width = sqrt(2 * p * (1 - p) * spread / n) + 2 * spread / (3 * n)
        assert abs(sampled[sequence] / n - p) <= width, sequence


def test_expected_reward_is_the_enumerated_sum(policy: TabularPolicy) -> None:
    probabilities = completion_probabilities(policy).tolist()
    rewards = reward_table(policy.completions()).tolist()
    expected = sum(p * r for p, r in zip(probabilities, rewards, strict=True))
    # |r| <= 1 and the probabilities sum to 1: at most N roundings of sums below 1.
    assert expected_reward(policy, reward).item() == pytest.approx(expected, rel=0, abs=2 * len(rewards) * UNIT)


def test_expected_reward_gradient_is_the_score_function_sum(policy: TabularPolicy) -> None:
    completions = policy.completions()
    rewards, log_probs = reward_table(completions), policy.log_probs(*completions).sum(-1)
    score = torch.zeros(policy.logits.numel(), dtype=torch.float64)
    for i, r in enumerate(rewards.tolist()):
        gradient = torch.autograd.grad(log_probs[i], [policy.logits], retain_graph=True)
        score += log_probs[i].exp().item() * r * flatten(gradient)
    # Entries of ∇log p and rewards are at most 1: N terms with a handful of roundings each.
    tolerance = 10 * len(rewards) * UNIT
    torch.testing.assert_close(expected_reward_gradient(policy, reward), score, rtol=0, atol=tolerance)


def test_expected_reward_gradient_is_the_finite_difference(policy: TabularPolicy) -> None:
    gradient, h = expected_reward_gradient(policy, reward), 1e-5
    entries = policy.logits.detach().view(-1)
    for j in range(len(entries)):
        at = entries[j].item()
        entries[j] = at + h
        above = expected_reward(policy, reward).item()
        entries[j] = at - h
        below = expected_reward(policy, reward).item()
        entries[j] = at
        # Third derivatives are at most 6 here, so h²/6 of each; rounding adds about 40 u / h.
        assert (above - below) / (2 * h) == pytest.approx(gradient[j].item(), rel=0, abs=h**2 + 40 * UNIT / h)


def test_masked_positions_never_matter(policy: TabularPolicy) -> None:
    completions = policy.completions()
    for garbage in (-100, 10**6, policy.vocabulary - 1):
        tokens = completions.tokens.where(completions.mask != 0, garbage)
        for read in (policy.log_probs, policy.entropies):
            clean, dirty = read(*completions), read(tokens, completions.mask)
            assert torch.equal(clean, dirty)
            gradients = [torch.autograd.grad(value.sum(), [policy.logits])[0] for value in (clean, dirty)]
            assert torch.equal(*gradients)


def test_a_mask_may_be_boolean_or_integer(policy: TabularPolicy) -> None:
    tokens, mask = policy.completions()
    for dtype in (torch.bool, torch.long):
        assert torch.equal(policy.log_probs(tokens, mask.to(dtype)), policy.log_probs(tokens, mask))


def test_sampling_and_construction_are_reproducible() -> None:
    first, second, other = (TabularPolicy.random(3, 3, seed) for seed in (1, 1, 2))
    assert torch.equal(first.logits, second.logits) and not torch.equal(first.logits, other.logits)
    draws = [first.sample(50, torch.Generator().manual_seed(seed)).tokens for seed in (3, 3, 4)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logits_are_copied_into_one_float64_leaf(dtype: torch.dtype) -> None:
    logits = torch.zeros(3, 2, dtype=dtype, requires_grad=True)
    policy = TabularPolicy(logits, max_length=3)
    (parameter,) = policy.parameters()
    assert parameter.is_leaf and parameter.requires_grad and parameter.dtype == torch.float64
    snapshot = flatten(policy.parameters())
    with torch.no_grad():
        parameter += 1
    assert not logits.any() and not snapshot.any() and not snapshot.requires_grad


TOKENS, MASK = torch.tensor([[1, 2, 0]]), torch.ones(1, 3)


@pytest.mark.parametrize(
    ("tokens", "mask", "message"),
    [
        (TOKENS, MASK[:, :2], "both have shape"),
        (TOKENS[0], MASK[0], "both have shape"),
        (torch.ones(1, 4).long(), torch.ones(1, 4), "1 <= T <= 3"),
        (TOKENS, torch.tensor([[1.0, 0.0, 1.0]]), "padding to their right"),
        (TOKENS, torch.tensor([[1.0, 0.5, 0.0]]), "padding to their right"),
        (torch.tensor([[1, 3, 0]]), MASK, "0..2"),
        (torch.tensor([[1, -1, 0]]), MASK, "0..2"),
        (torch.tensor([[1, 0, 1]]), MASK, "can follow the end-of-sequence"),
    ],
)
def test_what_is_no_completion_is_refused(tokens: torch.Tensor, mask: torch.Tensor, message: str) -> None:
    policy = TabularPolicy.random(3, 3, seed=0)
    for read in (policy.log_probs, policy.entropies):
        with pytest.raises(ValueError, match=message):
            read(tokens, mask)


def test_sizes_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        TabularPolicy.random(1, 3, seed=0)
    with pytest.raises(ValueError, match="max_length = 0"):
        TabularPolicy.random(3, 0, seed=0)
    with pytest.raises(ValueError, match=r"token ids must be in 0\.\.2"):
        TabularPolicy.random(3, 3, seed=0, eos=3)
    with pytest.raises(ValueError, match=r"must have shape \(7, 3\), not \(6, 3\)"):
        TabularPolicy(torch.zeros(6, 3), max_length=3)
    with pytest.raises(ValueError, match="nodes"):
        count_nodes(11, 8)
    with pytest.raises(ValueError, match="too many to enumerate"):
        completion_probabilities(TabularPolicy.random(4, 12, seed=0))
    with pytest.raises(ValueError, match="at least one completion"):
        TabularPolicy.random(3, 3, seed=0).sample(0, torch.Generator())
    with pytest.raises(ValueError, match="one reward per completion"):
        expected_reward(TabularPolicy.random(3, 3, seed=0), lambda tokens, mask: mask)
