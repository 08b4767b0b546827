"""Exact evaluation of kernel terms and formulas, without SymPy: how witnesses are re-executed and searches screened.

A term is read once, into a function of an environment; derivatives are taken by dual numbers. Whatever is outside its
domain raises `Undefined`, and `Unknown` where the case does not tell. The arithmetic is that of `theory.numbers`.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import Any

from .environment import Bound, Env, of_sort
from .kernel import Term
from .numbers import (
    EXACT,
    Dual,
    Number,
    Undefined,
    Unknown,
    dual,
    exp,
    inverse,
    log,
    number,
    plain,
    plus,
    power,
    show,
    sign,
    sqrt,
    times,
)

OPAQUE = {"exp": exp, "log": log, "sqrt": sqrt}
Reader = Callable[[Env], Number]


def value(t: Term, env: Env) -> Any:
    """The value of a term: a Fraction, a ball or a dual number. Raises Undefined outside the domain of an operation."""
    return plain(reader(t)(env))


@cache
def reader(t: Term) -> Reader:
    """The function that evaluates a term, with the numbers of `theory.numbers`."""
    return READERS[t.op](t, *t.args)


def constant(t: Term, q: Fraction) -> Reader:
    c = number(q)
    return lambda env: c


def variable(t: Term, name: str, sort: str) -> Reader:
    return lambda env: env.var(name, sort)


def folded(operation: Callable[[Number, Number], Number]) -> Callable[..., Reader]:
    """How a sum or a product of parts is read."""

    def parts(t: Term, first: Term, *rest: Term) -> Reader:
        start, others = reader(first), [reader(a) for a in rest]

        def read(env: Env) -> Number:
            out = start(env)
            for other in others:
                out = operation(out, other(env))
            return out

        return read

    return parts


def raised(t: Term, base: Term, n: int) -> Reader:
    base_ = reader(base)
    return lambda env: power(base_(env), n)


def inverted(t: Term, of: Term) -> Reader:
    of_ = reader(of)
    return lambda env: inverse(of_(env))


def summed(t: Term, i: Term, lo: Term, hi: Term, member: Term) -> Reader:
    member_ = reader(member)

    def read(env: Env) -> Number:
        total: Number = 0
        for k in span(lo, hi, env):
            total = plus(total, member_(env.bind(i, k)))
        return total

    return once(t, read)


def once(t: Term, work: Reader) -> Reader:
    """The reader that works a term out once in each environment."""

    def read(env: Env) -> Number:
        known = env.home(t.free).known
        if t not in known:
            known[t] = work(env)
        return known[t]

    return read


def applied(t: Term, name: str, sort: str, *args: Term) -> Reader:
    inner = [reader(a) for a in args]
    if name in OPAQUE and len(inner) == 1:
        f, (of,) = OPAQUE[name], inner
        return lambda env: f(of(env))
    if name == "pow" and len(inner) == 2:
        return lambda env: powered(*[a(env) for a in inner])
    return lambda env: env.app(name, sort, tuple([a(env) for a in inner]))


def powered(x: Number, n: Number) -> Number:
    if of_sort("Z", n, "an exponent") < 0:
        raise Undefined(f"negative exponent {n}")
    return power(x, int(n))


def conditional(t: Term, p: Term, a: Term, b: Term) -> Reader:
    then, otherwise = reader(a), reader(b)
    compared = [(reader(x), reader(y)) for x, y in comparisons(p)]
    unseen = [reader(v) for v in p.free] if quantified(p) else []  # what moves a comparison under a quantifier

    def read(env: Env) -> Number:
        holds = truth(p, env)
        if any(isinstance(v(env), Dual) for v in unseen):
            raise Unknown(f"a slope under the condition {p!r}")
        if any(tied(x(env), y(env)) for x, y in compared):
            return at_tie(then(env), otherwise(env), holds)
        if holds is None:
            raise Unknown(f"undecided condition {p!r}")
        return (then if holds else otherwise)(env)

    return once(t, read)


def comparisons(p: Term) -> list[tuple[Term, Term]]:
    """The two sides of each comparison in a condition, but for those under a quantifier."""
    if p.op in ("eq", "le", "lt"):
        return [p.args]
    return [] if p.op == "all" else [both for q in p.args if isinstance(q, Term) for both in comparisons(q)]


def quantified(p: Term) -> bool:
    return p.op == "all" or any(quantified(q) for q in p.args if isinstance(q, Term))


def tied(x: Number, y: Number) -> bool:
    """Whether a comparison may turn here, as the variable of a derivative moves."""
    moves = isinstance(x, Dual) or isinstance(y, Dual)
    return moves and truth_of("eq", dual(x).value, dual(y).value) is not False


def at_tie(then: Number, otherwise: Number, holds: bool | None) -> Number:
    """The branch that the variable moves into: `then` where the condition holds there. It may be either if they touch."""
    a, b = dual(then), dual(otherwise)
    if truth_of("eq", a.value, b.value) is not True:
        raise Unknown("a tie of two branches that are not known to meet")
    if holds is None and truth_of("eq", a.slope, b.slope) is not True:
        raise Unknown("a tie of two branches, and it is not known which one is taken")
    return a if holds is not False else b


READERS: dict[str, Callable[..., Reader]] = {
    "num": constant, "var": variable, "add": folded(plus), "mul": folded(times), "pow": raised, "inv": inverted, "sum": summed,
    "ite": conditional, "app": applied,
}  # fmt: skip
"""How a term of each operation is read: from the term and its parts."""


def span(lo: Term, hi: Term, env: Env) -> range:
    """The integers in a range, whose ends need not be integers."""
    first, last = reader(lo)(env), reader(hi)(env)
    if type(first) not in EXACT or type(last) not in EXACT:
        raise Unknown(f"a range from {show(first)} to {show(last)}")
    return range(ceil(first), floor(last) + 1)


def range_of(p: Term) -> tuple[Term, Term] | None:
    """lo and hi of "for all integers v, if lo <= v and v <= hi then ...", None for any other statement."""
    v, body = p.args
    parts: tuple[Term, ...] = body.args[0].args if body.op == "imp" and body.args[0].op == "and" else ()
    if v.args[1] != "Z" or len(parts) != 2 or any(q.op != "le" for q in parts):
        return None
    return (parts[0].args[0], parts[1].args[1]) if parts[0].args[1] is v and parts[1].args[0] is v else None


def truth_of(relation: str, a: Number, b: Number) -> bool | None:
    if type(a) in EXACT and type(b) in EXACT:
        return bool(a == b if relation == "eq" else a <= b if relation == "le" else a < b)
    difference = plus(a, times(-1, b))
    s = sign(difference)
    if isinstance(difference, Dual) and s == 0:  # a tie: the slopes tell how it is next to here
        s = sign(difference.slope) or None
    if s is None:
        return None
    return {"eq": s == 0, "le": s <= 0, "lt": s < 0}[relation]


def truth(p: Term, env: Env) -> bool | None:
    """Whether a formula holds; None where balls overlap, and for limits and unbounded quantifiers."""
    op, args = p.op, p.args
    if op in ("eq", "le", "lt"):
        return truth_of(op, reader(args[0])(env), reader(args[1])(env))
    if op == "not":
        inner = truth(args[0], env)
        return None if inner is None else not inner
    if op == "and":
        return every(truth(q, env) for q in args)
    if op == "imp":
        premise = truth(args[0], env)
        if premise is False:
            return True
        conclusion = truth(args[1], env)
        return conclusion if premise or conclusion else None
    if op == "all":
        if bounds := range_of(p):
            return every(truth(args[1].args[1], env.bind(args[0], k)) for k in span(*bounds, env))
        return None
    if op == "deriv":
        return truth_of("eq", slope(p, env), reader(args[3])(env))
    return None


def slope(p: Term, env: Env) -> Number:
    """The derivative of which p, a statement about it, speaks: the slope to the right, which that to the left must equal."""
    v, f, at, _ = p.args
    here = reader(at)(env)
    right, left = (dual(reader(f)(env.bind(v, Dual(here, direction)))).slope for direction in (1, -1))
    agree = truth_of("eq", right, times(-1, left))
    if agree is False:
        raise Undefined(f"derivative at a tie: slope {show(right)} to the right, {show(times(-1, left))} to the left")
    if agree is None and type(right) in EXACT:
        raise Unknown("a slope to the left that is not known to be that to the right")
    return right


def every(truths: Any) -> bool | None:
    seen = list(truths)
    return False if False in seen else None if None in seen else True


def sides(p: Term, env: Env) -> str:
    """The parts of a formula that fail, with the values of both sides."""
    if p.op == "and":
        return "; ".join(sides(q, env) for q in p.args if fails(q, env))
    if p.op == "imp":
        return sides(p.args[1] if has_value(p.args[0], env) else p.args[0], env)
    if p.op == "all" and (bounds := range_of(p)):
        i, body = p.args
        for k in span(*bounds, env):
            if fails(body.args[1], env.bind(i, k)):
                return f"at index {k}: {sides(body.args[1], env.bind(i, k))}"
    relation = {"eq": "=", "le": "<=", "lt": "<", "deriv": "="}.get(p.args[0].op if p.op == "not" else p.op)
    if relation is None:
        return "it is false"
    inner = p.args[0] if p.op == "not" else p
    left, right = inner.args[:2]
    try:
        if inner.op == "deriv":
            a, right = slope(inner, env), inner.args[3]
        else:
            a = reader(left)(env)
        b = reader(right)(env)
    except Undefined as e:
        return f"undefined: {e}"
    return f"{'not ' if p.op == 'not' else ''}{show(a)} {relation} {show(b)} is false"


def fails(p: Term, env: Env) -> bool:
    """Whether the formula is known to be false, or to have no value, here."""
    try:
        return truth(p, env) is False
    except Undefined as e:
        return not isinstance(e, Unknown)


def has_value(p: Term, env: Env) -> bool:
    try:
        truth(p, env)
    except Undefined:
        return False
    return True


__all__ = [
    "Bound",
    "Env",
    "Number",
    "Undefined",
    "Unknown",
    "range_of",
    "every",
    "fails",
    "reader",
    "show",
    "sides",
    "slope",
    "truth",
    "truth_of",
    "value",
]
