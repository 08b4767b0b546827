"""Concrete inputs: the cases a refuter tries first, and the witnesses it keeps.

A case is plain JSON data: (G, T) lists of logp, old_logp, ref_logp, entropy, mask, (G,) rewards and advantages, and extra
scalars by name; of a step of masked diffusion also masked (G, T) and noise_level. Cases come in order of size, so the first
one that breaks a claim is already short.
"""

import random
from collections.abc import Callable, Iterator
from itertools import product
from math import log
from typing import Any

Case = dict[str, Any]
REWARDS = ([1, 0], [0, 1], [1, 0, 0], [0, 0, 1], [2, 1, 0], [1, 1, 0], [1, -1, 0], [3, 0, 1, 1])
RATIOS = (1.0, 2.0, 0.5, 1.1, 0.9)


def make(
    rewards: list[float], lengths: list[int], T: int, ratio: Any = 1.0, ref: float = 1.0, spread: float = 0.0, **extra: Any
) -> Case:
    """A case with log-probabilities around log(1/2), importance ratio `ratio` (a number or one per token) and pi_ref/pi = ref."""
    G = len(rewards)
    logp = [[log(0.5) - spread * (0.37 * i + 0.21 * t) for t in range(T)] for i in range(G)]
    ratios = ratio if isinstance(ratio, list) else [[ratio] * T for _ in range(G)]
    mean = sum(rewards) / G
    return {
        "logp": logp,
        "old_logp": [[x - log(s) for x, s in zip(row, rs, strict=True)] for row, rs in zip(logp, ratios, strict=True)],
        "ref_logp": [[x + log(ref) for x in row] for row in logp],
        "mask": [[1.0 if t < n else 0.0 for t in range(T)] for n in lengths],
        "entropy": [[0.5] * T for _ in range(G)],
        "rewards": [float(r) for r in rewards],
        "advantages": [[r - mean] for r in rewards],
        **extra,
    }


def corners(G: int, T: int) -> Iterator[Case]:
    """Small cases up to a shape: short groups, integer rewards, lengths 1 and T, ratios on and off policy."""
    for rewards, ratio, ref in product(REWARDS, RATIOS[:3], (1.0, 0.5)):
        if len(rewards) > G or (ratio != 1.0 and ref != 1.0):
            continue
        n = len(rewards)
        for lengths in ([T] * n, [1 if i == 0 else T for i in range(n)]) if T > 1 else ([1] * n,):
            yield make(list(rewards), lengths, T, ratio, ref, spread=0.5 if ratio != 1.0 or ref != 1.0 else 0.0)


def drawn(G: int, T: int, rng: random.Random) -> Case:
    """A random case of the shape: rewards of several kinds, ragged lengths, ratios around and beyond the usual clip."""
    kind = rng.choice(["normal", "binary", "ties", "heavy", "small"])
    rewards: dict[str, Callable[[], float]] = {
        "normal": lambda: rng.gauss(0, 1),
        "binary": lambda: float(rng.random() < 0.5),
        "ties": lambda: float(rng.randrange(3)),
        "heavy": lambda: rng.gauss(0, 1) ** 5 * 10,
        "small": lambda: rng.gauss(0, 1) * 1e-3,
    }
    reward = rewards[kind]
    lengths = [rng.randint(1, T) for _ in range(G)]
    spread = rng.choice([0.0, 0.05, 0.3, 1.5])
    ratios = [[2.718281828 ** rng.gauss(0, spread) for _ in range(T)] for _ in range(G)]
    case = make([reward() for _ in range(G)], lengths, T, ratios, ref=rng.choice([1.0, 0.5, 1.7]), spread=rng.random())
    case |= {"phi": rng.choice([2.0, 0.5, 3.7, 10.0, 1e-3]), "c": rng.choice([1.0, -3.0, 0.25])}
    case["entropy"] = [[rng.random() for _ in range(T)] for _ in range(G)]
    case["logp"] = [[x - rng.random() for x in row] for row in case["logp"]]
    if rng.random() < 0.5:
        case["old_logp"] = [
            [x - log(s) for x, s in zip(row, rs, strict=True)] for row, rs in zip(case["logp"], ratios, strict=True)
        ]
    return case


def noised(case: Case) -> Iterator[Case]:
    """The case as a step of masked diffusion: as it says itself, with every token masked, and with a part of them."""
    if "masked" in case:
        yield case
    yield {**case, "masked": case["mask"], "noise_level": 1.0}
    rng = random.Random(f"{case['mask']} {case['rewards']} {case['logp'][0][0]}")
    masked = [[m * (rng.random() < 0.6) for m in row] for row in case["mask"]]
    yield {**case, "masked": masked, "noise_level": rng.choice([0.25, 0.5, 0.8])}


def shapes_up_to(G: int, T: int) -> list[tuple[int, int]]:
    """Smaller shapes first."""
    small = [(2, 1), (2, 2), (3, 2), (G, T)]
    return list(dict.fromkeys((min(g, G), min(t, T)) for g, t in small))


def simpler(case: Case) -> Iterator[Case]:
    """Neighbours of a case that are easier to read: fewer completions and tokens, rounder numbers."""
    G, T = len(case["rewards"]), len(case["logp"][0])
    rows = ("logp", "old_logp", "ref_logp", "mask", "entropy", "masked", "rewards", "advantages", "squared_norms")
    if G > 2:
        for drop in range(G):
            yield {k: [x for i, x in enumerate(v) if i != drop] if k in rows else v for k, v in case.items()}
    if T > 1:
        yield {k: [row[:-1] for row in v] if k in rows[:6] else v for k, v in case.items()}
    if case.get("masked", case["mask"]) != case["mask"]:
        yield {**case, "masked": case["mask"]}
    if case.get("noise_level", 1.0) != 1.0:
        yield {**case, "noise_level": 1.0}
    for digits in (0, 1, 2):
        rounded = [rounded_to(digits, r) for r in case["rewards"]]
        if rounded != case["rewards"]:
            yield {**case, "rewards": rounded}
    for key in ("logp", "old_logp", "ref_logp", "entropy"):
        for digits in (0, 1):
            rounded_rows = [[round(x, digits) for x in row] for row in case[key]]
            if rounded_rows != case[key]:
                yield {**case, key: rounded_rows}


def rounded_to(digits: int, r: Any) -> Any:
    """A reward, or the rewards of one completion."""
    return [float(round(x, digits)) for x in r] if isinstance(r, list) else float(round(r, digits))
