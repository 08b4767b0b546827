"""Cases with what an estimator asks for besides one reward per completion."""

import random
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from ..witness import Case


def fitting(subject: Any, cases: Iterable[Case]) -> Iterator[Case]:
    """The cases; where the estimator asks for several rewards, or for norms, each in a few ways, if it lacks them.

    The second reward of a completion is 0, the first of another completion, or half of the first.
    """
    for case in cases:
        rewards = case["rewards"]
        if subject.columns and not isinstance(rewards[0], list):
            halves, zeros = [r / 2 for r in rewards], [0.0] * len(rewards)
            seconds = [rewards[::-1], zeros, halves, [*rewards[1:], rewards[0]]]
            several: list[Any] = [[list(pair) for pair in zip(rewards, second, strict=True)] for second in seconds]
            several.append([[0.0, r] for r in rewards])
        else:
            several = [rewards]
        norms: list[Any] = [None]
        if subject.takes("squared_norms") and "squared_norms" not in case:
            rng = random.Random(len(rewards))
            norms = [[float(i + 1) for i in range(len(rewards))], [rng.choice([0.25, 1.0, 8.0]) for _ in rewards]]
        for rows, weights in product(several, norms):
            yield case | {"rewards": rows} | ({} if weights is None else {"squared_norms": weights})
