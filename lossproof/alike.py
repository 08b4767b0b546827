"""Claims that are one claim but for the order of the completions: the first is decided, the others follow.

A renaming of variables that maps the assumptions to themselves maps what follows from them to what follows from them. The
renaming is a permutation of the completions; that it maps one claim to another is read off their forms.
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from theory.kernel import Term
from theory.kernel.ring import Poly, difference, poly

ROW = re.compile(r"(.*?)_(0|[1-9]\d*)((?:_\d+)?)")  # name, completion, and for tokens the position


def row(v: Term) -> int | None:
    """The completion that a variable belongs to."""
    found = ROW.fullmatch(v.args[0])
    return int(found[2]) if found else None


class Forms:
    """A number per term and renaming, the same for two terms only if they have the same value once the variables are renamed.

    Sums, products and conjunctions are taken without order, polynomials in real variables multiplied out.
    """

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.memo: dict[tuple[tuple[int, ...], Term], int] = {}

    def of(self, t: Term, order: tuple[int, ...] = ()) -> int:
        """`order`: the new place of each completion; none is renamed where it is empty."""
        key = (order, t)
        if key not in self.memo:
            self.memo[key] = self.numbers.setdefault(self._form(t, order), len(self.numbers))
        return self.memo[key]

    def _form(self, t: Term, order: tuple[int, ...]) -> Any:
        if t.op == "num":
            return t
        if t.op == "var":
            return renamed(t, order)
        if t.op in ("add", "mul", "pow") and rational(t):
            return "poly", self._monomials(poly(t), order)
        if t.op in ("add", "mul"):
            return t.op, tuple(sorted(self.of(a, order) for a in flat(t)))
        if t.op == "eq":
            if all(map(rational, t.args)):  # a = b where a - b = 0, and so where b - a = 0
                gap = self._monomials(difference(*t.args), order)
                return "eq", frozenset({gap, frozenset((m, -c) for m, c in gap)})
            return "eq", frozenset(self.of(a, order) for a in t.args)
        if t.op == "and":
            parts = flat(t)
            if parts and all(a.op == "eq" and a.args[0] is parts[0].args[0] for a in parts):
                return "all equal", frozenset(self.of(x, order) for a in parts for x in a.args)
            return "and", frozenset(self.of(a, order) for a in parts)
        return t.op, *(self.of(a, order) if isinstance(a, Term) else a for a in t.args)

    def _monomials(self, p: Poly, order: tuple[int, ...]) -> Any:
        """The polynomial in the numbers of its atoms: two atoms of one number are one, so their powers and factors add up."""
        found = dict[Any, Fraction]()
        for m, c in p.items():
            powers = dict[int, int]()
            for a, k in m:
                powers[self.of(a, order)] = powers.get(self.of(a, order), 0) + k
            key = frozenset(powers.items())
            found[key] = found.get(key, Fraction(0)) + c
        return frozenset((m, c) for m, c in found.items() if c)


def renamed(v: Term, order: tuple[int, ...]) -> tuple[str, str]:
    found = ROW.fullmatch(v.args[0]) if order else None
    if found is None or int(found[2]) >= len(order):
        return v.args
    return f"{found[1]}_{order[int(found[2])]}{found[3]}", v.args[1]


CHOICE = ("ite", "eq", "le", "lt", "not", "and")
_rational: dict[Term, bool] = {}


def rational(t: Term) -> bool:
    """Whether a term is made of real variables by adding, multiplying, dividing, taking roots and choosing between values."""
    if t not in _rational:
        inner = [a for a in t.args if isinstance(a, Term)]
        own = t.op in ("num", "add", "mul", "pow", "inv", *CHOICE) or t.op == "app" and t.args[0] == "sqrt"
        _rational[t] = t.args[1] == "R" if t.op == "var" else own and all(map(rational, inner))
    return _rational[t]


def flat(t: Term) -> list[Term]:
    """The parts of a sum, product or conjunction, nested ones of the same kind opened."""
    out, todo = [], list(reversed(t.args))
    while todo:
        a = todo.pop()
        if a.op == t.op:
            todo += reversed(a.args)
        else:
            out.append(a)
    return out


class Alike:
    """Recognises a claim that was decided before under another order of the completions."""

    def __init__(self, assumed: Iterable[Term], forms: Forms):
        self.assumed, self.forms = list(assumed), forms
        rows = {r for t in self.assumed for v in t.free if (r := row(v)) is not None}
        self.size = 1 + max(rows, default=-1)
        self.fixed: dict[tuple[int, ...], bool] = {}

    def key(self, goal: Term, given: list[Term], partial: Iterable[Term] = ()) -> Any:
        """The same for two claims only if a permutation that keeps the assumptions maps one to the other.

        `partial`: the divisions, roots and logs in them; two claims of one form may differ in one that cancels.
        """
        order = self.order([*goal.args, *(a for t in given for a in t.args)])
        order = order if self.keeps(order) else ()
        return self.forms.of(goal, order), *(frozenset(self.forms.of(t, order) for t in some) for some in (given, partial))

    def order(self, parts: list[Term]) -> tuple[int, ...]:
        """The completions that a claim speaks of most come first."""
        count: list[list[int]] = [[] for _ in range(self.size)]
        for part in parts:
            for c in count:
                c.append(0)
            for v in part.free:
                r = row(v)
                if r is not None and r < self.size:
                    count[r][-1] -= 1
        places = [0] * self.size
        for place, r in enumerate(sorted(range(self.size), key=lambda r: (count[r], r))):
            places[r] = place
        return tuple(places)

    def keeps(self, order: tuple[int, ...]) -> bool:
        """Whether the permutation maps the assumptions to themselves."""
        if order not in self.fixed:
            plain, moved = ({self.forms.of(t, o) for t in self.assumed} for o in ((), order))
            self.fixed[order] = plain == moved
        return self.fixed[order]
