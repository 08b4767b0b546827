"""Linear arithmetic: non-negative weights with which given vectors add up to a target, in exact rationals.

The simplex method, on tables of a few rows. An SMT solver takes longer to be told the question than this takes to answer it,
and which of several answers it gives depends on its version and on what it was asked before.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

Vector = Mapping[Any, Fraction]  # coordinate -> its value, where that is not 0
Weights = dict[int, Fraction]  # place of a vector -> its weight, where that is not 0
Row = dict[int, int]  # an equation of the table, in integers: column -> coefficient, where that is not 0
RIGHT = -1  # the right side of a row of the table, beside its columns 0, 1, ..
STEPS = 400  # ten times what any proof here needs; the numbers grow with each
ANY = object()  # a coordinate that is no other
ZERO = Fraction(0)


def nonnegative(vectors: Sequence[Vector], target: Vector) -> Weights | None:
    """Weights w >= 0 with sum w[n] vectors[n] = target; None if there are none, or STEPS do not find them.

    Every row starts with an error of its own, and columns replace errors until none is left (Bland's rule: always the
    first column that helps, and of the rows that limit it the one with the first column; this never runs in a circle).
    """
    rows: dict[Any, dict[int, Fraction]] = {at: {RIGHT: t} for at, t in target.items()}
    for n, vector in enumerate(vectors):
        for at, c in vector.items():
            rows.setdefault(at, {})[n] = c
    table = [whole(row) for row in rows.values()]
    sums = {n: sum(row.get(n, 0) for row in table) for n in range(RIGHT, len(vectors))}
    errors = {n: x for n, x in sums.items() if x}
    basis = [len(vectors) + r for r in range(len(table))]
    for row, n in zip(table, basis, strict=True):
        row[n] = 1
    for _ in range(STEPS):
        if RIGHT not in errors:
            break
        enters = min((n for n, c in errors.items() if c > 0 and n != RIGHT), default=None)
        if enters is None:
            return None
        limits = [(Fraction(row.get(RIGHT, 0), x), basis[r], r) for r, row in enumerate(table) if (x := row.get(enters, 0)) > 0]
        _, replaced, leaves = min(limits)
        pivot, basis[leaves] = table[leaves], enters
        if replaced >= len(vectors):
            del pivot[replaced]
        table = [row if row is pivot or enters not in row else without(row, enters, pivot) for row in table]
        errors = without(errors, enters, pivot)
    if RIGHT in errors:
        return None
    return {n: Fraction(row[RIGHT], row[n]) for n, row in zip(basis, table, strict=True) if n < len(vectors) and RIGHT in row}


def whole(row: dict[int, Fraction]) -> Row:
    """The row in integers, its right side not negative."""
    scale = lcm(*(c.denominator for c in row.values())) * (-1 if row.get(RIGHT, 0) < 0 else 1)
    return {n: c.numerator * (scale // c.denominator) for n, c in row.items()}


def without(row: Row, column: int, pivot: Row) -> Row:
    """A positive multiple of the row plus a multiple of the pivot row, in which the column does not occur."""
    p, c = pivot[column], row[column]
    mixed = {n: x for n in {**row, **pivot} if (x := p * row.get(n, 0) - c * pivot.get(n, 0))}
    common = gcd(*mixed.values())
    return {n: x // common for n, x in mixed.items()}


def positive(vectors: Sequence[Vector], target: Vector, some: Collection[int]) -> Weights | None:
    """Such weights, of which one in `some` is not zero: w / z, where w adds up to z times the target and to 1 over `some`."""
    marked = [{**v, ANY: Fraction(1)} if n in some else v for n, v in enumerate(vectors)]
    found = nonnegative([{at: -t for at, t in target.items()}, *marked], {ANY: Fraction(1)})
    if found is None:
        return None
    z, w = found.pop(0, ZERO), {n - 1: x for n, x in found.items() if n}
    if z:
        return {n: x / z for n, x in w.items()}
    other = nonnegative(vectors, target)  # w adds up to nothing: it may be added to any other weights
    return None if other is None else {n: w.get(n, ZERO) + other.get(n, ZERO) for n in {**w, **other}}
