"""Witnesses: what refutes, what shows a "there is", and what does neither. Statements that say nothing."""

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from claims import G, claim, f, i, n, r, x, y

from theory.decide import Goal, decide
from theory.kernel import Theorem
from theory.language import ForAll, derivative, equals, tends
from theory.proposition import Proposition
from theory.verdict import Status


def honest(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def unknown(p: Proposition, *reasons: str) -> None:
    verdict = decide(p)
    assert verdict.status is Status.UNKNOWN, verdict
    assert verdict.certificate is None and verdict.witness is None
    assert all(text in verdict.reason for text in reasons), verdict.reason


NO_STATEMENT = [True, sp.true, sp.Eq(x, x), sp.exp(x) > 0, r(i) == r(1), None, "x = x", x < 0.5, x + 1]


@pytest.mark.parametrize("statement", NO_STATEMENT, ids=str)
@pytest.mark.parametrize("how", [{"proof": honest}, {"witness": {"x": 1}}, {"witness": {"x": 1}, "exists": True}])
def test_a_statement_that_says_nothing_is_unknown(statement: Any, how: dict[str, Any]) -> None:
    unknown(claim(statement, **how))


def test_neither_proof_nor_witness() -> None:
    unknown(claim(equals(x, y)), "neither a proof nor a witness")


POSITIVE = claim(x * y > 1, assumptions={"x": x > 0, "y": y > 1})
WITNESSES: dict[str, tuple[dict[str, Any], str]] = {
    "does not violate": ({"x": 1, "y": 2}, "does not break the claim"),
    "breaks an assumption": ({"x": -1, "y": 2}, "does not satisfy the assumption: x"),
    "breaks the other": ({"x": 1, "y": 1}, "does not satisfy the assumption: y"),
    "lacks a value": ({"x": 1}, "no value for y"),
    "in floats": ({"x": 0.25, "y": 2.0}, "float"),
}


@pytest.mark.parametrize(("witness", "reason"), WITNESSES.values(), ids=WITNESSES)
def test_a_witness_that_does_not_refute(witness: dict[str, Any], reason: str) -> None:
    unknown(replace(POSITIVE, witness=witness), reason)


def test_a_witness_that_refutes() -> None:
    verdict = decide(replace(POSITIVE, witness={"x": "1/4", "y": 2}))
    assert verdict.status is Status.REFUTED and verdict.witness == {
        "x": "1/4",
        "y": "2",
        "violated": "1 < 1/2 is false",
    }


@pytest.mark.parametrize(
    ("true", "witness"),
    [
        (equals(x * (y + 1), x * y + x), {"x": 1}),
        (equals(x * (y + 1), x * y + x), {"x": 0.5, "y": 0.25}),
        (equals(sp.Sum(1, (i, 1, G)), sp.Max(G, 0)), {"G": "1/2"}),
        (sp.Sum(r(i) ** 2, (i, 1, G)) >= 0, {"G": 2, "r": [1]}),
        (sp.Abs(sp.sqrt(x) * sp.sqrt(y) - sp.sqrt(x * y)) <= 1, {"x": 2, "y": 3}),
        (ForAll(i, sp.Implies((i > 0) & (i < n), (i < n))), {"n": 2}),
    ],
    ids=["no value", "floats", "half an integer", "a short list", "balls that overlap", "strict bounds"],
)
def test_a_true_claim_is_not_refuted(true: Any, witness: dict[str, Any]) -> None:
    assert decide(claim(true, witness=witness)).status is Status.UNKNOWN


# -- "there is" --------------------------------------------------------------------------------------------------------


def test_an_example_shows_a_there_is() -> None:
    verdict = decide(claim(x**2 < x, witness={"x": "1/2"}, exists=True))
    assert verdict.status is Status.PROVED and verdict.certificate is None and verdict.witness == {"x": "1/2"}


@pytest.mark.parametrize(
    ("statement", "witness"),
    [
        (x**2 < x, {"x": 1}),
        (x**2 < x, {}),
        (1 / x < 1, {"x": 0}),
        (derivative(sp.Min(0, x), x, 0), {"x": 0}),
        (equals(sp.sqrt(x) * sp.sqrt(y), sp.sqrt(x * y)), {"x": 2, "y": 3}),  # balls: not known to be equal
        (ForAll(x, x < y), {"y": 1}),
        (tends(f(n), n, sp.oo, 0), {"f": lambda k: 0}),
    ],
    ids=["not strict", "no value", "a pole", "a tie", "balls", "all reals", "a limit"],
)
def test_an_example_that_does_not_show_it(statement: Any, witness: dict[str, Any]) -> None:
    unknown(claim(statement, witness=witness, exists=True))


def test_an_example_satisfies_the_assumptions() -> None:
    unknown(claim(x < y, assumptions={"x": x > 0}, witness={"x": -1, "y": 0}, exists=True), "assumption: x")


TIED = derivative(sp.Piecewise((0, sp.Eq(x, 0)), (x, True)), x, 0)


@pytest.mark.parametrize(
    ("statement", "witness"),
    [
        (equals(2 * n, 1), {"n": "1/2"}),
        (TIED, {"x": 0}),
    ],
    ids=["half an integer", "a tie in an equation"],
)
def test_an_example_that_is_none(statement: Any, witness: dict[str, Any]) -> None:
    unknown(claim(statement, witness=witness, exists=True))


def test_a_reason_makes_it_not_applicable() -> None:
    verdict = decide(claim(sp.true, reason="no formula", proof=honest))
    assert verdict.status is Status.NOT_APPLICABLE and verdict.reason == "no formula"
