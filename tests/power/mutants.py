"""Mutants of statements: small edits of a SymPy proposition that should make it false, or at least not follow."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import sympy as sp

from theory.kernel import Refused
from theory.language import ForAll, formula

# in a conclusion, and in a premise: the other direction only makes the statement weaker
STRICTER = {True: {sp.Le: sp.Lt, sp.Ge: sp.Gt}, False: {sp.Lt: sp.Le, sp.Gt: sp.Ge}}
OPAQUE_EQ = (sp.Derivative, sp.Limit)


def rebuilt(e: Any, args: list[Any]) -> Any:
    if isinstance(e, sp.core.relational.Relational):
        return e.func(*args, evaluate=False)
    return e.func(*args)


def children(e: Any) -> Iterator[tuple[int, Any]]:
    """The parts of an expression that are statements or values: no bound variables."""
    if isinstance(e, (sp.Derivative, sp.Limit, sp.Sum)):
        yield 0, e.args[0]
    elif isinstance(e, ForAll):
        yield from list(enumerate(e.args))[1:]
    elif isinstance(e, (sp.Function, sp.Piecewise)) and not isinstance(e, (sp.exp, sp.log, sp.Min, sp.Max, sp.Abs)):
        return  # indices of families, guards of pieces
    elif not isinstance(e, sp.Pow):
        yield from enumerate(e.args)


def edits(e: Any, positive: bool) -> Iterator[tuple[str, Any]]:
    """Each edit of the expression at its root, by kind."""
    if type(e) in STRICTER[positive]:
        yield "strictness", STRICTER[positive][type(e)](*e.args, evaluate=False)
    if isinstance(e, sp.Eq) and positive and not isinstance(e.lhs, OPAQUE_EQ):
        yield "strict inequality", sp.Lt(e.lhs, e.rhs, evaluate=False)
    if isinstance(e, sp.Rational) and e != -1:
        yield "constant", e + 1
    if isinstance(e, sp.Add):
        for n, a in enumerate(e.args):
            yield "sign", e.func(*e.args[:n], -a, *e.args[n + 1 :])
    if isinstance(e, sp.Sum):
        i, lo, hi = e.limits[0]
        yield "bound", e.func(e.function, (i, lo, hi + 1), *e.limits[1:])
        yield "bound", e.func(e.function, (i, lo + 1, hi), *e.limits[1:])
    if isinstance(e, sp.Mul):
        for n, a in enumerate(e.args):
            if isinstance(a, sp.Pow) and a.exp == -1:
                yield "factor", e.func(*e.args[:n], *e.args[n + 1 :])


def everywhere(e: Any, positive: bool = True) -> Iterator[tuple[str, Any]]:
    """Each edit of the expression, at any depth; `positive` unless it stands in a premise or under a negation."""
    yield from edits(e, positive)
    for n, child in children(e):
        turned = isinstance(e, sp.Not) or isinstance(e, sp.Implies) and n == 0
        for kind, new in everywhere(child, positive is not turned):
            try:
                yield kind, rebuilt(e, [*e.args[:n], new, *e.args[n + 1 :]])
            except (TypeError, ValueError):  # SymPy does not want it
                continue


def mutants(id: str, statement: Any, limit: int) -> list[tuple[str, Any]]:
    """At most `limit` mutants that are statements, of different kinds as far as there are; the same in every run."""
    by_kind: dict[str, list[Any]] = {}
    original = formula(statement)
    for kind, mutant in everywhere(statement):
        try:
            if formula(mutant) is not original:
                by_kind.setdefault(kind, []).append(mutant)
        except Refused:  # decided by SymPy, or no longer in the language
            continue
    chosen: list[tuple[str, Any]] = []
    turn = crc32(id.encode())
    while by_kind and len(chosen) < limit:
        kinds = sorted(by_kind)
        kind = kinds[turn % len(kinds)]
        found = by_kind[kind]
        chosen.append((kind, found.pop(turn // 7 % len(found))))
        if not found:
            del by_kind[kind]
        turn += 1
    return chosen
