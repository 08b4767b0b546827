"""The steps that proofs of nested roots rest on: forms, sums of squares, comparisons, equal parts, bounds under a root."""

from dataclasses import replace
from fractions import Fraction

import pytest
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
from theory.kernel.terms import ONE, ZERO, add, eq, inv, le, lt, mul

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
    assert forms.of(eq(X, Y)) != forms.of(eq(add(X, Y), ZERO)) != forms.of(eq(X, mul(num(2), Y)))


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
    w = mk("inv", mk("add", V, num(1)))
    assert w not in compared(w.args[0]).args
    for left, right in ((1, 1), (2, 1), (1, 3)):
        sides = without_common(mk("mul", X, *[w] * left), mk("mul", *[w] * right, Y))
        assert [side.args.count(w) for side in sides] == [left - 1, right - 1]


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


def test_what_parts_need_to_have_a_value_is_asked_too():
    """Tidied, the root has a branch for y > 0 alone, sqrt y; that y is not negative there is no fact for all y."""
    branches = add(mk("ite", lt(ZERO, Y), Y, ONE), mk("ite", le(X, X), ZERO, num(5)))
    below = inv(add(ONE, mul(num(2), mk("app", "sqrt", "R", branches))))
    a, b = (mul(top, below) for top in (Y, mk("ite", lt(Y, ZERO), num(5), Y)))  # they differ where y < 0
    solver = Solver(SymbolicWorld(None, 2, 1))
    goal = eq(*(mk("app", "sqrt", "R", add(ONE, mk("pow", q, 2))) for q in (a, b)))
    assert solver.holds(goal)[0] != "unsat"


@pytest.mark.parametrize("square", [1, Fraction(1001, 1000)])
def test_no_bound_on_what_has_no_value_somewhere(square):
    """The second advantage is 1 or -1, and 0/0 on a line of rewards that no drawn case hits."""

    def torn(rewards):
        apart = rewards[0] - 3.7 * rewards[1] - 1.3
        first = (rewards - rewards.mean())[:1] / (rewards.std() + 1e-4)
        return torch.cat([first, (apart / (apart * apart).sqrt()).expand(len(rewards) - 1)])

    assert not within(square, torn, 2)


def within(square, estimate, group=3):
    claims = replace(load()["adv-bounded"], decide=None, claims=under_a_root(Fraction(square)))
    return prove(claims, Estimator("planted", estimate), group, 1).proved


def over(condition, changed):
    """The centred rewards over the root of their variance, changed under a condition."""

    def estimate(rewards):
        variance = rewards.var()
        return (rewards - rewards.mean()) / torch.where(condition(rewards), changed(variance), variance).sqrt()

    return estimate


def test_a_constant_under_the_root_is_bounded_by_itself():
    """Where the first two rewards tie the divisor is 1, and what is divided has no bound; where all do, nothing is asked."""

    assert within(Fraction(4, 3), over(lambda r: (r == r[0]).all(), torch.ones_like))
    assert not within(Fraction(4, 3), over(lambda r: r[0] == r[1], torch.ones_like))


@pytest.mark.parametrize("less", [lambda r: r[0] < r[1], lambda r: r[1] <= r[0]])
def test_a_bound_holds_in_both_branches(less):
    assert within(Fraction(4, 3), over(less, lambda variance: 2 * variance))
    assert not within(Fraction(4, 3), over(less, lambda variance: variance / 2))


def test_a_bound_on_a_quotient_is_none_on_what_is_added_to_it():
    def added(rewards):
        return (rewards - rewards.mean()) * (1 + 1 / rewards.std())

    assert not within(Fraction(16, 3), added)


@pytest.mark.parametrize(("eps", "expected"), [(0.0, True), (0.5, True), (-0.5, False)])
def test_what_is_added_to_a_root_makes_no_advantage_larger(eps, expected):
    """Standardised twice, as sigma is then 1: less a half, twice the advantage."""

    def again(rewards):
        once = (rewards - rewards.mean()) / rewards.std()
        return (once - once.mean()) / (once.std() + eps)

    assert within(Fraction(1, 2), again, 2) is expected


def test_a_bound_is_proved_where_it_holds_and_nowhere_else():
    """c r / sigma is at most |c| sqrt(G - 1) where c sums to 0: here sqrt(6 * 2)."""

    def bent(rewards):
        return (torch.tensor([1.0, -2.0, 1.0], dtype=torch.float64) * rewards).sum().expand(3) / (rewards.std() + 1e-4)

    assert within(12, bent) and not within(Fraction(1199, 100), bent)
