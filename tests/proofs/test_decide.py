"""`decide` says unknown, and never proved, wherever a proof, a model or a case does not do its work."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from claims import G, claim, i, n, r, x, y

from theory import kernel as k
from theory.decide import Goal, decide
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, lt, ne
from theory.language import ForAll, equals, formula, term
from theory.proposition import UNNEEDED, Proposition
from theory.verdict import Status

Proof = Callable[[Goal], Any]


def honest(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


HALF = claim(  # true, and complete: every test below spoils one thing of it
    (x**2 + x) / x <= 1 + y,
    assumptions={"below": x <= y, "not zero": sp.Ne(x, 0)},
    model={"x": 1, "y": 2},
    drops={"below": {"x": 2, "y": 1}, "not zero": {"x": 0, "y": 0}},
    proof=lambda goal: goal.inequality(goal.claim, goal.equal(*formula(equals((x**2 + x) / x, x + 1)).args)),
)
WRONG = equals(x, y)  # false


def unknown(p: Proposition, *reasons: str) -> None:
    verdict = decide(p)
    assert verdict.status is Status.UNKNOWN, verdict
    assert verdict.certificate is None and verdict.witness is None
    assert all(text in verdict.reason for text in reasons), verdict.reason


def test_what_is_complete_is_proved() -> None:
    verdict = decide(HALF)
    assert verdict.status is Status.PROVED and verdict.certificate and verdict.rests_on == (), verdict


# -- lying, broken and mistaken proofs ---------------------------------------------------------------------------------


def stronger(goal: Goal) -> Theorem:
    return k.assume(goal.claim)


def with_axiom(goal: Goal) -> Theorem:
    return k.axiom("obviously", goal.claim)


def raises(goal: Goal) -> Theorem:
    raise ZeroDivisionError("in a proof")


LIES: dict[str, tuple[Proof, str]] = {
    "another statement": (lambda goal: k.linear(ONE, ONE, [], []), "the theorem concludes"),
    "a weaker statement": (
        lambda goal: k.restate(k.linear(term(x), term(x), [], []), formula(equals(x, x))),
        "concludes",
    ),
    "the claim from itself": (stronger, "assumes more than the claim"),
    "an implication": (lambda goal: k.imp_intro(goal.claim, stronger(goal)), "the theorem concludes"),
    "no theorem": (lambda goal: "trust me", "no theorem"),
    "nothing": (lambda goal: None, "no theorem"),
    "the formula": (lambda goal: goal.claim, "no theorem"),
    "True": (lambda goal: True, "no theorem"),
    "a list of theorems": (lambda goal: [stronger(goal)], "no theorem"),
    "an error": (raises, "ZeroDivisionError: in a proof"),
    "a refusal": (honest, "REFUSED"),
    "endless": (lambda goal: LIES["endless"][0](goal), "RecursionError"),
    "half of it": (lambda goal: k.trichotomy(term(x), term(y), *[k.assume(lt(term(x), term(y)))] * 3), "concludes"),
}


@pytest.mark.parametrize(("proof", "reason"), LIES.values(), ids=LIES)
def test_a_proof_of_something_else_proves_nothing(proof: Proof, reason: str) -> None:
    unknown(claim(WRONG, proof=proof), reason)


def test_an_axiom_is_named() -> None:
    verdict = decide(claim(WRONG, proof=with_axiom))
    assert verdict.axioms == ("axiom:obviously",)


def rename_claim(goal: Goal) -> Theorem:
    goal.claim = eq(ONE, ONE)
    return goal.prove(goal.claim)


def give_itself(goal: Goal) -> Theorem:
    goal.given["more"] = stronger(goal)
    return goal.given["more"]


@pytest.mark.parametrize("proof", [rename_claim, give_itself])
def test_a_proof_cannot_move_its_own_goal(proof: Proof) -> None:
    unknown(claim(WRONG, proof=proof))


# -- definedness -------------------------------------------------------------------------------------------------------

BELOW = sp.Piecewise((0, x > 0), (1 / x, True))
BARE = {
    "1/x": equals(1 / x + y, y + 1 / x),
    "1/x under a sum": equals(sp.Sum(1 / r(i), (i, 1, G)) + y, y + sp.Sum(1 / r(i), (i, 1, G))),
    "1/(1/x)": equals(1 / (y + 1 / x) + y, y + 1 / (y + 1 / x)),
    "log": equals(sp.log(x) + y, y + sp.log(x)),
    "sqrt": equals(sp.sqrt(x) + y, y + sp.sqrt(x)),
    "a power": equals(x**n + y, y + x**n),
    "a power below": equals(x ** (-n) + y, y + x ** (-n)),
    "in a conclusion": sp.Implies(x >= 0, equals(1 / x + y, y + 1 / x)),
    "in a premise": sp.Implies(1 / x > 0, equals(x + y, y + x + 0 * r(1))),
    "in a range": ForAll(i, 0, G, equals(1 / i + y, y + 1 / i)),
    "in a branch": equals(sp.Piecewise((1 / x, x >= 0), (0, True)) + y, y + sp.Piecewise((1 / x, x >= 0), (0, True))),
    "in the other branch": equals(sp.Piecewise((0, x > 0), (1 / x, True)) + y, y + sp.Piecewise((0, x > 0), (1 / x, True))),
}


def restated(goal: Goal) -> Theorem:
    """True by ring arithmetic alone, whatever the value of 1/0 is."""
    p = goal.claim
    if p.op == "eq":
        return k.linear(*p.args, [], [])
    if p.op == "imp":
        inner = restated_at(p.args[1])
        return k.imp_intro(p.args[0], inner)
    v = goal.fresh(p)
    body = k.subst(p.args[1], {p.args[0]: v})
    return k.all_intro(v, k.imp_intro(body.args[0], restated_at(body.args[1])))


def restated_at(p: Term) -> Theorem:
    return k.linear(*p.args, [], []) if p.op == "eq" else k.imp_intro(p.args[0], k.assume(p.args[1]))


@pytest.mark.parametrize("p", BARE.values(), ids=BARE)
def test_a_statement_that_may_have_no_value_is_not_proved(p: Any) -> None:
    goal = Goal(claim(p))
    assert k.same(restated(goal).concl, goal.claim)  # the kernel does prove it
    unknown(claim(p, proof=restated), "REFUSED")


def test_a_guard_makes_it_defined() -> None:
    guarded = {
        "premise": sp.Implies(x > 0, equals(1 / x + y, y + 1 / x)),
        "branch": equals(sp.Piecewise((1 / x, x > 0), (0, True)) + y, y + sp.Piecewise((1 / x, x > 0), (0, True))),
        "range": ForAll(i, 1, G, equals(1 / i + y, y + 1 / i)),
    }
    for name, p in guarded.items():
        assert decide(claim(p, proof=restated)).status is Status.PROVED, name


def know_more(goal: Goal) -> Theorem:
    goal.know(k.assume(ne(term(x), ZERO)))
    return restated(goal)


def define_more(goal: Goal) -> Theorem:
    goal.define(k.assume(ne(term(x), ZERO)))
    return restated(goal)


def test_lemmas_for_definedness_assume_nothing_more() -> None:
    unknown(claim(BARE["1/x"], proof=define_more), "a lemma for definedness assumes more")


def test_facts_for_definedness_assume_nothing_more() -> None:
    unknown(claim(BARE["1/x"], proof=know_more))


# -- assumptions -------------------------------------------------------------------------------------------------------

SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": None}, "no model is stored"),
    "a model that breaks one": ({"model": {"x": 2, "y": 1}}, "the stored model does not satisfy: below"),
    "a model that breaks the other": ({"model": {"x": 0, "y": 1}}, "the stored model does not satisfy: not zero"),
    "a model without a value": ({"model": {"x": 1}}, "no value for y"),
    "a model in floats": ({"model": {"x": 0.5, "y": 1.0}}, "float"),
    "no case for one": ({"drops": {"below": {"x": 2, "y": 1}}}, "neither a case"),
    "no case at all": ({"drops": {}}, "neither a case"),
    "a case that breaks nothing": (
        {"drops": {"below": {"x": -3, "y": -2}, "not zero": UNNEEDED}}, "dropping 'below' does not break"),
    "a case that breaks another": (
        {"drops": {"below": {"x": 0, "y": -1}, "not zero": UNNEEDED}}, "breaks another assumption: not zero"),
    "a case for no assumption": (
        {"drops": {"below": UNNEEDED, "not zero": UNNEEDED, "belwo": UNNEEDED}}, "drops names no assumption"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "reason"), SPOILED.values(), ids=SPOILED)
def test_assumptions_need_a_model_and_cases(spoil: dict[str, Any], reason: str) -> None:
    unknown(replace(HALF, **spoil), reason)


@pytest.mark.parametrize("case", [{"x": 2}, {"x": 2.5, "y": 1.5}, {}], ids=["no y", "floats", "nothing"])
def test_a_case_without_values_breaks_nothing(case: dict[str, Any]) -> None:
    p = claim(x <= y + 1, assumptions={"below": x <= y}, model={"x": 1, "y": 2}, proof=honest)
    assert decide(replace(p, drops={"below": {"x": 2, "y": 0}})).status is Status.PROVED
    unknown(replace(p, drops={"below": case}))


def absurd(goal: Goal) -> Theorem:
    """Anything, from two strict inequalities that contradict each other over the integers."""
    low, high = goal.given.values()
    none = k.sos(lt(ZERO, ZERO), [(Fraction(1), ONE, [k.integer(low)]), (Fraction(1), ONE, [high])], [], [])
    return k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(none), goal.claim)


EMPTY = claim(
    equals(2 * n, 1), assumptions={"above": n > 0, "below": n < 1}, proof=absurd,
    drops={"above": {"n": 0}, "below": {"n": 1}},
)  # fmt: skip


@pytest.mark.parametrize("model", [None, {"n": 0}, {"n": 1}, {}])
def test_contradictory_assumptions_prove_nothing(model: Any) -> None:
    unknown(replace(EMPTY, model=model))


def test_contradictory_assumptions_over_the_integers_prove_nothing() -> None:
    unknown(replace(EMPTY, model={"n": "1/2"}))
