"""GDPO: printed advantages, and how many groups of binary rewards each estimator tells apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import combinations_with_replacement
from math import comb, gcd

import torch

from numerics.advantages.centred import centred
from numerics.advantages.gdpo import decoupled as exact
from numerics.advantages.grpo_of_total import grpo_of_total as total
from numerics.evidence.related.gdpo import counts

from .row import Row


def columns(*rewards: list[int]) -> torch.Tensor:
    return torch.tensor(rewards, dtype=torch.float64).T


def of_group(estimator: Callable[..., torch.Tensor], *rewards: list[int]) -> list[float]:
    """Advantages of one group, a list per reward; nothing is added to the deviation."""
    table = columns(*rewards)
    out: list[float] = estimator(table, torch.zeros(len(table), dtype=torch.long)).tolist()
    return out


def centred_total(table: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    return centred(table.sum(1), group)


def gaps() -> list[float]:
    """Groups of 128: pass minus fail of a reward that half of them pass, and of one that a single rollout passes."""
    rows = [of_group(exact, [1] * passes + [0] * (128 - passes)) for passes in (64, 1)]
    return [row[0] - row[-1] for row in rows]


def shapes(rewards: int, size: int) -> float:
    """1 + the number of multisets of totals with least element 0 and greatest common divisor 1."""
    totals = combinations_with_replacement(range(rewards + 1), size)
    return 1 + sum(min(row) == 0 and reduce(gcd, row) == 1 for row in totals)


def of(what: str, quoted: str, found: Callable[[], Sequence[float]], *ids: str, error: float = 0.0, remark: str = "") -> Row:
    return Row("gdpo", what, tuple(quoted.split()), found, tuple(f"gdpo.{id}" for id in ids), error, remark)


TABLE = {
    (2, 2): "6 2 3 3", (2, 3): "10 4 6 6", (2, 4): "15 7 10 14", (2, 5): "21 11 15 26", (2, 6): "28 16 21 38",
    (2, 7): "36 22 28 59", (2, 8): "45 29 36 81", (1, 4): "5 4 4 4", (3, 4): "35 14 20 45", (4, 4): "70 23 35 127",
}  # fmt: skip

ROWS = [
    of("GRPO of totals (0,1), (0,2), (1,2)", "-.7071 .7071 -.7071 .7071 -.7071 .7071",
       lambda: [x for pair in ([0, 1], [0, 2], [1, 2]) for x in of_group(total, pair)], "collapse"),
    of("GRPO without std of totals (0,1), (0,2)", "-.5 .5 -1 1",
       lambda: [x for pair in ([0, 1], [0, 2]) for x in of_group(centred_total, pair)], "without_std"),
    of("GDPO of totals (0,1), (0,2)", "-.7071 .7071 -1.4142 1.4142",
       lambda: [*of_group(exact, [0, 1]), *of_group(exact, [0, 1], [0, 1])], "eq5.two_rollouts"),
    *(of(f"n = {n}, G = {size}: totals, and groups told apart by GRPO, without std, by GDPO", quoted,
         partial(counts, n, size), "distinct_groups") for (n, size), quoted in TABLE.items()),
    of("n = 2, G = 2..8: C(G+1, 2) for GRPO without std", "3 6 10 15 21 28 36",
       lambda: [comb(size + 1, 2) for size in range(2, 9)], "distinct_groups"),
    of("n = 2, G = 2..8: 1 + primitive shapes for GRPO", "2 4 7 11 16 22 29",
       lambda: [shapes(2, size) for size in range(2, 9)], "distinct_groups"),
    of("A_1 and the sum for rewards (1,1,0) and (0,0,1)", ".577 .577 -1.155 0 0 0",
       lambda: [*of_group(exact, [1, 1, 0]), *of_group(exact, [1, 1, 0], [0, 0, 1])], "constant_total"),
    of("G = 128: gap of a reward at p = .5", "2", lambda: gaps()[:1], "binary_gap", error=0.01, remark="the source says about 2"),
    of("G = 128: gap of a reward that one rollout passes", "11.3", lambda: gaps()[1:], "order.inversion", error=0.05),
]  # fmt: skip
