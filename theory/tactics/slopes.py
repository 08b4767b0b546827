"""Claims about derivatives, alone or as parts of a conjunction, by the rules of differentiation."""

from .. import kernel as k
from ..kernel import Term, Theorem
from ..kernel.terms import ZERO, lt
from .basic import Context, atoms
from .logic import with_slope
from .prefix import differentiate, opened


def domains(ctx: Context, f: Term) -> list[Theorem]:
    """What the rules ask for besides slopes: arguments of log and sqrt are positive, denominators are not zero."""
    out = []
    for t in atoms(f):
        if t.op == "app" and t.args[0] in ("log", "sqrt"):
            out.append(ctx.prove(lt(ZERO, t.args[2])))
        if t.op == "inv" and t.args[0].op != "num":
            out.append(ctx.unequal(t.args[0], ZERO))
    return out


def slope_claim(ctx: Context, claim: Term, *using: Theorem) -> Theorem:
    """A claim that a function has a certain derivative; its parts have those that ctx knows. `using`: equations."""
    v, f, slope = opened(claim)
    return k.restate(with_slope(ctx, differentiate(ctx, v, f, domains), slope, *using), claim)


def by_parts(ctx: Context, claim: Term) -> Theorem:
    """A conjunction of derivatives and of goals that `ctx.prove` settles."""
    parts = claim.args if claim.op == "and" else (claim,)
    proofs = [slope_claim(ctx, p) if p.op == "deriv" else ctx.prove(p) for p in parts]
    return k.and_intro(proofs) if claim.op == "and" else proofs[0]
