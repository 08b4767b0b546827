"""A quoted number beside its recomputation, and when the two agree.

The quoted side is the source's text, digit by digit; the other side is computed. They agree if the found value rounds to
the printed one. A value that was cut off after its last digit instead of rounded is told apart, and so is one that differs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

FLOAT = 1e-9  # rounding of the recomputation itself


@dataclass(frozen=True)
class Row:
    """What is quoted, as printed; what computes it again; the propositions that it bears on.

    error: for numbers that the source sampled or gives as "about", how far off they may be. remark: what a reader must know,
    such as a set-up that the source does not state; a row that differs needs one.
    """

    source: str
    what: str
    quoted: tuple[str, ...]
    found: Callable[[], Sequence[float]]
    ids: tuple[str, ...]
    error: float = 0.0
    remark: str = ""


def value(quoted: str) -> tuple[float, float]:
    """The number, and the unit of its last digit: 0 for whole numbers, which are counts. "54%" is 0.54, "7,340" is 7340."""
    text = quoted.replace(",", "")
    number, scale = Decimal(text.rstrip("%")), 0.01 if text.endswith("%") else 1.0
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    whole = exponent == 0 and scale == 1
    return float(number) * scale, 0.0 if whole else 10.0**exponent * scale


def agreement(quoted: str, found: float, error: float = 0.0) -> str:
    """`agrees`, `within its error`, `cut off` (the digits are right, the last one is not rounded) or `differs`."""
    number, unit = value(quoted)
    off = abs(found - number)
    if off <= unit / 2 + FLOAT:
        return "agrees"
    if off <= error:
        return "within its error"
    return "cut off" if abs(found) > abs(number) and off < unit else "differs"


@cache
def judged(row: Row) -> tuple[list[float], str]:
    """The recomputed values, and the worst of their agreements."""
    found = [float(x) for x in row.found()]
    order = ["agrees", "within its error", "cut off", "differs"]
    verdicts = [agreement(q, x, row.error) for q, x in zip(row.quoted, found, strict=True)]
    return found, max(verdicts, key=order.index)
