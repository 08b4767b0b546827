"""The forms of claims: conjunctions, contradictions, conditionals, the two sides of an equation, the slope of a derivative."""

from collections.abc import Callable

from .. import kernel as k
from ..kernel import Term, Theorem, mk, subst, var
from ..kernel.terms import SCOPED, ZERO, lt, neg
from ..kernel.theorem import same
from .basic import Context, atoms


def parts_of(p: Term) -> tuple[Term, ...]:
    """The parts of a conjunction; of any other formula, itself."""
    return p.args if p.op == "and" else (p,)


def conjunction(claim: Term, *parts: Theorem) -> Theorem:
    """A conjunction, its parts proved in any order; or a claim that has one part."""
    found = [k.restate(next((th for th in parts if same(th.concl, p)), parts[0]), p) for p in parts_of(claim)]
    return k.and_intro(found) if claim.op == "and" else found[0]


def impossible(ctx: Context, goal: Term, products: int = 1) -> Theorem:
    """Any goal, from facts that contradict each other."""
    return k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(ctx.arith(lt(ZERO, ZERO), products=products)), goal)


def swapped(equation: Theorem) -> Theorem:
    """b = a from a = b."""
    a, b = equation.concl.args
    return k.linear(b, a, [equation], [k.num(-1)])


def replaced(t: Term, old: Term, new: Term) -> Term:
    """t with every occurrence of `old` outside of binders replaced."""
    if t is old:
        return new
    inner = [n for n, a in enumerate(t.args) if isinstance(a, Term) and not (t.op in SCOPED and n in (0, SCOPED[t.op]))]
    return mk(t.op, *(replaced(a, old, new) if n in inner else a for n, a in enumerate(t.args))) if inner else t


def by_branches(ctx: Context, goal: Term, prove: Callable[[Context, Term], Theorem]) -> Theorem:
    """A goal with conditionals outside of binders: both sides of each condition, each leaf by `prove`."""
    split = next((t for t in atoms(goal) if t.op == "ite" and not any(a.op == "ite" for a in atoms(t.args[0]))), None)
    if split is None:
        return prove(ctx, goal)
    p, hole = split.args[0], var("hole")
    template, sides = replaced(goal, split, hole), []
    for condition, taken in ((p, split.args[1]), (neg(p), split.args[2])):
        known = k.assume(condition)
        facts = [known] if condition is p else [known, k.negate(known)]
        th = by_branches(ctx.with_facts(*facts), subst(template, {hole: taken}), prove)
        back = swapped(k.if_(known, *split.args[1:]))
        sides.append(k.rewrite(back, th, hole, template))
    return k.cases(p, *sides)


def with_slope(ctx: Context, th: Theorem, slope: Term, *using: Theorem) -> Theorem:
    """The same derivative, its slope written as `slope`."""
    v, f, p, d = th.concl.args
    hole = var("hole")
    return k.rewrite(ctx.equal(d, slope, *using), th, hole, mk("deriv", v, f, p, hole))
