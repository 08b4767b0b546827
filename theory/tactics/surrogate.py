"""Tactics of Appendix A and of D_KL: rewriting under nested sums, universal claims, the logarithm of a reciprocal."""

from collections.abc import Callable

from .. import kernel as k
from ..kernel import Term, Theorem, subst, var
from ..kernel.terms import ZERO, app, eq, le, mul
from .basic import MINUS, Context, atoms
from .logic import replaced


def under_sums(ctx: Context, t: Term, *facts: Theorem, indices: tuple[Term, ...] = ()) -> Theorem:
    """t = t', the innermost summands rewritten by facts `for all i, j, .. in their ranges: a = b` at the indices."""
    if t.op == "sum":
        bound, lo, hi, body = t.args
        i = ctx.fresh(t)
        inside = ctx.assuming(le(lo, i), le(i, hi))
        return k.sum_congr(i, lo, hi, under_sums(inside, subst(body, {bound: i}), *facts, indices=(*indices, i)))
    inner = [a for a in atoms(t) if a.op == "sum"]
    equations = [under_sums(ctx, s, *facts, indices=indices) for s in inner]
    equations = equations or [ctx.at(fact, *indices) for fact in facts]
    target = t
    for th in equations:
        target = replaced(target, *th.concl.args)
    return ctx.equal(t, target, *equations)


def everywhere(ctx: Context, claim: Term, prove: Callable[[Context, Term], Theorem]) -> Theorem:
    """A claim of the form `for all i, j, .. in their ranges: q`, from a proof of q in their midst."""
    if claim.op == "all":
        v = ctx.fresh(claim, sort=claim.args[0].args[1])
        return k.all_intro(v, everywhere(ctx, subst(claim.args[1], {claim.args[0]: v}), prove))
    if claim.op == "imp":
        return k.imp_intro(claim.args[0], everywhere(ctx.assuming(claim.args[0]), claim.args[1], prove))
    return prove(ctx, claim)


def log_of_reciprocal(x: Term, y: Term, product: Theorem, positive: Theorem) -> Theorem:
    """log y = -log x from x y = 1 and 0 < x: exp(log x) exp(-log x) = exp(0) = 1, so exp(-log x) = y."""
    z = mul(MINUS, app("log", x))
    itself, one = k.law("exp_log", x, ZERO, [positive]), k.law("exp_zero", ZERO, ZERO, [])
    both = k.law("exp_add", app("log", x), z, [])
    minus = mul(MINUS, app("exp", z))
    cofactors = [minus, y, mul(MINUS, y), mul(minus, y)]
    exponential = k.linear(app("exp", z), y, [product, one, both, itself], cofactors)
    hole = var("hole")
    return k.rewrite(exponential, k.law("log_exp", z, ZERO, []), hole, eq(app("log", hole), z))
