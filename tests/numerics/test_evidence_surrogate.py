"""The evidence on Appendix A and D_KL: it holds, it is the same on every run, and wrong formulas fail it."""

import itertools

import pytest
import torch
from scipy.stats import binomtest

from numerics.evidence import kl_estimator, surrogate_proxy, surrogate_value
from numerics.objectives.regularisers import k3
from numerics.policies import TabularPolicy

torch.set_num_threads(1)
VALUES = [
    surrogate_value.unclipped_value,
    surrogate_value.on_policy_value_is_a_covariance,
    surrogate_value.value_blind,
    surrogate_value.length_tracking,
]
PROXY = [
    surrogate_proxy.opposite_directions,
    surrogate_proxy.stored_step,
    surrogate_proxy.downhill_gradient,
    surrogate_proxy.gain_from_triples,
    surrogate_proxy.stored_gradient_step,
    surrogate_proxy.falling_loss,
]
KL = [
    kl_estimator.never_negative,
    kl_estimator.expectation_at_states,
    kl_estimator.expectation_over_completions,
    kl_estimator.gradients_of_losses,
]


@pytest.mark.parametrize("check", [*VALUES, *PROXY, *KL], ids=lambda check: check.__name__)
def test_holds_and_says_the_same_twice(check):
    first, second = check(), check()
    assert first.ok and first.detail == second.detail


@pytest.mark.parametrize("check", VALUES, ids=lambda check: check.__name__)
def test_a_value_that_is_off_by_a_millionth_is_noticed(check, monkeypatch):
    right = surrogate_value.value
    monkeypatch.setattr(surrogate_value, "value", lambda *a, **k: right(*a, **k) * (1 + 1e-6))
    assert not check().ok


def test_a_blind_value_is_told_from_one_that_is_not(monkeypatch):
    monkeypatch.setattr(surrogate_value, "LENGTH_TRACKING", ("grpo_r1",))
    assert not surrogate_value.value_blind().ok


@pytest.mark.parametrize("check", KL, ids=lambda check: check.__name__)
def test_a_ratio_turned_upside_down_is_noticed(check, monkeypatch):
    """k3 with π/π_ref in place of π_ref/π, as widely copied tables have it; it is non-negative all the same."""
    monkeypatch.setattr(kl_estimator, "k3", lambda logp, ref_logp: k3(ref_logp, logp))
    assert check().ok == (check is kl_estimator.never_negative)


def test_a_negative_estimator_is_noticed(monkeypatch):
    monkeypatch.setattr(kl_estimator, "k3", kl_estimator.k1)
    assert not kl_estimator.never_negative().ok


def test_a_value_against_the_reward_is_noticed(monkeypatch):
    right = surrogate_proxy.value_of_pairs
    monkeypatch.setattr(surrogate_proxy, "value_of_pairs", lambda *a: -right(*a))
    assert not surrogate_proxy.opposite_directions().ok


def test_steps_that_never_mislead_are_noticed(monkeypatch):
    monkeypatch.setattr(surrogate_proxy, "misled", lambda *a: False)
    assert not surrogate_proxy.falling_loss().ok


@pytest.mark.parametrize("weighting", ["mean", "sum", "sequence"])
def test_value_of_pairs_is_the_double_loop(weighting):
    policy, other = TabularPolicy.random(3, 2, 0), TabularPolicy.random(3, 2, 1)
    tokens, mask = policy.completions()
    rewards = surrogate_proxy.random_reward(0)(tokens, mask)
    with torch.no_grad():
        old, new = policy.log_probs(tokens, mask), other.log_probs(tokens, mask)
    total = 0.0
    for pair in itertools.product(range(len(tokens)), repeat=2):
        chance = float(old[list(pair)].sum().exp())
        A = [float(rewards[i] - rewards[list(pair)].mean()) for i in pair]
        f = []
        for i in pair:
            ratios = [float((new[i, t] - old[i, t]).exp()) for t in range(2) if mask[i, t]]
            product = float(torch.tensor(ratios, dtype=torch.float64).prod())
            f.append({"mean": sum(ratios) / len(ratios), "sum": sum(ratios), "sequence": product}[weighting])
        total += chance * (A[0] * f[0] + A[1] * f[1]) / 2
    assert abs(surrogate_proxy.value_of_pairs(old, new, mask, rewards, weighting) - total) < 1e-13


@pytest.mark.parametrize(("hits", "cases"), [(0, 220), (11, 220), (20, 20), (1, 3)])
def test_wilson_interval(hits, cases):
    interval = binomtest(hits, cases).proportion_ci(method="wilson")
    assert surrogate_proxy.wilson(hits, cases) == f"{hits} of {cases} ({interval.low:.2f} to {interval.high:.2f})"
