"""The encoding: what is undefined is never assumed away, and its shortcuts are identities."""

import random
from fractions import Fraction

import pytest
import torch

from lossproof.properties import load
from lossproof.proving import Solver, prove
from lossproof.smt import folded, log_bounds, squares
from lossproof.target import checked
from lossproof.world import SymbolicWorld
from theory.kernel import num, var
from theory.kernel.ring import poly
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mk, mul, ne

PROPERTIES = load()
R, S, PHI = var("reward_0"), var("reward_1"), var("phi")


def solver(*given, positive=()):
    world = SymbolicWorld(None, 2, 2)
    world.given, world.positive = list(given), set(positive)
    return Solver(world)


def centred(rewards):
    return (rewards - rewards.mean())[:, None]


def divides(logp, rewards, mask):
    d = rewards[0] * rewards[1] - 0.155
    return -(centred(rewards) * logp * mask).sum() / d * d


def roots(logp, rewards, mask):
    return -(centred(rewards) * logp * mask).sum() * (rewards[0] + 3).sqrt()


def logs(logp, rewards, mask):
    return -(centred(rewards) * logp * mask).sum() * (rewards[0] + 3).log()


@pytest.mark.parametrize("loss", [divides, roots, logs])
def test_a_loss_that_is_undefined_somewhere_is_not_proved(loss):
    torch.manual_seed(0)
    proof = prove(PROPERTIES["prefix-neutral"], checked(loss.__name__, loss), 3, 2)
    assert not proof.proved and "undefined" in proof.reason


@pytest.mark.parametrize(
    ("goal", "given"),
    [
        (eq(mul(R, inv(R)), ONE), []),
        (le(ZERO, app("sqrt", R)), []),
        (eq(mul(app("sqrt", R), app("sqrt", R)), R), []),
        (eq(mul(inv(app("sqrt", R)), app("sqrt", R)), ONE), [le(ZERO, R)]),
        (ne(inv(add(R, S)), ZERO), [lt(ZERO, R)]),
    ],
)
def test_undefined_terms_prove_nothing(goal, given):
    assert solver(*given).holds(goal)[0] in ("undefined", "sat")


@pytest.mark.parametrize(
    ("goal", "given"),
    [
        (eq(mul(R, inv(R)), ONE), [ne(R, ZERO)]),
        (eq(mul(app("sqrt", R), app("sqrt", R)), R), [le(ZERO, R)]),
        (lt(ZERO, inv(add(ONE, app("exp", R)))), []),
        (lt(ONE, app("exp", R)), [lt(ZERO, R)]),
    ],
)
def test_defined_terms(goal, given):
    assert solver(*given).holds(goal)[0] == "unsat"
    assert solver().holds(goal, given)[0] == "unsat"


def test_a_positive_factor_is_cancelled_and_only_a_positive_one():
    root = app("sqrt", add(mul(PHI, R, PHI, R), mul(PHI, S, PHI, S)))
    plain = app("sqrt", add(mul(R, R), mul(S, S)))
    goal = eq(mul(PHI, R, inv(root)), mul(R, inv(plain)))
    assert solver(lt(ZERO, PHI), ne(R, ZERO), positive=[PHI]).holds(goal)[0] == "unsat"
    assert solver(ne(PHI, ZERO), ne(R, ZERO)).holds(goal)[0] != "unsat"


def test_sums_of_squares_are_exact():
    rng = random.Random(4)
    variables = [var(f"reward_{i}") for i in range(4)]
    found = 0
    for _ in range(200):
        coefficients = {(i, j): Fraction(rng.randint(-2, 3)) for i in range(4) for j in range(i, 4)}
        form = add(ZERO, *(mul(num(c), variables[i], variables[j]) for (i, j), c in coefficients.items()))
        parts = squares(poly(form))
        if parts is None:
            continue
        found += 1
        for _ in range(20):
            at = [rng.gauss(0, 1) for _ in range(4)]
            value = sum(float(c) * at[i] * at[j] for (i, j), c in coefficients.items())
            assert value > -1e-9
    assert found


def test_no_squares_where_the_form_is_negative_somewhere():
    assert squares(poly(mul(R, S))) is None
    assert squares(poly(add(mul(R, R), mul(num(-1), S, S)))) is None
    assert squares(poly(add(mul(R, R), ONE))) is None


def test_log_bounds_enclose():
    for q in (Fraction(6, 5), Fraction(1, 3), Fraction(4919, 10000) + 1):
        low, high = log_bounds(q)
        assert low < torch.tensor(float(q), dtype=torch.float64).log().item() < high and high - low < Fraction(1, 10**9)


def test_folding_refuses_a_division_by_zero():
    from lossproof.meanings import Unsupported

    flag = var("mask_0_1", "Z")
    with pytest.raises(Unsupported):
        folded(inv(flag), {flag: ZERO})
    assert folded(mk("ite", lt(flag, ONE), ONE, flag), {flag: ZERO}) is ONE
