"""The steps that proofs of nested roots rest on: forms, sums of squares, comparisons, equal parts, bounds under a root."""

from dataclasses import replace
from fractions import Fraction

import torch

from lossproof.advantage import load
from lossproof.advantage.bounds import under_a_root
from lossproof.advantage.subject import Estimator
from lossproof.alike import Forms
from lossproof.proving import Solver, prove
from lossproof.smt import squares
from lossproof.target import subject
from lossproof.tidy import without_common
from lossproof.world import SymbolicWorld
from theory.kernel import mk, num, var
from theory.kernel.ring import plus, poly, times
from theory.kernel.terms import ZERO, eq

X, Y = var("x_0"), var("y_0")
U, V = mk("inv", mk("add", X, Y)), mk("app", "sqrt", "R", Y)


def test_two_atoms_of_one_value_count_twice():
    """ite(x = y, x, 0) and ite(y = x, x, 0) have the same form: their sum has another one, and so has their product."""
    a, b = mk("ite", eq(X, Y), X, ZERO), mk("ite", eq(Y, X), X, ZERO)
    forms = Forms()
    assert forms.of(a) == forms.of(b)
    assert forms.of(mk("add", a, b)) != forms.of(a)
    assert forms.of(mk("add", a, b)) == forms.of(mk("mul", num(2), a))
    assert forms.of(mk("mul", a, b)) == forms.of(mk("pow", a, 2)) != forms.of(a)
    assert forms.of(eq(mk("add", X, a), mk("add", Y, b))) == forms.of(eq(Y, X)) != forms.of(eq(X, a))


def test_squares_of_products_are_found_and_nothing_else():
    one, two = poly(mk("mul", X, U)), poly(mk("mul", Y, V))
    for c in (Fraction(-1), Fraction(2)):
        line = plus(one, two, c)
        found = squares(times(line, line))
        assert found is not None and len(found) == 1
        assert {m: q / found[0][next(iter(one))] for m, q in found[0].items()} == line
    apart = plus(plus(times(one, one), times(two, two)), times(one, two), Fraction(-3))
    assert squares(apart) is None
    assert squares(plus(times(one, one), two)) is None
    assert squares(plus(times(one, one), times(two, two), Fraction(-1))) is None


def test_only_positive_factors_are_left_out_of_a_comparison():
    def compared(d):
        return without_common(mk("mul", X, mk("inv", d)), mk("mul", Y, mk("inv", d)))[0]

    kept = [mk("add", V, num(-1)), mk("add", V, X), mk("add", V, X, num(1)), V, X, mk("add", X, num(1))]
    assert all(mk("inv", d) in compared(d).args for d in kept)
    assert mk("inv", mk("add", V, num(1))) not in compared(mk("add", V, num(1))).args


def test_parts_are_the_same_only_where_the_solver_says_so():
    world = SymbolicWorld(subject("std"), 2, 1)
    phi = world.scalar("phi", positive=True).term
    solver = Solver(world)
    quotient = mk("mul", X, mk("inv", num(2)))
    for factor, expected in ((phi, True), (num(3), False)):
        scaled = mk("mul", mk("mul", X, phi), mk("inv", mk("mul", num(2), factor)))
        a, b = (mk("app", "sqrt", "R", mk("add", mk("mul", q, q), Y)) for q in (scaled, quotient))
        assert solver.same(a, b) is expected
    assert not solver.same(X, Y) and not solver.same(U, V)


def test_a_bound_is_proved_where_it_holds_and_nowhere_else():
    """c r / sigma is at most |c| sqrt(G - 1) where c sums to 0: here sqrt(6 * 2)."""

    def bent(rewards):
        return (torch.tensor([1.0, -2.0, 1.0], dtype=torch.float64) * rewards).sum().expand(3) / (rewards.std() + 1e-4)

    for square, expected in ((12, True), (Fraction(1199, 100), False)):
        claims = replace(load()["adv-bounded"], decide=None, claims=under_a_root(Fraction(square)))
        assert prove(claims, Estimator("bent", bent), 3, 1).proved is expected
