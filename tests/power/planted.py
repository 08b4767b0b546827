"""What a planted claim is, and the expressions that planted claims share."""

from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from theory.language import family, int_family, integers, mean, reals
from theory.proposition import Proposition

x, y, z, s, A, e, b = reals("x y z s A epsilon b")
G, i, j, t, n = integers("G i j t n")
r, w = family("r"), family("w")
length = int_family("length")

R, W = sp.Sum(r(i), (i, 1, G)), sp.Sum(w(i), (i, 1, G))
M = R / G
VAR = mean((r(i) - M) ** 2, i, G)
SOME, TWO = G >= 1, G >= 2
WIDTH = [e > 0, e < 1]
DECAY = [b > 0, b < 1]


def clip(ratio: Any, width: Any = e) -> sp.Expr:
    return sp.Min(sp.Max(ratio, 1 - width), 1 + width)


def surrogate(ratio: Any, advantage: Any, width: Any = e) -> sp.Expr:
    """GRPO's inner term."""
    return sp.Min(ratio * advantage, clip(ratio, width) * advantage)


@dataclass(frozen=True)
class Planted:
    """A claim of known truth. `case`: where a false one fails."""

    name: str
    family: str
    statement: Any
    assumed: list[Any] = field(default_factory=list)
    case: dict[str, Any] | None = None
    hints: dict[str, str] = field(default_factory=dict)

    @property
    def proposition(self) -> Proposition:
        stated = {f"assumption {n}": a for n, a in enumerate(self.assumed, 1)}
        return Proposition(
            "planted.claim", self.name, self.family, "-", self.statement, stated, witness=self.case, hints=self.hints
        )
