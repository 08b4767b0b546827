"""What the names of a formula stand for while `theory.evaluate` works it out."""

from collections.abc import Mapping
from typing import Any

from .kernel import Term
from .numbers import Dual, Number, Unknown, number, plain, show, whole


class Env:
    """Values of symbols and families by name. A family is a list (indices from 1, nested for several), or a callable.

    `known` keeps the values of sums and cases that need no variable bound further inside: means and partition functions
    recur in every member, and terms share their parts.
    """

    def __init__(self, values: Mapping[str, Any]):
        self.values = dict(values)
        self.known: dict[Term, Number] = {}

    def var(self, name: str, sort: str) -> Number:
        if name not in self.values:
            raise Unknown(f"no value for {name}")
        return of_sort(sort, number(self.values[name]), name)

    def app(self, name: str, sort: str, args: tuple[Number, ...]) -> Number:
        f = self.values.get(name)
        if callable(f):
            f = f(*[a if isinstance(a, Dual) else plain(a) for a in args])  # 1/i is no float there
            return of_sort(sort, number(f), name)
        for a in args:
            if not isinstance(f, (list, tuple)) or not whole(a) or not 1 <= a <= len(f):
                raise Unknown(f"no value for {name}({', '.join(map(show, args))})")
            f = f[int(a) - 1]
        return of_sort(sort, number(f), name)

    def bind(self, v: Term, value: Number) -> "Env":
        return Bound(self, v, number(value))

    def home(self, free: frozenset[Term]) -> "Env":
        """The outermost environment that knows these variables."""
        return self


class Bound(Env):
    """An environment with one more (bound) variable."""

    def __init__(self, outer: Env, v: Term, value: Number):
        self.outer, self.v, self.name, self.value = outer, v, v.args[0], value
        self.known = {}

    def var(self, name: str, sort: str) -> Number:
        return self.value if name == self.name else self.outer.var(name, sort)

    def app(self, name: str, sort: str, args: tuple[Number, ...]) -> Number:
        return self.outer.app(name, sort, args)

    def home(self, free: frozenset[Term]) -> Env:
        return self if self.v in free else self.outer.home(free)


def of_sort(sort: str, x: Number, name: str) -> Number:
    """x, which must be an integer where an integer is meant."""
    if sort == "Z" and not whole(x):
        raise Unknown(f"{name} is an integer, and not {show(x)}")
    return x
