"""Section 5: whole runs of AdamW on rewards r and φ r.

All coordinates j = 1..d of the parameters, all steps up to n; d and n are symbolic. The run on φ r has families whose
names end in `_`. Of the gradients h and h_ only this is assumed: at a step at which both runs stand at the same
parameters, in all coordinates, h_ = φ h. That holds for an objective whose gradient, as a function of the parameters,
is homogeneous of degree one in the rewards (eq23.repaired, β = 0; clipping is no obstacle, for it goes by the ratios
and the signs of the advantages). With φ = 1 it covers gradients that do not change with the scale (eq23.sigma).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.adamw_equations import b1, b2, corrected, eps, lam, n, t, xi
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, add, app, le, lt, mk, subst
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import Context
from theory.tactics.adam import by_steps, defining, equations, powers, root_floor, same_step, square_average
from theory.tactics.powers import for_all

d, j = integers("d j")
(phi,) = reals("phi,")
names = ("theta", "m", "v", "h")
theta, m, v, h = (family(x) for x in names)
theta_, m_, v_, h_ = (family(x + "_") for x in names)


def coordinates(p: Any) -> sp.Basic:
    return ForAll(j, 1, d, p)


def adamw(x: Any, first: Any, second: Any, gradient: Any, epsilon: Any) -> sp.Basic:
    """Appendix C's AdamW for n steps, in every coordinate."""
    g = gradient(j, t)
    step = xi * corrected(first(j, t), b1, t) / (sp.sqrt(corrected(second(j, t), b2, t)) + epsilon)
    at_step = sp.And(
        equals(first(j, t), b1 * first(j, t - 1) + (1 - b1) * g),
        equals(second(j, t), b2 * second(j, t - 1) + (1 - b2) * g**2),
        equals(x(j, t), x(j, t - 1) - step - xi * lam * x(j, t - 1)),
    )
    return ForAll(t, 1, n, coordinates(at_step))


def runs(epsilon: Any, scaled_epsilon: Any) -> dict[str, Any]:
    together = coordinates(equals(theta_(j, t - 1), theta(j, t - 1)))
    return {
        "steps": n >= 0,
        "φ is positive": phi > 0,
        "the decay rate of v": sp.And(b2 >= 0, b2 < 1),
        "both runs start at the same parameters": coordinates(equals(theta_(j, 0), theta(j, 0))),
        "moments start at 0": coordinates(sp.And(*(equals(f(j, 0), 0) for f in (m, v, m_, v_)))),
        "AdamW on r": adamw(theta, m, v, h, epsilon),
        "AdamW on φ r": adamw(theta_, m_, v_, h_, scaled_epsilon),
        "h_ is φ h where the runs stand together": ForAll(
            t, 1, n, sp.Implies(together, coordinates(equals(h_(j, t), phi * h(j, t))))
        ),
    }


def same_run(goal: Goal, epsilon: sp.Expr, divides: Callable[[Context, Term], Theorem]) -> Theorem:
    """Induction over the steps: the same parameters, m_ = φ m, v_ = φ² v and 0 <= v, in every coordinate.

    `divides` proves that √v̂ + ε is not 0, at a step and a coordinate.
    """
    now, following, at, last, factor, e = (term(x) for x in (t, t + 1, j, d, phi, epsilon))
    same = (equals(theta_(j, t), theta(j, t)), equals(m_(j, t), phi * m(j, t)), equals(v_(j, t), phi**2 * v(j, t)))
    claims = [*map(formula, same), formula(v(j, t) >= 0)]
    span = (le(ONE, at), le(at, last))
    claim = mk("all", at, mk("imp", mk("and", *span), mk("and", *claims)))

    def step(ctx: Context, before: Theorem) -> Theorem:
        inside = ctx.assuming(*span)
        whole = inside.at(before, at)
        now_same = [k.and_elim(whole, x) for x in range(4)]
        inside.know(*now_same, for_all(at, ONE, last, now_same[0]))
        rule = "h_ is φ h where the runs stand together"
        ratio = inside.at(goal.given[rule], following, at)
        given = [inside.at(goal.given[name], following, at) for name in ("AdamW on r", "AdamW on φ r")]
        here = equations(Context(given))
        known = [*here, ratio, *now_same[:3]]
        m_same, v_same = (inside.equal(*subst(p, {now: following}).args, *known) for p in claims[1:3])
        floor = square_average(inside, defining(here, term(v(j, t + 1))))
        inside.know(floor, *powers(inside, term(b2), following))
        mhat, mhat_ = (corrected(f(j, t + 1), b1, t + 1) for f in (m, m_))
        vhat, vhat_ = (corrected(f(j, t + 1), b2, t + 1) for f in (v, v_))
        inside.know(divides(inside, add(app("sqrt", term(vhat)), e)))
        first = inside.equal(term(mhat_), term(phi * mhat), m_same)
        second = inside.equal(term(vhat_), term(phi**2 * vhat), v_same)
        moved = same_step(inside, term(mhat), term(vhat), e, factor, first, second)
        places = [defining(here, term(x(j, t + 1))) for x in (theta_, theta)]
        there = inside.equal(*subst(claims[0], {now: following}).args, *places, moved, now_same[0])
        return for_all(at, ONE, last, k.and_intro([there, m_same, v_same, floor]))

    inside = goal.assuming(*span)
    starts = [inside.at(goal.given[name], at) for name in ("both runs start at the same parameters", "moments start at 0")]
    zero = equations(Context(starts))
    at_zero = [subst(p, {now: ZERO}) for p in claims]
    base = [inside.equal(*p.args, *zero) for p in at_zero[:3]] + [Context(zero).arith(at_zero[3])]
    th = by_steps(goal, now, term(n), claim, for_all(at, ONE, last, k.and_intro(base)), step)
    return for_all(at, ONE, last, k.and_elim(inside.at(th, at), 0))


def table(*rows: Any) -> Callable[[Any, Any], Fraction]:
    """A family of two indices, a row per first index from 1; the second index starts at 0."""
    exact = [[Fraction(x) for x in row] for row in rows]

    def f(row: Any, step: Any) -> Fraction:
        return exact[int(row) - 1][int(step)]

    f.__doc__ = "; ".join(f"({', '.join(map(str, row))}) from index 0" for row in exact)
    return f


BASE: dict[str, Any] = {"n": 1, "d": 1, "beta1": "1/2", "beta2": "3/4", "xi": "1/2", "lam": "1/2", "phi": 3}
BASE |= {"h": [[2]], "m": table([0, 1]), "v": table([0, 1])}
BASE |= {"h_": [[6]], "m_": table([0, 3]), "v_": table([0, 9])}
TURNED: dict[str, Any] = {"h_": [[-6]], "m_": table([0, -3])}
NEGATIVE: dict[str, Any] = {"phi": -3, "eps": "1/2", "theta": table([4, "13/5"]), "theta_": table([4, "11/3"])}
NO_EPS = BASE | {"theta": table([4, "5/2"]), "theta_": table([4, "5/2"])}
AFTER = BASE | {"eps": 2, "theta": table([4, "11/4"]), "theta_": table([4, "11/4"])}


@proposition(
    "fontana2026.prop2.trajectory",
    title="ε = 0: a gradient homogeneous of degree one gives the same parameters after every step for r and φ r",
    source="Section 5, Prop. 2, for whole runs",
    printed="with β = 0, r* = φ r, φ > 0: as ε/(φ √v̂_t) → 0 the update of Eq. 4 is invariant to φ",
    statement=coordinates(equals(theta_(j, n), theta(j, n))),
    assumptions=runs(0, 0) | {"no second moment is 0": ForAll(t, 1, n, coordinates(v(j, t) > 0))},
    unstated=("both runs start at the same parameters", "no second moment is 0"),
    model=NO_EPS,
    drops={
        "steps": NO_EPS | {"n": -1, "theta_": table([4, 7])},
        "φ is positive": NO_EPS | TURNED | {"phi": -3, "theta_": table([4, "7/2"])},
        "the decay rate of v": UNNEEDED,
        "both runs start at the same parameters": NO_EPS | {"theta_": table([5, "13/4"])},
        "moments start at 0": NO_EPS | {"m_": table([-6, 0]), "theta_": table([4, 3])},
        "AdamW on r": NO_EPS | {"theta": table([4, 0])},
        "AdamW on φ r": NO_EPS | {"theta_": table([4, 0])},
        "h_ is φ h where the runs stand together": NO_EPS | TURNED | {"theta_": table([4, "7/2"])},
        "no second moment is 0": UNNEEDED,
    },
    not_claimed="anything for β ≠ 0 (s5a) or ε > 0 (prop2.epsilon). Where a second moment is 0 the update is 0/0",
)
def same_parameters(goal: Goal) -> Theorem:
    def divides(ctx: Context, size: Term) -> Theorem:
        ctx.know(ctx.at(goal.given["no second moment is 0"], term(t + 1), term(j)))
        return ctx.prove(lt(ZERO, size))

    return same_run(goal, sp.Integer(0), divides)


@proposition(
    "fontana2026.prop2.epsilon",
    title="for every ε > 0: φ r with φ ε gives the parameters of r with ε, so scaling rewards by φ is dividing ε by φ",
    source="Section 5, Prop. 2, for whole runs",
    printed="with β = 0, r* = φ r, φ > 0: as ε/(φ √v̂_t) → 0 the update of Eq. 4 is invariant to φ",
    statement=coordinates(equals(theta_(j, n), theta(j, n))),
    assumptions=runs(eps, phi * eps) | {"ε is positive": eps > 0},
    unstated=("both runs start at the same parameters",),
    model=AFTER,
    drops={
        "steps": AFTER | {"n": -1, "theta_": table([4, 7])},
        "φ is positive": AFTER | TURNED | NEGATIVE,
        "the decay rate of v": UNNEEDED,
        "both runs start at the same parameters": AFTER | {"theta_": table([5, "7/2"])},
        "moments start at 0": AFTER | {"m_": table([-6, 0]), "theta_": table([4, 3])},
        "AdamW on r": AFTER | {"theta": table([4, 0])},
        "AdamW on φ r": AFTER | {"theta_": table([4, 0])},
        "h_ is φ h where the runs stand together": AFTER | TURNED | {"theta_": table([4, "13/4"])},
        "ε is positive": UNNEEDED,
    },
    not_claimed="anything for β ≠ 0; with φ = 1 it says that an equal gradient gives an equal run",
)
def same_parameters_with_stabiliser(goal: Goal) -> Theorem:
    def divides(ctx: Context, size: Term) -> Theorem:
        root, e = size.args
        ctx.know(root_floor(ctx, root.args[2]))
        return ctx.arith(lt(ZERO, size))

    return same_run(goal, eps, divides)
