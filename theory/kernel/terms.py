"""Terms and formulas: one immutable, interned node type, equal up to the names of bound variables.

    num q | var x sort | add .. | mul .. | pow t n | inv t | app f sort .. | sum i lo hi body | ite c a b   (terms)
    eq a b | le a b | lt a b | not p | and .. | imp p q | all x p | lim x f kind L | deriv x f p d       (formulas)

Sorts are "R" and "Z". `inv 0`, and `log x`, `sqrt x` outside their domain, are *some* real number: no rule says which.
Sums over an empty range are 0. `lim` is at +infinity (kind "oo") or from the right at 0 (kind "0+");
`deriv x f p d` says that x -> f is differentiable at the point p with derivative d. Floats are refused.
"""

from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

FORMULAS = {"eq", "le", "lt", "not", "and", "imp", "all", "lim", "deriv"}
SCOPED = {"sum": 3, "all": 1, "lim": 1, "deriv": 1}  # operator -> the argument in which its first argument is bound
# operator -> a letter per argument: t term, z integer term, p formula, v variable, n exponent, s string; * repeats
SHAPES = dict(add="t*", mul="t*", pow="tn", inv="t", sum="vzzt", ite="ptt", app="sst*", eq="tt", le="tt", lt="tt",
              imp="pp", all="vp", lim="vtst", deriv="vttt") | {"not": "p", "and": "p*"}  # fmt: skip

class Refused(Exception):
    """A rule says no: which rule, what it needed, what it knew, what to add."""
    def __init__(self, rule: str, needed: object, known: object = "nothing", add: object = ""):
        self.rule, self.needed, self.known, self.add = rule, needed, known, add
        super().__init__(f"REFUSED {rule}: needed {needed}; known: {known}" + (f"; add: {add}" if add else ""))

class Term:
    """An interned node: two terms are equal up to bound names exactly if they are the same object."""
    __slots__ = ("op", "args", "free", "height")
    op: str
    args: tuple[Any, ...]
    free: "frozenset[Term]"
    height: int  # of nested binders
    def __repr__(self) -> str:
        return show(self)
    def __reduce__(self) -> Any:  # copies are interned too
        return mk, (self.op, *self.args)

_interned: dict[tuple[Any, ...], Term] = {}
def _intern(op: str, args: tuple[Any, ...], free: "frozenset[Term] | None", height: int) -> Term:
    key = (op, *args)
    if key not in _interned:
        node = _interned[key] = object.__new__(Term)
        node.op, node.args, node.height = op, args, height
        node.free = frozenset([node]) if free is None else free
    return _interned[key]

def num(q: int | Fraction) -> Term:
    if type(q) not in (int, Fraction):
        raise Refused("num", "an int or a Fraction", repr(q), "an exact rational, e.g. Fraction(1, 10)")
    return _intern("num", (Fraction(q),), frozenset(), 0)
def var(name: str, sort: str = "R") -> Term:
    if not isinstance(name, str) or not name.isprintable() or sort not in ("R", "Z"):
        raise Refused("var", "a printable name and a sort R or Z", (name, sort))
    return _intern("var", (name, sort), None, 0)
def _fits(letter: str, a: Any) -> bool:
    if letter in "sn":
        return isinstance(a, str) and a.isprintable() if letter == "s" else type(a) is int and a >= 0
    if not isinstance(a, Term) or letter == "v":
        return isinstance(a, Term) and a.op == "var"
    return (a.op in FORMULAS) == (letter == "p") and (letter != "z" or is_int(a))
@lru_cache(maxsize=None, typed=True)  # a pure function; typed, or True and 1.0 would pass where 1 did
def mk(op: str, *args: Any) -> Term:
    """The only constructor of compound nodes: checks shape and sorts, gives bound variables their canonical name."""
    if op in ("num", "var"):
        return num(*args) if op == "num" else var(*args)
    shape = SHAPES.get(op, "")
    letters = shape[:-2] + shape[-2] * (len(args) - len(shape) + 2) if shape.endswith("*") else shape
    if not shape or len(letters) != len(args) or not all(map(_fits, letters, args)):
        raise Refused("mk", f"{op} over {shape or 'nothing: no such operator'}", args)
    if op == "app" and args[1] not in ("R", "Z") or op in ("sum", "deriv") and args[0].args[1] != ("Z" if op == "sum" else "R"):
        raise Refused("mk", "sort R or Z; sums over integers, derivatives over reals", args)
    if op == "lim" and (args[2], args[0].args[1]) not in (("oo", "R"), ("oo", "Z"), ("0+", "R")):
        raise Refused("mk", "a limit at oo, or at 0+ over the reals", args)
    frees = [a.free if isinstance(a, Term) else frozenset() for a in args]
    height = max((a.height for a in args if isinstance(a, Term)), default=0)
    if op not in SCOPED:
        return _intern(op, args, frozenset[Term]().union(*frees), height)
    bound, place = args[0], SCOPED[op]
    canonical = var(f"#{args[place].height}", bound.args[1])  # higher than every bound variable inside
    if canonical is not bound and canonical in args[place].free:
        raise Refused("mk", "names of free variables that do not start with #", canonical)
    body = subst(args[place], {bound: canonical})
    args = (canonical, *args[1:place], body, *args[place + 1 :])
    free = (body.free - {canonical}).union(*frees[1:place], *frees[place + 1 :])
    return _intern(op, args, free, max(height, body.height + 1))
def is_int(t: Term) -> bool:
    """Whether the term is an integer for every value of its variables, by its form."""
    if t.op in ("num", "var", "app"):
        return t.args[1] == "Z" if t.op != "num" else t.args[0].denominator == 1
    values = {"sum": t.args[3:], "ite": t.args[1:], "add": t.args, "mul": t.args, "pow": t.args[:1]}
    return t.op in values and all(map(is_int, values[t.op]))

def subst(t: Term, values: dict[Term, Term]) -> Term:
    """Simultaneous, capture-avoiding substitution for free variables; an integer variable takes integer terms."""
    for v, value in values.items():
        if v.op != "var" or value.op in FORMULAS or (v.args[1] == "Z" and not is_int(value)):
            raise Refused("subst", f"a term of sort {v.args[-1]} for {v}", value)
    values = {v: w for v, w in values.items() if v in t.free and v is not w}
    if not values or t.op == "var":
        return values.get(t, t)
    if t.op not in SCOPED:
        return mk(t.op, *(subst(a, values) if isinstance(a, Term) else a for a in t.args))
    bound, place = t.args[0], SCOPED[t.op]
    taken = t.args[place].free.union(*(w.free for w in values.values()), values)
    fresh = next(v for k in range(len(taken) + 1) if (v := var(f"!{k}", bound.args[1])) not in taken)
    body = subst(subst(t.args[place], {bound: fresh}), values)
    rest = [subst(a, values) if isinstance(a, Term) else a for a in t.args]
    return mk(t.op, fresh, *rest[1:place], body, *rest[place + 1 :])

def add(*ts: Term) -> Term: return mk("add", *ts)
def mul(*ts: Term) -> Term: return mk("mul", *ts)
def sub(a: Term, b: Term) -> Term: return mk("add", a, mk("mul", num(-1), b))
def inv(t: Term) -> Term: return mk("inv", t)
def eq(a: Term, b: Term) -> Term: return mk("eq", a, b)
def le(a: Term, b: Term) -> Term: return mk("le", a, b)
def lt(a: Term, b: Term) -> Term: return mk("lt", a, b)
def neg(p: Term) -> Term: return mk("not", p)
def ne(a: Term, b: Term) -> Term: return mk("not", mk("eq", a, b))
def app(name: str, *args: Term, sort: str = "R") -> Term: return mk("app", name, sort, *args)

ZERO, ONE = num(0), num(1)
@cache
def show(t: Term) -> str:
    """A rendering for messages, and the order of canonical forms."""
    if t.op in ("num", "var"):
        return str(t.args[0])
    sign = dict(add=" + ", mul="*", pow="^", eq=" = ", le=" <= ", lt=" < ", imp=" -> ").get(t.op)
    texts = [str(a) for a in (t.args[:1] + t.args[2:] if t.op == "app" else t.args)]
    return f"({sign.join(texts)})" if sign else f"{texts[0]}({', '.join(texts[1:])})" if t.op == "app" else f"{t.op}({', '.join(texts)})"
