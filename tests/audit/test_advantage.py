"""Verdicts on the advantage estimators that follow from their formulas."""

import pytest

from lossproof.advantage import load
from lossproof.advantage.subject import Estimator
from lossproof.decide import decide
from numerics import advantages

PROPERTIES = load()


def verdict(name, id, group=4, length=1):
    return decide(PROPERTIES[id], Estimator(name, advantages.load(name)), group, length)


@pytest.mark.parametrize(
    ("name", "bound"), [("std", "1.5 at G = 4"), ("std_population", "1.73205 at G = 4"), ("ranked", "0.75 at G = 4")]
)
def test_bounds_are_those_of_the_most_uneven_group(name, bound):
    finding = verdict(name, "adv-bounded")
    assert finding.verdict == "proved" and finding.formula == f"|A| <= {bound}"


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
