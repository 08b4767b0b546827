"""MaskGRPO: mask fractions of Algorithm 1 and the levels of the emerge sampler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import cos, pi

import torch

from numerics.related.maskgrpo import emerge_step, keep_probabilities

from .row import Row


def fraction(percent: int, length: int = 256) -> float:
    return float(1 - sum(keep_probabilities(length, Fraction(percent, 100))) / length)


def left_for_the_last_step(steps: int = 12) -> list[float]:
    """Share of MASK before the last of `steps` cosine steps of the kernel."""
    law, levels, left = torch.tensor([0.5, 0.5], dtype=torch.float64), [cos(pi * n / (2 * steps)) for n in range(steps)], 1.0
    for before, after in zip(levels, levels[1:], strict=False):
        left *= float(emerge_step(law, 1 - before, 1 - after)[-1])
    return [left]


def of(what: str, quoted: str, found: Callable[[], Sequence[float]], *ids: str, remark: str = "", error: float = 0.0) -> Row:
    return Row("maskgrpo", what, tuple(quoted.split()), found, tuple(f"maskgrpo.{id}" for id in ids), error, remark)


ROWS = [
    of("mask fraction, L = 256, r = .1, .3", ".2786 .3577", lambda: [fraction(10), fraction(30)], "remask.fraction.low"),
    of("its limit 1/(4(1-r)), r = .1, .3", ".2778 .3571", lambda: [fraction(r, 10**5) for r in (10, 30)],
       "remask.fraction.limit", remark="here of L = 100,000"),
    of("mask fraction, L = 256, r = .5, .6, .8, .95", ".5 .6 .8 .95", lambda: [fraction(r) for r in (50, 60, 80, 95)],
       "remask.fraction.repaired"),
    of("chance that the first and the last token are masked, r = .6", ".2 1",
       lambda: [float(1 - keep_probabilities(256, Fraction(3, 5))[n]) for n in (0, -1)], "remask.ends"),
    of("MASK before the last of 12 cosine steps", ".13053", left_for_the_last_step, "emerge.telescoping"),
    of("share of the image decoded in the last step", "13%", left_for_the_last_step, "emerge.decoded"),
]  # fmt: skip
