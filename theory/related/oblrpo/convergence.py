"""Ascent, added up over T steps: how large gradients can stay.

a(t) is the expected J after step t, s(t) the expected squared gradient of step t (with η*: the expected ‖∇J‖⁴/(‖∇J‖² + V)),
v(t) the expected variance of its estimate.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul, sub
from theory.language import ForAll, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition
from theory.tactics import MINUS, Context
from theory.tactics.powers import by_induction

from . import SOURCE

T, e, t = integers("T e t")
L, eta, top, worst = reals("L eta top worst")
a, s, v = map(family, ("a", "s", "v"))
one = Fraction(1)


def rising(t: Any) -> Any:
    """a(t) = t"""
    return t


def still(t: Any) -> Any:
    """a(t) = 0"""
    return 0 * t


def steep(t: Any) -> Any:
    """a(t) = 5 t + 4"""
    return 5 * t + 4


STEPS: Case = {"T": 1, "L": 1, "eta": 1, "a": rising, "s": [1], "v": [0], "top": 1, "worst": 0}


@proposition(
    "oblrpo.convergence",
    title="with a constant step η ≤ 1/L the mean squared gradient of T steps is at most 2 (J* - J_0)/(η T) + L η V_max",
    source=SOURCE,
    printed="(1/T) Σ_t E‖∇J_t‖² ≤ 2 (J* - J_0)/(η T) + L η V_max",
    assumptions={
        "0 < η ≤ 1/L": sp.And(eta > 0, L > 0, L * eta <= 1),
        "steps": T >= 1,
        "ascent": ForAll(t, 1, T, a(t) >= a(t - 1) + eta * s(t) - L * eta**2 / 2 * (s(t) + v(t))),
        "squared gradients": ForAll(t, 1, T, s(t) >= 0),
        "V_max": ForAll(t, 1, T, v(t) <= worst),
        "J* bounds J": a(T) <= top,
    },
    statement=sp.Sum(s(t), (t, 1, T)) / T <= 2 * (top - a(0)) / (eta * T) + L * eta * worst,
    model=STEPS,
    drops={
        "0 < η ≤ 1/L": STEPS | {"L": 3, "eta": 1, "s": [3], "a": still, "v": [-1], "worst": -1, "top": 0},
        "steps": STEPS | {"T": 0},
        "ascent": STEPS | {"s": [3]},
        "squared gradients": UNNEEDED,
        "V_max": STEPS | {"worst": -3},
        "J* bounds J": STEPS | {"top": -1},
    },
    not_claimed="ascent itself: it is the mean of oblrpo.ascent over the past",
)
def convergence(goal: Goal) -> Theorem:
    """η s(t)/2 ≤ a(t) - a(t-1) + L η² V_max/2, added up."""
    last = term(T)
    rate = [k.and_elim(goal.given["0 < η ≤ 1/L"], n) for n in range(3)]
    goal.know(*rate)

    def claim(n: Term) -> Term:
        total = term(eta / 2 * sp.Sum(s(t), (t, 1, e)) + a(0))
        bound = term(a(e) + e * L * eta**2 * worst / 2)
        return mk("imp", le(n, last), le(*(subst(side, {term(e): n}) for side in (total, bound))))

    def step(inside: Context, n: Term) -> Theorem:
        new = add(n, ONE)
        more = inside.assuming(le(new, last))
        before = k.imp_elim(k.assume(claim(n)), more.prove(le(n, last)))
        ascent, square, noise = (more.at(goal.given[name], new) for name in ("ascent", "squared gradients", "V_max"))
        grows = k.sum_step(subst(term(sp.Sum(s(t), (t, 1, e))), {term(e): new}), [more.prove(le(ONE, new))])
        up = {name: goal.prove(lt(ZERO, term(x))) for name, x in (("η", eta), ("L", L))}
        small = goal.prove(le(term(L * eta), ONE))
        parts = [
            (one, ONE, [before]),
            (one, ONE, [ascent]),
            (Fraction(1, 2), ONE, [up["η"], small, square]),
            (Fraction(1, 2), term(eta), [up["L"], noise]),
        ]
        return k.imp_intro(le(new, last), k.sos(claim(new).args[1], parts, [grows], [term(-eta / 2)]))

    empty = k.sum_empty(mk("sum", term(t), ONE, ZERO, app("s", term(t))), [goal.prove(lt(ZERO, ONE))])
    base = k.imp_intro(le(ZERO, last), k.sos(claim(ZERO).args[1], [], [empty], [term(-eta / 2)]))
    whole = k.imp_elim(by_induction(goal, claim, base, step, last), goal.prove(le(last, last)))
    scale = [k.inv_positive(goal.prove(lt(ZERO, term(x)))) for x in (eta, T)]
    left, right = goal.claim.args
    gap = sub(right, left)
    product = mul(
        k.num(2),
        inv(term(eta)),
        inv(last),
        add(term(top), mul(MINUS, term(a(0))), term(T * L * eta**2 * worst / 2 - eta / 2 * sp.Sum(s(t), (t, 1, T)))),
    )
    same = goal.equal(gap, product)
    inner = k.sos(le(ZERO, product.args[-1]), [(one, ONE, [whole]), (one, ONE, [goal.given["J* bounds J"]])], [], [])
    return k.sos(goal.claim, [(Fraction(2), ONE, [*scale, inner])], [same], [ONE])


@proposition(
    "oblrpo.convergence.adaptive",
    title="with the step η* of each time, Σ_t ‖∇J_t‖⁴/(‖∇J_t‖² + V_t) stays below 2L (J* - J_0) for ever",
    source=SOURCE,
    printed="Σ_t E[‖∇J_t‖⁴/(‖∇J_t‖² + V_t)] ≤ 2L (J* - J_0)",
    assumptions={
        "L > 0": L > 0,
        "steps": T >= 0,
        "ascent by oblrpo.step": ForAll(t, 1, T, a(t) >= a(t - 1) + s(t) / (2 * L)),
        "J* bounds J": a(T) <= top,
    },
    statement=sp.Sum(s(t), (t, 1, T)) <= 2 * L * (top - a(0)),
    model={"T": 1, "L": 1, "a": rising, "s": [1], "top": 1},
    drops={
        "L > 0": {"T": 1, "L": -1, "a": rising, "s": [1], "top": 1},
        "steps": {"T": -1, "L": 1, "a": steep, "s": [], "top": -1},
        "ascent by oblrpo.step": {"T": 1, "L": 1, "a": rising, "s": [3], "top": 1},
        "J* bounds J": {"T": 1, "L": 1, "a": rising, "s": [1], "top": 0},
    },
    not_claimed="that η* is known: it needs ‖∇J‖² and V, which oblrpo.snr.plug_in and oblrpo.snr.halves are about",
)
def adaptive(goal: Goal) -> Theorem:
    """s(t) ≤ 2L (a(t) - a(t-1)), added up."""
    last = term(T)
    unit = k.field(mul(term(L), inv(term(L))), ONE, [k.negate(goal.given["L > 0"])])

    def claim(n: Term) -> Term:
        sides = term(sp.Sum(s(t), (t, 1, e))), term(2 * L * (a(e) - a(0)))
        return mk("imp", le(n, last), le(*(subst(side, {term(e): n}) for side in sides)))

    def step(inside: Context, n: Term) -> Theorem:
        new = add(n, ONE)
        more = inside.assuming(le(new, last))
        before = k.imp_elim(k.assume(claim(n)), more.prove(le(n, last)))
        ascent = more.at(goal.given["ascent by oblrpo.step"], new)
        grows = k.sum_step(subst(term(sp.Sum(s(t), (t, 1, e))), {term(e): new}), [more.prove(le(ONE, new))])
        parts = [(one, ONE, [before]), (Fraction(2), ONE, [goal.given["L > 0"], ascent])]
        return k.imp_intro(le(new, last), k.sos(claim(new).args[1], parts, [grows, unit], [MINUS, app("s", new)]))

    empty = k.sum_empty(mk("sum", term(t), ONE, ZERO, app("s", term(t))), [goal.prove(lt(ZERO, ONE))])
    base = k.imp_intro(le(ZERO, last), k.sos(claim(ZERO).args[1], [], [empty], [MINUS]))
    whole = k.imp_elim(by_induction(goal, claim, base, step, last), goal.prove(le(last, last)))
    return k.sos(goal.claim, [(one, ONE, [whole]), (Fraction(2), ONE, [goal.given["L > 0"], goal.given["J* bounds J"]])], [], [])
