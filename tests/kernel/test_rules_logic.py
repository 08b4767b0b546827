"""Rules of logic, equality and case distinction: what they yield, and what they must refuse."""

import pytest
from kernel_reading import check_bad, check_claim, check_good, ids, raw

from theory.kernel import RULES, axiom

GOOD = [
    ("assume", "a formula", ["x < y"], "x < y |- x < y"),
    ("axiom", "a formula, under its name", [raw("mine"), "0 < 0"], "|- 0 < 0", ("axiom:mine",)),
    ("axiom", "trust marks of premises are kept", [raw("b"), "x < y"], "|- x < y", ("axiom:b",)),
    ("restate", "up to ring arithmetic", ["x < y |- x < y", "2*x/2 < y + 0"], "x < y |- x < y"),
    ("restate", "up to bound names", ["|- all(x, x <= x)", "all(y, y <= y)"], "|- all(z, z <= z)"),
    ("cut", "a lemma discharges a hypothesis", ["0 < y |- x < y", "x < y, p < q |- x <= y"], "0 < y, p < q |- x <= y"),
    ("imp_intro", "discharges p", ["x < y", "x < y, 0 < z |- x <= y"], "0 < z |- (x < y) >> (x <= y)"),
    ("imp_intro", "p need not be used", ["x < y", "|- 0 < 1"], "|- (x < y) >> (0 < 1)"),
    ("imp_elim", "hypotheses add up", ["0 < z |- (x < y) >> (x <= y)", "0 < y |- x < y"], "0 < z, 0 < y |- x <= y"),
    ("all_intro", "a fresh variable", ["x", "0 < y |- x <= x"], "0 < y |- all(z, z <= z)"),
    ("all_elim", "any term", ["0 < y |- all(x, x <= x + y)", "x*y"], "0 < y |- x*y <= x*y + y"),
    (
        "all_elim",
        "captures nothing",
        ["|- all(x, sum(i, 1, n, x*f(i)) <= 0)", "g(i)"],
        "|- sum(j, 1, n, g(i)*f(j)) <= 0",
    ),
    ("and_intro", "hypotheses add up", [["0 < z |- x < y", "|- x <= x"]], "0 < z |- x < y and x <= x"),
    ("and_intro", "of nothing is true", [[]], "|- conj()"),
    ("and_elim", "the second part", ["0 < z |- x < y and x <= x", 1], "0 < z |- x <= x"),
    ("cases", "p or not p", ["x < y", "x < y, 0 < u |- 0 < z", "not x < y, 0 < v |- 0 < z"], "0 < u, 0 < v |- 0 < z"),
    (
        "trichotomy",
        "below, tie, above",
        ["x", "y", "x < y, 0 < u |- 0 < z", "x == y, 0 < v |- 0 < z", "y < x, 0 < w |- 0 < z"],
        "0 < u, 0 < v, 0 < w |- 0 < z",
    ),
    ("absurd", "from p and not p", ["0 < u |- x < y", "0 < v |- not x < y", "0 < 0"], "0 < u, 0 < v |- 0 < 0"),
    ("negate", "not <", ["0 < z |- not x < y"], "0 < z |- y <= x"),
    ("negate", "not <=", ["0 < z |- not x <= y"], "0 < z |- y < x"),
    ("negate", "not not", ["0 < z |- not (not x == y)"], "0 < z |- x == y"),
    ("negate", "< differs", ["0 < z |- x < y"], "0 < z |- x != y"),
    ("negate", "0 < x differs from 0", ["0 < z |- 0 < x"], "0 < z |- x != 0"),
    ("rewrite", "in the hole", ["0 < u |- x == y", "0 < v |- f(x) < x", "h", "f(h) < x"], "0 < u, 0 < v |- f(y) < x"),
    (
        "rewrite",
        "under a binder",
        ["|- x == y", "|- sum(i, 1, n, x*i) < 1", "h", "sum(i, 1, n, h*i) < 1"],
        "|- sum(i, 1, n, y*i) < 1",
    ),
    (
        "rewrite",
        "in a bound",
        ["|- m == n", "|- sum(i, 1, m, i) < 1", "k", "sum(i, 1, k, i) < 1"],
        "|- sum(i, 1, n, i) < 1",
    ),
    ("if", "p holds", ["0 < z |- x < y", "x", "y"], "0 < z |- (x if x < y else y) == x"),
    ("if", "p fails", ["0 < z |- not x < y", "x", "y"], "0 < z |- (x if x < y else y) == y"),
]

BAD = [
    ("assume", "a term is not a formula", ["x + y"], "formula"),
    ("assume", "a number is not a formula", ["0"], "formula"),
    ("assume", "a theorem is not a formula", ["x < y |- x < y"], "formula"),
    ("axiom", "a term is not a formula", [raw("mine"), "x"], "formula"),
    ("axiom", "a theorem is not a formula", [raw("mine"), "|- x < y"], "formula"),
    ("axiom", "a formula over a float", [raw("mine"), "x < 0.5"], "num"),
    ("restate", "something else", ["|- x < y", "x <= y"]),
    ("restate", "the converse", ["|- x < y", "y < x"]),
    ("restate", "x/x is not 1", ["|- x/x == 1", "1 == 1"]),
    ("restate", "0/x is 0 but 1/0 is not", ["|- x == inv(0)", "x == 0"]),
    ("restate", "an integer variable is not a real one", ["|- all(n, n <= n)", "all(x, x <= x)"]),
    ("restate", "a term", ["|- x < y", "x"]),
    ("cut", "a formula in place of the lemma", ["x < y", "x < y |- x <= y"], "kinds"),
    ("cut", "a formula in place of the theorem", ["|- x < y", "x < y"], "kinds"),
    ("cut", "a number in place of the theorem", ["|- x < y", 1], "kinds"),
    ("imp_intro", "a term as the premise", ["x", "|- x < y"], "mk"),
    ("imp_intro", "a theorem as the premise", ["|- x < y", "|- x < y"], "mk"),
    ("imp_intro", "a formula in place of the theorem", ["x < y", "x < y"], "kinds"),
    ("imp_elim", "another premise", ["|- (x < y) >> (x <= y)", "|- y < x"]),
    ("imp_elim", "the conclusion as the premise", ["|- (x < y) >> (x <= y)", "|- x <= y"]),
    ("imp_elim", "not an implication", ["|- x < y", "|- x < y"]),
    ("imp_elim", "a conjunction is no implication", ["|- x < y and x <= y", "|- x < y"]),
    ("all_intro", "the variable is free in a hypothesis", ["x", "0 < x |- 0 < x"]),
    ("all_intro", "the variable is free in one of two hypotheses", ["x", "0 < y, y < x |- 0 < x"]),
    ("all_intro", "the variable is free in a bound of a hypothesis", ["n", "0 < sum(i, 1, n, f(i)) |- 0 < n"]),
    ("all_intro", "a term is not a variable", ["f(x)", "|- f(x) <= f(x)"]),
    ("all_intro", "a number is not a variable", ["1", "|- 1 <= 1"]),
    ("all_elim", "a real for an integer variable", ["|- all(n, n <= n*n)", "1/2"], "subst"),
    ("all_elim", "a real variable for an integer one", ["|- all(n, n <= n*n)", "x"], "subst"),
    ("all_elim", "an inverse for an integer variable", ["|- all(n, n <= n*n)", "inv(n)"], "subst"),
    ("all_elim", "a formula for a variable", ["|- all(x, x <= x)", "x < y"], "subst"),
    ("all_elim", "not universal", ["|- x <= x", "y"]),
    ("all_elim", "a limit binds too, but is not universal", ["|- lim(x, 1/x, 'oo', 0)", "1"]),
    ("all_elim", "a name that would be captured", ["|- all(x, sum(i, 1, n, x*i) <= 0)", "var('#0', 'Z')"], "mk"),
    ("and_intro", "a formula in place of a theorem", [["x < y"]], "kinds"),
    ("and_intro", "a formula beside a theorem", [["|- x < y", "x < y"]], "kinds"),
    ("and_intro", "a number", [[0]], "kinds"),
    ("and_elim", "no such part", ["|- x < y and y < z", 2]),
    ("and_elim", "a negative index", ["|- x < y and y < z", -1]),
    ("and_elim", "a part of nothing", ["|- conj()", 0]),
    ("and_elim", "an implication is no conjunction", ["|- (x < y) >> (y < z)", 1]),
    ("and_elim", "an equation is no conjunction", ["|- x == y", 0]),
    ("cases", "two conclusions", ["x < y", "x < y |- 0 < z", "not x < y |- 0 <= z"]),
    ("cases", "conclusions that differ in a sign", ["x < y", "x < y |- z == 1", "not x < y |- z == -1"]),
    ("cases", "over a term", ["x", "|- 0 < z", "|- 0 < z"], "mk"),
    ("cases", "the second case missing", ["x < y", "x < y |- 0 < z", "x < y"], "kinds"),
    (
        "trichotomy",
        "the tie concludes something else",
        ["x", "y", "x < y |- 0 < z", "x == y |- 0 <= z", "y < x |- 0 < z"],
    ),
    (
        "trichotomy",
        "above concludes something else",
        ["x", "y", "x < y |- 0 < z", "x == y |- 0 < z", "y < x |- 0 <= z"],
    ),
    (
        "trichotomy",
        "below concludes something else",
        ["x", "y", "x < y |- 0 <= z", "x == y |- 0 < z", "y < x |- 0 < z"],
    ),
    (
        "trichotomy",
        "the tie is a formula, not a theorem",
        ["x", "y", "x < y |- 0 < z", "0 < z", "y < x |- 0 < z"],
        "kinds",
    ),
    ("trichotomy", "formulas are not compared", ["x < y", "y", "|- 0 < z", "|- 0 < z", "|- 0 < z"], "mk"),
    ("absurd", "no contradiction", ["|- x < y", "|- y < x", "0 < 0"]),
    ("absurd", "not contrary: x <= y and not x < y", ["|- x <= y", "|- not x < y", "0 < 0"]),
    ("absurd", "the same theorem twice", ["|- x < y", "|- x < y", "0 < 0"]),
    ("absurd", "a term as the goal", ["|- x < y", "|- not x < y", "x"], "formula"),
    ("negate", "a weak inequality", ["|- x <= y"]),
    ("negate", "an equation", ["|- x == y"]),
    ("negate", "the negation of an equation", ["|- x != y"]),
    ("negate", "a conjunction", ["|- x < y and y < z"]),
    ("negate", "an implication", ["|- (x < y) >> (y < z)"]),
    ("negate", "the negation of a conjunction", ["|- not (x < y and y < z)"]),
    ("negate", "the negation of a universal statement", ["|- not all(x, x < y)"]),
    ("rewrite", "the template does not give the theorem", ["|- x == y", "|- f(x) < x", "h", "f(h) < h + 1"]),
    ("rewrite", "an inequality is not an equation", ["|- x <= y", "|- f(x) < 1", "h", "f(h) < 1"]),
    ("rewrite", "the equation the wrong way round", ["|- y == x", "|- f(x) < 1", "h", "f(h) < 1"]),
    (
        "rewrite",
        "a hole in the scope of a binder",
        ["|- f(i) == g(i)", "|- sum(i, 1, n, f(i)) < 1", "h", "sum(i, 1, n, h) < 1"],
    ),
    ("rewrite", "a term as the template", ["|- x == y", "|- x < 1", "h", "h"]),
    ("rewrite", "a hole that is no variable", ["|- x == y", "|- f(x) < 1", "f(x)", "f(x) < 1"], "subst"),
    ("rewrite", "a real term in an integer hole", ["|- n == x", "|- n < 1", "k", "k < 1"], "subst"),
    ("rewrite", "a real term in a bound", ["|- x == n", "|- sum(i, 1, n, i) < 1", "h", "sum(i, 1, h, i) < 1"], "mk"),
    ("if", "a formula as a branch", ["|- x < y", "x < y", "y"], "mk"),
    ("if", "a formula as the other branch", ["|- x < y", "x", "x < y"], "mk"),
    ("if", "a condition that is not known", ["x < y", "x", "y"], "kinds"),
]

CLAIMS = [
    ("assume", "without the hypothesis", ["x < y"], "|- x < y"),
    ("assume", "something weaker", ["x < y"], "x < y |- x <= y"),
    ("assume", "something else under a false hypothesis", ["0 < 0"], "0 < 0 |- x < y"),
    ("axiom", "another formula", [raw("mine"), "0 <= x"], "|- 0 < x"),
    ("restate", "the hypothesis forgotten", ["0 < x |- x < y", "x < y"], "|- x < y"),
    ("cut", "the lemma's hypothesis forgotten", ["0 < y |- x < y", "x < y |- x <= y"], "|- x <= y"),
    ("cut", "another hypothesis forgotten", ["|- x < y", "x < y, 0 < z |- x <= y"], "|- x <= y"),
    ("cut", "a hypothesis that the lemma does not conclude", ["|- x <= y", "x < y |- 0 < z"], "|- 0 < z"),
    ("imp_intro", "another hypothesis forgotten", ["x < y", "x < y, 0 < z |- x <= y"], "|- (x < y) >> (x <= y)"),
    ("imp_intro", "a weaker premise", ["x < y", "x < y |- 0 < z"], "|- (x <= y) >> (0 < z)"),
    ("imp_intro", "without the premise", ["x < y", "x < y |- 0 < z"], "|- 0 < z"),
    ("imp_elim", "the implication's hypothesis forgotten", ["0 < z |- (x < y) >> (x <= y)", "|- x < y"], "|- x <= y"),
    ("imp_elim", "the premise's hypothesis forgotten", ["|- (x < y) >> (x <= y)", "0 < z |- x < y"], "|- x <= y"),
    ("all_intro", "another hypothesis forgotten", ["x", "0 < y |- x <= x"], "|- all(x, x <= x)"),
    ("all_elim", "the hypothesis forgotten", ["0 < y |- all(x, x <= x + y)", "y"], "|- y <= y + y"),
    (
        "and_intro",
        "the second hypothesis forgotten",
        [["0 < y |- x < y", "0 < z |- x < z"]],
        "0 < y |- x < y and x < z",
    ),
    ("and_elim", "another part", ["|- x < y and y < z", 0], "|- y < z"),
    ("and_elim", "the hypothesis forgotten", ["0 < z |- x < y and x <= x", 0], "|- x < y"),
    ("cases", "the second case open", ["x < y", "x < y |- 0 < z", "0 < u, not x < y |- 0 < z"], "|- 0 < z"),
    ("cases", "the first case open", ["x < y", "x < y, 0 < u |- 0 < z", "not x < y |- 0 < z"], "|- 0 < z"),
    ("cases", "a tie is no case of x < y, y < x", ["x < y", "x < y |- 0 < z", "y < x |- 0 < z"], "|- 0 < z"),
    ("trichotomy", "the tie left out", ["x", "y", "x < y |- 0 < z", "x == z |- 0 < z", "y < x |- 0 < z"], "|- 0 < z"),
    ("trichotomy", "below left out", ["x", "y", "x <= y |- 0 < z", "x == y |- 0 < z", "y < x |- 0 < z"], "|- 0 < z"),
    ("trichotomy", "above left out", ["x", "y", "x < y |- 0 < z", "x == y |- 0 < z", "x < y |- 0 < z"], "|- 0 < z"),
    ("absurd", "the hypothesis forgotten", ["0 < u |- x < y", "|- not x < y", "0 < 0"], "|- 0 < 0"),
    ("absurd", "the contrary's hypothesis forgotten", ["|- x < y", "0 < v |- not x < y", "0 < 0"], "|- 0 < 0"),
    ("negate", "the hypothesis forgotten", ["0 < z |- not x < y"], "|- y <= x"),
    ("negate", "not < as <", ["|- not x < y"], "|- y < x"),
    (
        "rewrite",
        "the equation's hypothesis forgotten",
        ["0 < u |- x == y", "|- f(x) < 1", "h", "f(h) < 1"],
        "|- f(y) < 1",
    ),
    (
        "rewrite",
        "the theorem's hypothesis forgotten",
        ["|- x == y", "0 < u |- f(x) < 1", "h", "f(h) < 1"],
        "|- f(y) < 1",
    ),
    ("if", "the hypothesis forgotten", ["0 < z |- x < y", "x", "y"], "|- (x if x < y else y) == x"),
    ("if", "the other branch", ["|- x < y", "x", "y"], "|- (x if x < y else y) == y"),
    ("if", "not p is not p", ["|- not x < y", "x", "y"], "|- (x if x < y else y) == x"),
]


@pytest.mark.parametrize("row", GOOD, ids=ids(GOOD))
def test_good(row):
    check_good(*row)


@pytest.mark.parametrize("row", BAD, ids=ids(BAD))
def test_bad(row):
    check_bad(*row)


@pytest.mark.parametrize("row", CLAIMS, ids=ids(CLAIMS))
def test_claim(row):
    check_claim(*row)


def test_trust_is_inherited():
    th = RULES["and_intro"]([axiom("a", axiom("c", _p()).concl), RULES["and_intro"]([axiom("b", _p())])])
    assert th.trust == {"axiom:a", "axiom:b"}


def _p():
    from kernel_reading import term

    return term("x < y")
