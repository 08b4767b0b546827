"""Clipping and entropy: counts over random pairs of policies, one pair, and runs with random rewards."""

from __future__ import annotations

from functools import cache
from itertools import product

import torch

from numerics.evidence.related.clip_entropy import first_order, noted_shares, run

from .row import Row

KINDS = ((False, False), (True, False), (False, True), (True, True))  # clipped above, below


@cache
def means(spread: float, rate: float) -> list[float]:
    """Mean change of H over 3000 runs: none, high only, low only, both."""
    return [run(spread, rate, *kind, runs=3000)[0] for kind in KINDS]


def example() -> list[float]:
    pair = torch.tensor([[0.148, 0.321, 0.188, 0.099, 0.243], [0.225, 0.423, 0.128, 0.054, 0.171]], dtype=torch.float64)
    return [float(first_order(*pair)["high", "plain"])]


@cache
def counts() -> list[float]:
    return [n for side in noted_shares().values() for n in side]


def orders() -> list[float]:
    """Of 6 settings: where clip-low gains over no clipping, where clip-high loses; and whether the latter is sd 3, rate 1."""
    settings = list(product((0.5, 1.5, 3.0), (1.0, 4.0)))
    low = [s for s in settings if means(*s)[2] > means(*s)[0]]
    high = [s for s in settings if means(*s)[1] < means(*s)[0]]
    return [len(low), len(high), high == [(3.0, 1.0)]]


PLAIN = ("clip_entropy.clip_high.plain", "clip_entropy.clip_low.plain")
LAW = "20,000 pairs of NumPy's default_rng(0), logits of deviation .3, 1 or 2: the one law found that gives the counts"
RUNS = "10 arms, 64 samples, 8 steps, 3000 runs; sampled in both, the source's standard error is at most .01"
ROWS = [
    Row("clip_entropy", "pairs where clip-high raises H, of how many; where clip-low lowers it, of how many",
        ("7,340", "13,581", "872", "13,729"), counts, PLAIN, remark=LAW),
    Row("clip_entropy", "as shares", ("54%", "6%"), lambda: [counts()[0] / counts()[1], counts()[2] / counts()[3]],
        PLAIN, remark=LAW),
    Row("clip_entropy", "the example", (".025",), example, ("clip_entropy.clip_high.plain",), remark="in the logits, rate 1"),
    Row("clip_entropy", "dH, deviation .5, rate 1: none, high, low, both", ("-.062", "-.021", "-.037", "-.014"),
        lambda: means(0.5, 1.0), ("clip_entropy.symmetric_clip",), error=0.01, remark=RUNS),
    Row("clip_entropy", "dH, deviation 3, rate 1: none, high, low, both", ("-.012", "-.024", ".023", "-.005"),
        lambda: means(3.0, 1.0), ("clip_entropy.symmetric_clip",), error=0.01, remark=RUNS),
    Row("clip_entropy", "of 6 settings: clip-low above no clipping; clip-high below it; that one is deviation 3, rate 1",
        ("6", "1", "1"), orders, ("clip_entropy.symmetric_clip",), remark=RUNS),
]  # fmt: skip
