"""What terms and formulas mean: evaluation over exact rationals by explicit loops, and random terms to evaluate.

Shares nothing with the kernel but the shape of its nodes. Unknown functions are arbitrary but fixed; so is 1/0.
"""

import zlib
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from theory.kernel import Term, mk, num, var
from theory.kernel.terms import SCOPED

Env = dict[Term, Fraction]
ONE_OVER_ZERO = Fraction(7, 3)
X, Y, N, M, IX, J = var("x"), var("y"), var("n", "Z"), var("m", "Z"), var("i", "Z"), var("j", "Z")


class Unknown(Exception):
    """Quantifiers, limits, derivatives and long sums are not evaluated."""


def function(name: str, sort: str, values: list[Any]) -> Fraction:
    """Some function: what it gives depends on the numbers alone."""
    code = zlib.crc32(repr((name, sort, [str(v) for v in values])).encode())
    return Fraction(code % 7 - 3) if sort == "Z" else Fraction(code % 23 - 11, code % 5 + 1)


def value(t: Term, env: Env) -> Any:
    """The number, or the truth value."""
    match t.op, t.args:
        case "num", (q,):
            return q
        case "var", _:
            return env[t]
        case "add", ts:
            return sum((value(a, env) for a in ts), Fraction(0))
        case "mul", ts:
            product = Fraction(1)
            for a in ts:
                product *= value(a, env)
            return product
        case "pow", (base, k):
            return value(base, env) ** k
        case "inv", (a,):
            return 1 / d if (d := value(a, env)) else ONE_OVER_ZERO
        case "app", (name, sort, *ts):
            return function(name, sort, [value(a, env) for a in ts])
        case "sum", (i, lo, hi, body):
            low, high = value(lo, env), value(hi, env)
            assert low.denominator == high.denominator == 1
            if high - low > 300:
                raise Unknown("a long sum")
            return sum((value(body, env | {i: Fraction(k)}) for k in range(int(low), int(high) + 1)), Fraction(0))
        case "ite", (c, a, b):
            return value(a, env) if value(c, env) else value(b, env)
        case "eq", (a, b):
            return value(a, env) == value(b, env)
        case "le", (a, b):
            return value(a, env) <= value(b, env)
        case "lt", (a, b):
            return value(a, env) < value(b, env)
        case "not", (p,):
            return not value(p, env)
        case "and", ps:
            return all([value(p, env) for p in ps])
        case "imp", (p, q):
            return not value(p, env) or value(q, env)
    raise Unknown(t.op)


small = st.fractions(min_value=-3, max_value=3, max_denominator=3)
whole = st.integers(min_value=-3, max_value=4)


def environments(*variables: Term) -> Any:
    return st.fixed_dictionaries({v: whole.map(Fraction) if v.args[1] == "Z" else small for v in variables})


def integer_terms(*variables: Term) -> Any:
    leaves = st.one_of(whole.map(num), st.sampled_from(variables) if variables else whole.map(num))
    return st.one_of(
        leaves,
        st.builds(lambda a, b: mk("add", a, b), leaves, leaves),
        st.builds(lambda a: mk("app", "N", "Z", a), leaves),
    )


def ring_terms(atoms: Any) -> Any:
    return st.recursive(
        atoms | small.map(num),
        lambda t: st.one_of(
            st.lists(t, max_size=3).map(lambda ts: mk("add", *ts)),
            st.lists(t, max_size=3).map(lambda ts: mk("mul", *ts)),
            st.builds(lambda a, k: mk("pow", a, k), t, st.integers(0, 3)),
        ),
        max_leaves=8,
    )


def formulas(t: Any) -> Any:
    relation = st.builds(lambda op, a, b: mk(op, a, b), st.sampled_from(["eq", "le", "lt"]), t, t)
    return st.one_of(relation, relation.map(lambda p: mk("not", p)), st.builds(lambda p, q: mk("and", p, q), relation, relation))


def terms(*variables: Term) -> Any:
    """Terms of every kind over these variables and i; the index of a sum may have the name of any."""
    free = st.sampled_from([*variables, IX])

    def sums(body: Any) -> Any:
        index = st.sampled_from([IX, J, *(v for v in variables if v.args[1] == "Z")])
        ends = integer_terms(*(v for v in [*variables, IX] if v.args[1] == "Z"))
        return st.builds(lambda i, lo, hi, t: mk("sum", i, lo, hi, t), index, ends, ends, body)

    return st.recursive(
        free | small.map(num),
        lambda t: st.one_of(
            st.lists(t, max_size=3).map(lambda ts: mk("add", *ts)),
            st.lists(t, max_size=3).map(lambda ts: mk("mul", *ts)),
            st.builds(lambda a, k: mk("pow", a, k), t, st.integers(0, 2)),
            t.map(lambda a: mk("inv", a)),
            st.builds(lambda f, ts: mk("app", f, "R", *ts), st.sampled_from("fg"), st.lists(t, min_size=1, max_size=2)),
            sums(t),
            st.builds(lambda p, a, b: mk("ite", p, a, b), formulas(t), t, t),
        ),
        max_leaves=9,
    )


def renamed(t: Term, names: Any) -> Term:
    """The same term, every binder built anew with a name drawn for it."""
    if t.op not in SCOPED:
        return mk(t.op, *(renamed(a, names) if isinstance(a, Term) else a for a in t.args)) if t.op != "num" else t
    bound, place = t.args[0], SCOPED[t.op]
    body = renamed(t.args[place], names)
    name = var(names(), bound.args[1])
    if name in body.free:
        name = bound
    from theory.kernel import subst

    rest = [renamed(a, names) if isinstance(a, Term) else a for a in t.args]
    return mk(t.op, name, *rest[1:place], subst(body, {bound: name}), *rest[place + 1 :])
