"""Exact evaluation of kernel terms and formulas, without SymPy: how witnesses are re-executed and searches screened.

Numbers are `Fraction` as long as that is exact, and rigorous balls (`flint.arb`) once exp, log or a root that is not
rational enters. A comparison of balls that overlap is undecided (None), never a guess. Derivatives are taken by dual
numbers. Whatever is outside its domain raises `Undefined`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

from flint import arb, ctx, fmpq

from .kernel import Term
from .kernel.terms import num

ctx.prec = 160
Number = Any  # Fraction | arb | Dual
ZERO = Fraction(0)


class Undefined(ArithmeticError):
    """The expression has no value here: division by zero, log or root outside its domain, a tie in a derivative."""


@dataclass(frozen=True)
class Kink:
    """In the place of a slope: continuous, but without a derivative, at a tie. Only a factor 0 makes it go away."""

    where: str


@dataclass(frozen=True)
class Dual:
    """value + slope * (infinitesimal)."""

    value: Number
    slope: Number

    def __add__(self, other: Number) -> "Dual":
        o = dual(other)
        return Dual(plus(self.value, o.value), plus(self.slope, o.slope))

    def __mul__(self, other: Number) -> "Dual":
        o = dual(other)
        return Dual(times(self.value, o.value), plus(times(self.slope, o.value), times(self.value, o.slope)))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Dual":
        return self * Fraction(-1)

    def __sub__(self, other: Number) -> "Dual":
        return self + dual(other) * Fraction(-1)

    def __rsub__(self, other: Number) -> "Dual":
        return dual(other) - self


def dual(x: Number) -> Dual:
    return x if isinstance(x, Dual) else Dual(Fraction(x) if isinstance(x, int) else x, Fraction(0))


def ball(x: Number) -> arb:
    return x if isinstance(x, arb) else arb(fmpq(x.numerator, x.denominator))


def mixed(f: Callable[[Any, Any], Any], x: Number, y: Number) -> Number:
    if isinstance(x, Dual) or isinstance(y, Dual):
        return f(dual(x), dual(y))
    return f(x, y) if isinstance(x, Fraction) and isinstance(y, Fraction) else f(ball(x), ball(y))


def plus(x: Number, y: Number) -> Number:
    if type(x) is Fraction is type(y):  # nearly always: searches live off this line
        return x + y
    if isinstance(x, Kink) or isinstance(y, Kink):
        return x if isinstance(x, Kink) else y
    return mixed(lambda a, b: a + b, x, y)


def times(x: Number, y: Number) -> Number:
    if type(x) is Fraction is type(y):
        return x * y
    if isinstance(x, Kink) or isinstance(y, Kink):
        kink, factor = (x, y) if isinstance(x, Kink) else (y, x)
        return Fraction(0) if isinstance(factor, Fraction) and factor == 0 else kink
    return mixed(lambda a, b: a * b, x, y)


def sign(x: Number) -> int | None:
    """-1, 0 or 1; None where a ball does not tell."""
    if isinstance(x, Dual):
        return sign(x.value)
    if isinstance(x, Fraction):
        return (x > 0) - (x < 0)
    return 1 if x > 0 else -1 if x < 0 else 0 if x == 0 else None


def inverse(x: Number) -> Number:
    if sign(x) in (0, None):
        raise Undefined(f"division by {show(x)}")
    if isinstance(x, Dual):
        v = inverse(x.value)
        return Dual(v, times(times(x.slope, Fraction(-1)), times(v, v)))
    return 1 / x


def exp(x: Number) -> Number:
    if isinstance(x, Dual):
        return Dual(exp(x.value), times(exp(x.value), x.slope))
    return Fraction(1) if x == 0 else ball(x).exp()


def log(x: Number) -> Number:
    if sign(x) != 1:
        raise Undefined(f"log of {show(x)}")
    if isinstance(x, Dual):
        return Dual(log(x.value), times(x.slope, inverse(x.value)))
    return Fraction(0) if x == 1 else ball(x).log()


def sqrt(x: Number) -> Number:
    if sign(x) not in (0, 1):
        raise Undefined(f"square root of {show(x)}")
    if isinstance(x, Dual):
        root = sqrt(x.value)
        return Dual(root, times(x.slope, inverse(times(Fraction(2), root))))
    if isinstance(x, Fraction):
        p, q = isqrt(x.numerator), isqrt(x.denominator)
        if p * p == x.numerator and q * q == x.denominator:
            return Fraction(p, q)
    return ball(x).sqrt()


def power(x: Number, n: int) -> Number:
    out: Number = Fraction(1)
    for _ in range(n):
        out = times(out, x)
    return out


OPAQUE = {"exp": exp, "log": log, "sqrt": sqrt}


class Env:
    """Values of symbols and families by name. A family is a list (indices from 1, nested for several), or a callable."""

    def __init__(self, values: Mapping[str, Any]):
        self.values = dict(values)

    def var(self, name: str, sort: str) -> Number:
        if name not in self.values:
            raise Undefined(f"no value for {name}")
        return exact(self.values[name])

    def app(self, name: str, sort: str, args: tuple[Number, ...]) -> Number:
        f = self.values.get(name)
        if callable(f):
            return exact(f(*args))
        for a in args:
            if not isinstance(f, (list, tuple)) or not isinstance(a, Fraction) or not 1 <= a <= len(f):
                raise Undefined(f"no value for {name}({', '.join(map(show, args))})")
            f = f[int(a) - 1]
        return exact(f)

    def bind(self, v: Term, value: Number) -> "Env":
        return Bound(self, v.args[0], value)


class Bound(Env):
    """An environment with one more (bound) variable."""

    def __init__(self, outer: Env, name: str, value: Number):
        self.outer, self.name, self.value = outer, name, value

    def var(self, name: str, sort: str) -> Number:
        return self.value if name == self.name else self.outer.var(name, sort)

    def app(self, name: str, sort: str, args: tuple[Number, ...]) -> Number:
        return self.outer.app(name, sort, args)


def exact(x: Any) -> Number:
    if isinstance(x, float):
        raise Undefined(f"{x!r} is a float: write it as a fraction")
    return x if isinstance(x, (arb, Dual)) else Fraction(x)


def value(t: Term, env: Env) -> Number:
    """The value of a term. Raises Undefined outside the domain of an operation."""
    return MEANING[t.op](t.args, env)


def added(args: Any, env: Env) -> Number:
    out: Number = value(args[0], env)
    for a in args[1:]:
        out = plus(out, value(a, env))
    return out


def multiplied(args: Any, env: Env) -> Number:
    out: Number = value(args[0], env)
    for a in args[1:]:
        out = times(out, value(a, env))
    return out


def summed(args: Any, env: Env) -> Number:
    i, lo, hi, member = args
    total: Number = ZERO
    for k in span(lo, hi, env):
        total = plus(total, value(member, env.bind(i, Fraction(k))))
    return total


def applied(args: Any, env: Env) -> Number:
    name, sort = args[:2]
    inner = tuple([value(a, env) for a in args[2:]])
    if name in OPAQUE and len(inner) == 1:
        return OPAQUE[name](*inner)
    if name == "pow" and len(inner) == 2:
        if inner[1] < 0:
            raise Undefined(f"negative exponent {inner[1]}")
        return power(inner[0], int(inner[1]))
    return env.app(name, sort, inner)


def conditional(args: Any, env: Env) -> Number:
    p, a, b = args
    holds = truth(p, env)
    if holds is None:
        raise Undefined(f"undecided condition {p!r}")
    taken = value(a if holds else b, env)
    ends = [value(x, env) for x in p.args] if p.op in ("le", "lt") else []
    if any(isinstance(x, Dual) for x in ends) and truth_of("eq", *ends) is not False:
        other = value(b if holds else a, env)
        if truth_of("eq", other, taken) is not True:
            raise Undefined(f"derivative at a tie of {p!r}")
        slopes = dual(other).slope, dual(taken).slope
        if any(isinstance(x, Kink) for x in slopes) or truth_of("eq", *slopes) is not True:
            return Dual(dual(taken).value, Kink(repr(p)))
    return taken


MEANING: dict[str, Callable[[Any, Env], Number]] = {
    "num": lambda args, env: args[0],
    "var": lambda args, env: env.var(*args),
    "add": added,
    "mul": multiplied,
    "pow": lambda args, env: power(value(args[0], env), args[1]),
    "inv": lambda args, env: inverse(value(args[0], env)),
    "sum": summed,
    "ite": conditional,
    "app": applied,
}
"""What an operation of a term does with the values of its parts."""


def span(lo: Term, hi: Term, env: Env) -> range:
    first, last = value(lo, env), value(hi, env)
    return range(int(first), int(last) + 1)


def truth_of(relation: str, a: Number, b: Number) -> bool | None:
    if type(a) is Fraction is type(b):
        return a == b if relation == "eq" else a <= b if relation == "le" else a < b
    s = sign(plus(a, times(Fraction(-1), b)))
    if s is None:
        return None
    return {"eq": s == 0, "le": s <= 0, "lt": s < 0}[relation]


def truth(p: Term, env: Env) -> bool | None:
    """Whether a formula holds; None where balls overlap, and for limits and unbounded quantifiers."""
    op, args = p.op, p.args
    if op in ("eq", "le", "lt"):
        return truth_of(op, value(args[0], env), value(args[1], env))
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
        i, body = args
        bounds: tuple[Term, ...] = body.args[0].args if body.op == "imp" and body.args[0].op == "and" else ()
        if len(bounds) == 2 and bounds[0].args[1] is i and bounds[1].args[0] is i and i.args[1] == "Z":
            span_ = span(bounds[0].args[0], bounds[1].args[1], env)
            return every(truth(body.args[1], env.bind(i, Fraction(k))) for k in span_)
        return None
    if op == "deriv":
        return truth_of("eq", slope(p, env), value(args[3], env))
    return None


def slope(p: Term, env: Env) -> Number:
    """The derivative of which p, a statement about it, speaks."""
    v, f, at, _ = p.args
    found = dual(value(f, env.bind(v, Dual(value(at, env), Fraction(1))))).slope
    if isinstance(found, Kink):
        raise Undefined(f"derivative at a tie of {found.where}")
    return found


def every(truths: Any) -> bool | None:
    seen = list(truths)
    return False if False in seen else None if None in seen else True


def show(x: Number) -> str:
    """A value for people: fractions exactly, balls to 8 digits."""
    if isinstance(x, Dual):
        return f"{show(x.value)} with slope {show(x.slope)}"
    return str(x) if isinstance(x, Fraction) else x.str(8, radius=False)


def sides(p: Term, env: Env) -> str:
    """The parts of a formula that fail, with the values of both sides."""
    if p.op == "and":
        return "; ".join(sides(q, env) for q in p.args if fails(q, env))
    if p.op == "imp":
        return sides(p.args[1], env)
    if p.op == "all":
        i, body = p.args
        lo, hi = body.args[0].args
        for k in span(lo.args[0], hi.args[1], env):
            if fails(body.args[1], env.bind(i, Fraction(k))):
                return f"at index {k}: {sides(body.args[1], env.bind(i, Fraction(k)))}"
    relation = {"eq": "=", "le": "<=", "lt": "<", "deriv": "="}.get(p.args[0].op if p.op == "not" else p.op)
    if relation is None:
        return "it is false"
    inner = p.args[0] if p.op == "not" else p
    left, right = inner.args[:2]
    try:
        if inner.op == "deriv":
            a, right = slope(inner, env), inner.args[3]
        else:
            a = value(left, env)
        b = value(right, env)
    except Undefined as e:
        return f"undefined: {e}"
    return f"{'not ' if p.op == 'not' else ''}{show(a)} {relation} {show(b)}" + (" is false" if p.op != "not" else " is false")


def fails(p: Term, env: Env) -> bool:
    """Whether the formula is false, or has no value, here."""
    try:
        return truth(p, env) is False
    except Undefined:
        return True


__all__ = ["Bound", "Dual", "Env", "Undefined", "fails", "num", "show", "sides", "truth", "value"]
