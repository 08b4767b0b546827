"""Tactics about sums over tokens in which one token is singled out."""

from collections.abc import Callable

from .. import kernel as k
from ..kernel import Term, Theorem, subst
from ..kernel.terms import ZERO, le
from .basic import Context
from .prefix import around


def picked(ctx: Context, s: Term, j: Term, value: Term, one: Theorem, zero: Callable[[Context, Term], Theorem]) -> Theorem:
    """Sum over v of c(v) f(v) = value, which is f(j): `one` says that c(j) = 1, zero(inside, v) that c(v) = 0 elsewhere."""
    split, *outer = around(ctx, s, j)
    known = [split, one]
    for piece in outer:
        index, lo, hi, body = piece.args
        t = ctx.fresh(s, j)
        inside = ctx.assuming(le(lo, t), le(t, hi))
        known.append(k.sum_congr(t, lo, hi, inside.equal(subst(body, {index: t}), ZERO, zero(inside, t))))
    return ctx.equal(s, value, *known)
