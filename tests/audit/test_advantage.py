"""Verdicts on the advantage estimators that follow from their formulas."""

from math import isfinite

import pytest
import torch

from lossproof.advantage import load
from lossproof.advantage.subject import Estimator
from lossproof.decide import decide
from numerics import advantages

PROPERTIES = load()


def verdict(name, id, group=4, length=1):
    return decide(PROPERTIES[id], Estimator(name, advantages.load(name)), group, length)


@pytest.mark.parametrize(
    ("name", "bound"),
    [("std", "1.5 at G = 4"), ("std_population", "1.73205 at G = 4"), ("ranked", "0.75 at G = 4"), ("gdpo", "1.5 at G = 4")],
)
def test_bounds_are_those_of_the_most_uneven_group(name, bound):
    finding = verdict(name, "adv-bounded")
    assert finding.verdict == "proved" and finding.formula == f"|A| <= {bound}"


def test_a_spread_that_is_zero_for_unequal_rewards_bounds_nothing():
    """(r_1 - 2 r_0)^2 is 0 at rewards 1, 2; and one square short of a spread is no spread."""

    def skewed(rewards):
        return (rewards - rewards.mean()) / ((rewards[1] - 2 * rewards[0]) ** 2).sqrt()

    def blind(rewards):
        return (rewards - rewards.mean()) / ((rewards[:2] - rewards[:2].mean()).square().sum().sqrt() + 1e-4)

    for f, group in ((skewed, 2), (blind, 3)):
        assert decide(PROPERTIES["adv-bounded"], Estimator("planted", f), group, 1).verdict != "proved"


@pytest.mark.parametrize("name", ["centred", "leave_one_out", "mean_normalised"])
def test_no_bound(name):
    finding = verdict(name, "adv-bounded")
    assert finding.verdict == "refuted" and finding.witness["left"] > 1


@pytest.mark.parametrize(
    ("name", "id", "expected"),
    [
        ("std", "adv-scale-invariant", "refuted"),
        ("centred", "adv-scale-linear", "proved"),
        ("whitened", "adv-group-local", "refuted"),
        ("std", "adv-group-local", "proved"),
        ("ranked", "adv-monotone", "proved"),
        ("leave_one_out", "adv-centred", "proved"),
        ("std", "adv-zero-on-equal", "proved"),
    ],
)
def test_known_verdicts(name, id, expected):
    assert verdict(name, id).verdict == expected


# -- where mean(r) + eps = 0, mean_normalised divides by 0 ----------------------------------------------------------------


@pytest.mark.parametrize("id", ["adv-centred", "adv-zero-on-equal", "adv-singleton-zero", "adv-finite"])
def test_a_pole_breaks_what_asks_for_numbers(id):
    finding = verdict("mean_normalised", id)
    assert finding.verdict == "refuted" and not isfinite(finding.witness["left"])
    rewards = torch.tensor(finding.witness["group"]["rewards"], dtype=torch.float64)
    alone = id == "adv-singleton-zero"
    group = torch.tensor([1] + [0] * (len(rewards) - 1)) if alone else torch.zeros(len(rewards), dtype=torch.long)
    assert not advantages.load("mean_normalised")(rewards, group).isfinite().all()


@pytest.mark.parametrize("id", ["adv-group-local", "adv-permutation-equivariant"])
def test_a_pole_where_both_sides_agree_is_kept_out_of_the_scope_by_name(id):
    finding = verdict("mean_normalised", id)
    assert finding.verdict == "proved" and "1/1000000" in finding.scope and "!= 0" in finding.scope


def test_no_proof_beside_a_pole_that_breaks_the_claim():
    def cubed(rewards, group):
        centred = rewards - rewards.mean()
        return centred / rewards[0] * rewards[0]

    finding = decide(PROPERTIES["adv-centred"], Estimator("cubed", cubed), 2, 1)
    assert finding.verdict == "refuted" and finding.witness["group"]["rewards"][0] == 0
