"""The SMT oracle: what z3 and cvc5 decide together, how it is recorded, and what it must refuse."""

import pytest
from kernel_reading import check_bad, check_claim, ids, read, sequent, term

from theory.kernel import RULES, oracle

GOOD = [
    ("smt", "a square", ["0 <= x**2 - 2*x*y + y**2", [], 2000], "|- 0 <= x**2 - 2*x*y + y**2"),
    ("smt", "hypotheses add up", ["x < z", ["0 < u |- x < y", "0 < v |- y < z"], 2000], "0 < u, 0 < v |- x < z"),
    ("smt", "a fact that is not used counts", ["x <= x", ["0 < u |- y != 0"], 2000], "0 < u |- x <= x"),
    ("smt", "an inverse", ["1/x <= 1", ["|- 1 <= x", "|- x != 0"], 2000], "|- 1/x <= 1"),
    ("smt", "a nested inverse", ["1/(1 + 1/x) < 1", ["|- 0 < x", "|- x != 0", "|- 1 + 1/x != 0"], 2000],
     "|- 1/(1 + 1/x) < 1"),
    ("smt", "negative fractions", ["x < -1/3", ["|- x < -1/2"], 2000], "|- x < -1/3"),
    ("smt", "max + min", ["(x if x < y else y) + (y if x < y else x) == x + y", [], 2000],
     "|- (x if x < y else y) + (y if x < y else x) == x + y"),
    ("smt", "logic", ["(x < y) >> (x <= y and not y < x)", [], 2000], "|- (x < y) >> (x <= y and not y < x)"),
    ("smt", "true", ["conj()", [], 2000], "|- conj()"),
    ("smt", "a power of zero", ["x**0 == 1", [], 2000], "|- x**0 == 1"),
    ("smt", "sums are unknown numbers", ["sum(i, 1, n, i) <= sum(j, 1, n, j)", [], 2000],
     "|- sum(i, 1, n, i) <= sum(j, 1, n, j)"),
]  # fmt: skip

BAD = [
    ("smt", "false", ["0 < 0", [], 2000]),
    ("smt", "false at a tie", ["x < y", ["|- x <= y"], 2000]),
    ("smt", "true over the integers only", ["n**2 != 2", [], 2000]),
    ("smt", "no integer between 0 and 1", ["not (0 < n and n < 1)", [], 2000]),
    ("smt", "an inverse whose argument may be zero", ["x*inv(x) == 1", [], 2000]),
    ("smt", "an inverse whose argument may be zero, on the left of an implication", ["(x != 0) >> (x*inv(x) == 1)", [],
     2000]),
    ("smt", "an inverse in a fact", ["x == 1", ["|- x*inv(y) == inv(y)"], 2000]),
    ("smt", "1/0 = 1/0 + 0 needs 0 != 0", ["inv(0) == inv(0)", [], 2000]),
    ("smt", "the inner one of two denominators", ["1/(1 + 1/x) < 1", ["|- 0 < x", "|- 1 + 1/x != 0"], 2000]),
    ("smt", "a function of equal arguments is only equal in canonical form", ["f(x) == f(y)", ["|- x == y"], 2000]),
    ("smt", "exp is opaque", ["0 < exp(x)", [], 2000]),
    ("smt", "a root is opaque", ["0 <= sqrt(x)", ["|- 0 <= x"], 2000]),
    ("smt", "a sum of squares of symbolic length", ["0 <= sum(i, 1, n, f(i)**2)", [], 2000]),
    ("smt", "an empty sum", ["sum(i, 1, 0, i) == 0", [], 2000]),
    ("smt", "a quantifier", ["all(x, 0 <= x**2)", [], 2000]),
    ("smt", "a quantifier in a fact", ["0 <= y", ["|- all(x, 0 <= x)"], 2000]),
    ("smt", "a limit", ["lim(x, 1/x, 'oo', 0)", [], 2000]),
    ("smt", "a derivative", ["deriv(x, x, 1, 1)", [], 2000]),
    ("smt", "a term as the goal", ["x", [], 2000], "mk"),
    ("smt", "a formula in place of a fact", ["x < y", ["x < y"], 2000], "kinds"),
    ("smt", "a float", ["x + 0.1 + 0.2 == x + 0.3", [], 2000], "num"),
    ("smt", "a timeout that is a float", ["0 < 1", [], 0.5]),
]  # fmt: skip

CLAIMS = [
    ("smt", "a fact's hypothesis forgotten", ["x <= y", ["0 < u |- x < y"], 2000], "|- x <= y"),
    ("smt", "an unused fact's hypothesis forgotten", ["x <= x", ["0 < u |- y != 0"], 2000], "|- x <= x"),
    ("smt", "another goal", ["x <= y", ["|- x < y"], 2000], "|- y <= x"),
]  # fmt: skip


class Answer(str):
    """What a stand-in for a solver says."""

    def isUnsat(self):
        return self == "unsat"


def stand_ins(monkeypatch, z3_says: str, cvc5_says: str) -> None:
    import cvc5
    import z3

    monkeypatch.setattr(z3.Solver, "check", lambda self: Answer(z3_says))
    says = type("Solver", (cvc5.Solver,), {"checkSat": lambda self: Answer(cvc5_says)})
    monkeypatch.setattr(cvc5, "Solver", says)


@pytest.mark.parametrize("row", GOOD, ids=ids(GOOD))
def test_good(row):
    rule, _, params, wanted = row
    th = RULES[rule](*read(params))
    assert (th.hyps, th.concl) == sequent(wanted)
    marks = sorted(m for m in th.trust if not m.startswith("axiom"))
    assert len(marks) == 1 and marks[0].startswith("smt:z3 ") and " and cvc5 " in marks[0]


@pytest.mark.parametrize("row", BAD, ids=ids(BAD))
def test_bad(row):
    check_bad(*row)


@pytest.mark.parametrize("row", CLAIMS, ids=ids(CLAIMS))
def test_claim(row):
    check_claim(*row)


DISAGREE = [("sat", "unsat"), ("unsat", "sat"), ("unknown", "unsat"), ("unsat", "unknown"), ("sat", "sat")]


@pytest.mark.parametrize("answers", DISAGREE, ids=" ".join)
def test_both_must_say_unsat(answers, monkeypatch):
    stand_ins(monkeypatch, *answers)
    check_bad("smt", "one solver does not agree", ["0 <= x**2", [], 2000])


def test_the_script_negates_the_goal_and_defines_inverses():
    text = oracle.script(term("1/x < 2"), [read("|- x != 0")])
    lines = text.splitlines()
    assert lines[0] == "(set-logic QF_NRA)"
    assert "(assert (= 1.0 (* x0 x1)))" in lines
    assert lines[-1].startswith("(assert (not (< ")


def test_names_of_variables_cannot_reach_the_script():
    wicked = "var('x) (assert false', 'R')"
    assert "false" not in oracle.script(term(f"{wicked} < 2"), [])
    check_bad("smt", "a variable whose name is a command", [f"{wicked} < 2", [], 2000])
    check_bad("smt", "two variables of one name and two sorts", ["var('y', 'R') == var('y', 'Z')", [], 2000])
