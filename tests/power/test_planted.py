"""False-proof rate, refutation rate and false-refutation rate, measured on planted claims of known truth.

81 false claims in ten kinds of mistake, six needles in haystacks, and 49 true claims. The search has a budget of 300
evaluations that satisfy the assumptions (100 on true claims), from each of three starting points: what it finds does
not depend on luck or load.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from planted import Planted, confirmed
from planted_false import FALSE, NEEDLES
from planted_true import TRUE

from numerics.evidence.explore import explore
from numerics.evidence.search import sample
from numerics.evidence.trials import Outcome
from theory.decide import decide
from theory.kernel import Refused, Theorem, assume
from theory.kernel.theorem import same
from theory.language import formula
from theory.tactics import Context
from theory.verdict import Status

BUDGET = 300
STARTS = (0, 1, 2)
Searcher = Callable[..., Outcome]
SEARCHERS = pytest.mark.parametrize("searcher", [explore, sample])

# false claim -> the starting points from which a search misses it
MISSED: dict[str, set[int]] = {}

# true claims that need a proof by hand: `Context.prove` has no rule for derivatives, min and max, products, induction
BY_HAND = {
    "empty", "k3", "variance is not negative", "clip from above", "clip from below", "clipping never raises",
    "bounded for good tokens", "clip inside", "triangle", "mean below the larger", "squares of sums", "a quarter",
    "a power of a decay", "inverse turns", "scaled inequality", "whole numbers", "slope of a square",
    "slope inside the clip", "slope of a product", "a kink with the factor 0", "balls that overlap",
    "a member of a recursion",
}  # fmt: skip

OVERLAP = next(p for p in TRUE if p.name == "balls that overlap")


def attempt(p: Planted) -> Theorem:
    return Context(assume(formula(a)) for a in p.assumed).prove(formula(p.statement))


def named(claims: list[Planted]) -> Any:
    return pytest.mark.parametrize("p", claims, ids=[p.name for p in claims])


@named([*FALSE, *NEEDLES])
def test_a_false_claim_is_certified_false(p: Planted) -> None:
    verdict = decide(p.proposition)
    assert verdict.status is Status.REFUTED and verdict.witness is not None, verdict
    assert "no value" not in verdict.witness["violated"] and "undecided" not in verdict.witness["violated"]


@named([*FALSE, *NEEDLES])
def test_a_false_claim_is_never_proved(p: Planted) -> None:
    with pytest.raises(Refused):
        attempt(p)


@named(FALSE)
@pytest.mark.parametrize("start", STARTS)
@SEARCHERS
def test_a_false_claim_is_refuted_from_scratch(p: Planted, start: int, searcher: Searcher) -> None:
    outcome = searcher(p.proposition, BUDGET, start)
    assert (outcome.counterexample is None) == (start in MISSED.get(p.name, ())), outcome
    assert outcome.counterexample is None or confirmed(p, outcome), outcome


def test_the_refutation_rate() -> None:
    """At least 95 % of the searches on false claims end with a counterexample."""
    searches, missed = len(STARTS) * len(FALSE), sum(map(len, MISSED.values()))
    assert 1 - missed / searches >= 0.95, sorted(MISSED)


@named(NEEDLES)
@SEARCHERS
def test_a_needle_is_an_expected_miss(p: Planted, searcher: Searcher) -> None:
    """Why "survived" is never "proved". A needle that is found belongs among the false claims."""
    assert searcher(p.proposition, BUDGET).counterexample is None


def test_balls_that_overlap_refute_nothing() -> None:
    assert explore(OVERLAP.proposition, BUDGET).counterexample is None


@named([p for p in TRUE if p is not OVERLAP])
@pytest.mark.parametrize("start", STARTS)
@SEARCHERS
def test_a_true_claim_is_never_refuted(p: Planted, start: int, searcher: Searcher) -> None:
    outcome = searcher(p.proposition, BUDGET // 3, start)
    assert outcome.counterexample is None, outcome
    assert outcome.satisfied > 0


@named(TRUE)
def test_a_true_claim_is_proved_unless_it_needs_a_hand(p: Planted) -> None:
    if p.name in BY_HAND:
        with pytest.raises(Refused):
            attempt(p)
    else:
        assert same(attempt(p).concl, formula(p.statement))


def test_the_planted_claims_are_what_they_are_called() -> None:
    kinds = Counter(p.family for p in FALSE)
    assert len(FALSE) >= 60 and len(TRUE) >= 40 and len(kinds) == 10 and min(kinds.values()) >= 6, kinds
    names = [p.name for p in (*FALSE, *NEEDLES)]
    assert len(set(names)) == len(names) and set(MISSED) <= set(names)
    assert BY_HAND <= {p.name for p in TRUE} and len(BY_HAND) <= len(TRUE) / 2
