"""The shrinker ends at the smallest counterexample; steering keeps draws inside assumptions; balls refute nothing."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from claims import G, claim, f, g, i, j, length, n, r, x, y, z

from numerics.evidence.explore import explore
from numerics.evidence.search import BUDGET, sample, search
from numerics.evidence.trials import WASTE, Outcome
from theory.evaluate import Env, truth
from theory.language import ForAll, derivative, equals, formula, mean
from theory.verdict import Status, Verdict

SOME = {"a member": G >= 1}
R = sp.Sum(r(i), (i, 1, G))

SMALLEST: dict[str, tuple[Any, dict[str, Any], dict[str, Any], str]] = {
    "x < 7": (x < 7, {}, {"x": "7"}, "7 < 7 is false"),
    "x <= 7": (x <= 3, {}, {"x": "4"}, "4 <= 3 is false"),
    "a square": (sp.Lt(0, x**2, evaluate=False), {}, {"x": "0"}, "0 < 0 is false"),
    "a sign": (equals(sp.Abs(x), x), {}, {"x": "-1"}, "1 = -1 is false"),
    "a quarter": (x * (1 - x) < sp.Rational(1, 4), {"x": (x >= 0) & (x <= 1)}, {"x": "1/2"}, "1/4 < 1/4 is false"),
    "addition": (equals(x + y, x - y), {}, {"x": "0", "y": "1"}, "1 = -1 is false"),
    "groups": (G < 3, SOME, {"G": "3"}, "3 < 3 is false"),
    "centred": (equals(sp.Sum(r(i) + R / G, (i, 1, G)), 0), SOME, {"G": "1", "r": {"1": "1"}}, "2 = 0 is false"),
    "a mean": (equals(mean(r(i) ** 2, i, G), (R / G) ** 2), SOME, {"G": "2", "r": {"1": "0", "2": "1"}}, "1/2 = 1/4 is false"),
    "lengths": (
        equals(length(1), length(2)), {"live": ForAll(i, 1, 2, length(i) >= 1)}, {"length": {"1": "1", "2": "2"}},
        "1 = 2 is false",
    ),
    "division": (equals(1 / x, 1 / x + 0 * y), {}, {"x": "0"}, "undefined: division by 0"),
    "an index": (ForAll(i, 1, 3, r(i) <= 0), {}, {"r": {"1": "0", "2": "0", "3": "1"}}, "at index 3: 1 <= 0 is false"),
}  # fmt: skip
STARTS = range(3)


@pytest.mark.parametrize(("statement", "assumed", "case", "text"), SMALLEST.values(), ids=SMALLEST)
@pytest.mark.parametrize("start", STARTS)
def test_counterexamples_shrink_to_the_smallest(
    statement: Any, assumed: dict[str, Any], case: dict[str, Any], text: str, start: int
) -> None:
    outcome = explore(claim(statement, assumptions=assumed), 300, start)
    if text.startswith("at index"):  # which index it is does not matter
        assert outcome.violated.endswith("1 <= 0 is false"), outcome
        return
    assert (outcome.counterexample, outcome.violated) == (case, text)


@pytest.mark.parametrize("searcher", [explore, sample])
def test_a_search_is_the_same_each_time(searcher: Callable[..., Outcome]) -> None:
    p = claim(equals(mean(r(i) ** 2, i, G), (R / G) ** 2), assumptions=SOME)
    first, second = searcher(p, 300, 5), searcher(p, 300, 5)
    assert first.counterexample and replace(first, case=None) == replace(second, case=None)


@pytest.mark.parametrize("searcher", [explore, sample])
def test_the_budget_is_kept(searcher: Callable[..., Outcome]) -> None:
    true = claim(equals(x * (y + z), x * y + x * z))
    outcome = searcher(true, 150)
    assert outcome.satisfied == outcome.evaluations == 150
    rare = claim(x <= y, assumptions={"rare": sp.Ne(x * (x - 1) * (x + 1) * (x - 2) * (x - 3), 0) & equals(x**2 * 4, 9)})
    assert searcher(rare, 30).evaluations <= WASTE * 30


def test_a_sample_tries_the_simplest_case_first() -> None:
    outcome = sample(claim(x + r(1) > 0), 10)
    assert outcome.evaluations == 1 and outcome.counterexample == {"x": "0", "r": {"1": "0"}}


# -- steering ----------------------------------------------------------------------------------------------------------

PATTERNS: dict[str, dict[str, Any]] = {
    "ranges": {"x": (x > 0) & (x < 1), "y": y >= 3},
    "a chain": {"1": x < y, "2": y < z, "3": z < x + 1},
    "an index in a group": {"1": G >= 1, "2": i >= 1, "3": i <= G},
    "two members": {"1": i >= 1, "2": i < j, "3": j <= G},
    "lengths in order": {"1": ForAll(i, 1, G, length(i) >= 1), "2": length(1) < length(2), "3": equals(G, 2)},
    "weights that sum to 1": {"1": G >= 1, "2": ForAll(i, 1, G, r(i) > 0), "3": equals(R, 1)},
    "centred rewards": {"1": G >= 1, "2": equals(R, 0)},
    "a recursion": {"0": equals(r(0), 0), "step": ForAll(i, 1, n, equals(r(i), r(i - 1) / 2 + f(i))), "n": n >= 0},
    "a recursion forwards": {"0": equals(r(0), 0), "step": ForAll(i, 0, n - 1, equals(r(i + 1), r(i) / 2 + f(i)))},
    "the value of a sum": {"1": G >= 1, "2": equals(R, x), "3": equals(x * 2, y)},
    "on policy": {"1": ForAll(i, 1, G, equals(f(i), g(i))), "2": G >= 1},
    "a circle": {"1": equals(x, y), "2": equals(y, z), "3": equals(z, x)},
    "a half that is whole": {"1": equals(n, x / 2), "2": equals(x, 2 * y), "3": equals(y, G)},
    "slopes": {"1": ForAll(x, derivative(f(x), x, g(x))), "2": ForAll(x, f(x) > 0)},
    "by the sign": {"1": sp.Implies(x > 0, y <= 1), "2": sp.Implies(x <= 0, y >= 2)},
    "a root": {"1": y > 0, "2": equals(x, sp.sqrt(y))},
}


@pytest.mark.parametrize("assumed", PATTERNS.values(), ids=PATTERNS)
def test_assumptions_are_met_by_construction(assumed: dict[str, Any]) -> None:
    """Two of five draws satisfy the assumptions; a quarter where the rest of a fixed sum must be positive."""
    part = 4 if assumed is PATTERNS["weights that sum to 1"] else 2.5
    outcome = explore(claim(equals(r(1) + x + f(y), f(y) + x + r(1)), assumptions=assumed), 60)
    assert outcome.counterexample is None and outcome.satisfied >= outcome.evaluations / part, outcome


BEYOND = {
    "outside of the range": (ForAll(i, 1, G + 1, r(i) > 0), {"1": G >= 1, "2": ForAll(i, 1, G, r(i) > 0)}),
    "under the other sign": (y <= 1, {"1": sp.Implies(x > 0, y <= 1)}),
    "another member": (r(2) > 0, {"1": r(1) > 0}),
    "at the open end": (x > sp.Rational(1, 100), {"1": x >= sp.Rational(1, 100)}),
}


@pytest.mark.parametrize(("statement", "assumed"), BEYOND.values(), ids=BEYOND)
def test_steering_does_not_hide_counterexamples(statement: Any, assumed: dict[str, Any]) -> None:
    assert explore(claim(statement, assumptions=assumed), 300).counterexample is not None


TRUE = {
    "f is one function": sp.Implies(derivative(f(x), x, y), derivative(x * f(x), x, f(x) + x * y)),
    "whole numbers": sp.Ne(2 * n, 1),
    "an endless recursion": equals(r(1), r(2)),
    "positive": f(x) > 0,
}
GIVEN = {
    "whole numbers": {"n": equals(n, x / 2)},
    "an endless recursion": {"r": ForAll(i, equals(r(i), r(i + 1)))},
    "positive": {"f": ForAll(x, f(x) > 0), "slope": ForAll(x, derivative(f(x), x, g(x)))},
}


@pytest.mark.parametrize("name", ["f is one function", "an endless recursion", "positive"])
def test_what_cannot_be_drawn_refutes_nothing(name: str) -> None:
    assert explore(claim(TRUE[name], assumptions=GIVEN.get(name, {})), 200).counterexample is None


def test_an_integer_that_is_defined_as_a_fraction_is_no_case() -> None:
    p = claim(2 * n < 2 * n + 2 * x - 4 * n + 1, assumptions={"n": equals(n, x / 2)})  # 0 < 2x - 2x + 1
    assert explore(p, 200).counterexample is None


@pytest.mark.parametrize("searcher", [explore, sample])
def test_a_value_from_within_a_definition_is_not_kept(searcher: Callable[..., Outcome]) -> None:
    """While x is worked out, f(y), which x defines, is any number; what the sum was then is not what it is after."""
    assumed = {"x": equals(x, sp.Sum(f(y), (i, 1, 2))), "f": equals(f(y), x * y)}  # so x = 2xy
    assert searcher(claim(equals(x * (2 * y - 1), 0), assumptions=assumed), 200).counterexample is None


@pytest.mark.parametrize("searcher", [explore, sample])
def test_a_function_is_the_same_at_a_point_and_around_it(searcher: Callable[..., Outcome]) -> None:
    """f(y) = 5 says nothing of f near y; a function that is 5 at y and of other values around it has no slope there."""
    assumed = {"f": equals(f(y), 5), "slope": derivative(f(y), y, g(y))}
    assert searcher(claim(derivative(f(y) ** 2, y, 10 * g(y)), assumptions=assumed), 200).counterexample is None


@pytest.mark.parametrize("assumed", [(x < 0, x > 1), (x < y, y < x), (equals(x, 1), equals(x, 2))], ids=str)
def test_contradictory_assumptions_end_the_search(assumed: tuple[Any, ...]) -> None:
    outcome = explore(claim(x < y, assumptions={str(k): a for k, a in enumerate(assumed)}), 50)
    assert outcome.satisfied == 0 and outcome.counterexample is None


def test_assumptions_that_are_not_known_to_hold_refute_nothing() -> None:
    """1/(√x - √y) of equal roots: nobody knows here which of two irrational numbers is the larger."""
    p = claim(z > 0, assumptions={"order": sp.sqrt(x) * sp.sqrt(y) < sp.sqrt(x * y), "x": equals(x, 2), "y": equals(y, 3)})
    outcome = explore(p, 100)
    assert outcome.counterexample is None and outcome.satisfied == 0 and outcome.undecided > 0


def test_balls_that_overlap_refute_nothing() -> None:
    p = claim(sp.Abs(sp.sqrt(x) * sp.sqrt(y) - sp.sqrt(x * y)) <= 1, assumptions={"x": x > 0, "y": y > 0})
    assert explore(p, 100).counterexample is None


def test_the_counterexample_stands_on_its_own() -> None:
    p = claim(derivative(f(x) ** 2, x, f(x) * g(x)), assumptions={"g": ForAll(x, derivative(f(x), x, g(x)))})
    outcome = explore(p, 200)
    assert outcome.case is not None and truth(formula(p.statement), Env(outcome.case)) is False
    assert outcome.counterexample is not None and "f" in outcome.counterexample


# -- as evidence -------------------------------------------------------------------------------------------------------


def verdict(status: Status) -> Verdict:
    return Verdict(status, "a test")


def test_evidence_of_a_search() -> None:
    true, false = claim(equals(x + y, y + x)), claim(x <= y)
    assert search(true, verdict(Status.PROVED)).detail == f"survived {BUDGET} evaluations"
    assert search(false, verdict(Status.REFUTED)).detail == "found again from scratch"
    found = search(false, verdict(Status.PROVED))
    assert not found.ok and found.detail.startswith("counterexample")
    constant = claim(sp.Lt(1, 2, evaluate=False))
    assert search(constant, verdict(Status.PROVED)).detail == "survived 1 evaluation"
    empty = search(replace(true, assumptions={"1": x < 0, "2": x > 1}), verdict(Status.PROVED))
    assert "none of which satisfied the assumptions" in empty.detail
    assert "not universal" in search(replace(false, exists=True), verdict(Status.PROVED)).detail
    assert "not universal" in search(replace(false, reason="none"), verdict(Status.NOT_APPLICABLE)).detail


def test_an_outcome_says_nothing_by_default() -> None:
    assert Outcome(0, 0, None).violated == "" and Outcome(0, 0, None).case is None


def test_a_search_does_not_depend_on_what_is_loaded(tmp_path: Any, monkeypatch: Any) -> None:
    """Hypothesis draws constants of loaded modules: a module full of 7s must not draw the search to them."""
    p = claim(sp.Ne(n, 7) & sp.Ne(x, 7), assumptions={"n": (n >= 0) & (n <= 10**6)})
    before = replace(explore(p, 40), case=None)
    (tmp_path / "sevens_only.py").write_text("SEVEN, AGAIN, AND, MORE = 7, 70007, 700007, 777777\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("sevens_only")
    assert replace(explore(p, 40), case=None) == before
