"""What a row of the history is here: where it happened, the wrong and the right formula, and the property between them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """`wrong` must be refuted on `id`, `right` must come out as `right_is`; at groups of `G` and lengths up to `T`."""

    where: str
    wrong: Callable
    right: Callable
    id: str
    right_is: str = "proved"
    G: int = 3
    T: int = 2

    def __str__(self) -> str:
        return f"{self.where}-{self.wrong.__name__}-{self.id}"
