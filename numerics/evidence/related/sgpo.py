"""SGPO in numbers: the graded reward, and expected updates in the two-step model, by enumeration of groups."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import lgamma

import numpy as np

from numerics.evidence import evidence
from numerics.related.sgpo import advantages, expected_update, graded_reward, growth
from theory.verdict import Evidence

F = Fraction
TOL = 1e-10  # sums of at most a thousand terms below 1, each with a relative error below 1000 * 2^-53
QUOTED = {  # p1, p2 -> updates of GRPO and SGPO, G = 6, c = 1/2, and dJ of both, as notes on the paper give them
    (0.3, 0.05): ((0.0232, 0.0315), (0.3734, 0.0140), (6.9e-4, 4.1e-3)),
    (0.5, 0.05): ((0.0274, 0.0520), (0.4113, 0.0328), (1.6e-3, 5.9e-3)),
    (0.2, 0.2): ((0.0693, 0.0693), (0.2848, 0.0262), (4.4e-3, 1.0e-2)),
    (0.8, 0.02): ((0.0071, 0.0346), (0.2924, 0.0289), (5.7e-4, 1.4e-3)),
}
GRID = [(F(a, 20), F(b, 20)) for a in range(1, 20) for b in range(1, 20)]


@evidence(
    "sgpo.all_negative",
    "sgpo.all_negative.no_update",
    "sgpo.all_negative.probability",
    "sgpo.affine",
    "sgpo.pair_sign",
    "sgpo.judge_noise",
)
def groups() -> Evidence:
    """Advantages of equal, shifted and scaled rewards; the chance of an all-wrong group by enumeration."""
    ok = advantages((0.0,) * 5) == [0.0] * 5 and advantages((0.3, 0.2)) == advantages((0.9, 0.1))
    base = advantages((0.1, 0.4, 0.7, 0.1))
    ok &= max(abs(x - y) for x, y in zip(base, advantages((1.2, 1.8, 2.4, 1.2)), strict=True)) < TOL
    for size, p in ((3, F(1, 4)), (8, F(1, 20))):
        wrong = sum((chance(rs, p) for rs in product((0, 1), repeat=size) if sum(rs) == 0), F(0))
        right = sum((chance(rs, p) for rs in product((0, 1), repeat=size) if sum(rs) == size), F(0))
        ok &= wrong == (1 - p) ** size and right == p**size
    ok &= round(float(F(19, 20) ** 8), 3) == 0.663
    e, swapped = F(2, 5), [F(1), F(-1)]  # a judge that swaps a pair with probability e: expected advantage of the better answer
    ok &= (1 - e) * swapped[0] + e * swapped[1] == 1 - 2 * e
    return Evidence(
        "numeric", "no advantage without a difference, ±1 in a pair, 0.663 all-wrong groups at p = 0.05, G = 8", ok=ok
    )


def chance(rewards: tuple[int, ...], p: F) -> F:
    out = F(1)
    for r in rewards:
        out *= p if r else 1 - p
    return out


@evidence("sgpo.eq2.monotone", "sgpo.eq2.monotone.repaired", "sgpo.eq2.range")
def grades() -> Evidence:
    """The graded reward over RTS = 0, 1/10, .., 1, with both signs."""
    ok = graded_reward(True, 0.0, 1.0, 0.5) == 1.0
    for beta, gamma in ((1.0, 0.5), (5.0, 0.3), (10.0, 0.9)):
        rising, falling = ([graded_reward(False, k / 10, beta, gamma, sign) for k in range(11)] for sign in (-1, 1))
        ok &= rising == sorted(rising) and falling == sorted(falling, reverse=True) and rising[0] < rising[-1]
        ok &= all(0 < x < 1 for x in (*rising, *falling))
    return Evidence("numeric", "three settings: the quoted formula falls with RTS, with -β it grows, both within (0, 1)", ok=ok)


@evidence("sgpo.acceleration", "sgpo.acceleration.repaired", "sgpo.updates", "sgpo.second_step")
def two_steps() -> Evidence:
    """The quoted table at G = 6; at G = 2 the closed forms on a grid; at other G where dJ falls and that step 2 slows down."""
    ok = True
    for (p1, p2), (none, graded, rates) in QUOTED.items():
        found = [expected_update(p1, p2, 6, 0.5, way) for way in ("none", "all wrong")]
        ok &= all(abs(x - y) < 1e-4 for f, w in zip(found, (none, graded), strict=True) for x, y in zip(f, w, strict=True))
        ok &= all(abs(growth(p1, p2, f) / w - 1) < 0.05 for f, w in zip(found, rates, strict=True))
    for a, b in GRID:
        p1, p2 = float(a), float(b)
        none, graded = (expected_update(p1, p2, 2, 0.5, way) for way in ("none", "all wrong"))
        extra = p1 * (1 - p1) * (1 - p2)
        ok &= abs(graded[0] - none[0] - extra) < TOL and abs(none[1] - graded[1] - p2 * extra) < TOL
        gap = growth(p1, p2, graded) - growth(p1, p2, none)
        edge = 1 - a - b * (1 - b)
        ok &= (gap > TOL) == (edge > 0) and (gap < -TOL) == (edge < 0)
    worst: dict[str, float] = {"all wrong": 1.0, "all groups": 1.0}
    for size, p1, p2 in ((4, 0.89, 0.3), (32, 0.91, 0.05), (4, 0.5, 0.2)):
        none = expected_update(p1, p2, size, 0.5, "none")
        for way in worst:
            graded = expected_update(p1, p2, size, 0.5, way)
            ok &= graded[1] < none[1]
            worst[way] = min(worst[way], growth(p1, p2, graded) / growth(p1, p2, none))
    ok &= round(worst["all wrong"], 3) == 0.972 and round(worst["all groups"], 3) == 0.751
    detail = "the quoted table at G = 6; 361 points at G = 2: closed forms, and the sign of 1 - p1 - p2 (1-p2); "
    return Evidence("numeric", detail + "dJ 0.972 at G = 4, p = (0.89, 0.3), 0.751 at G = 32, p = (0.91, 0.05)", ok=ok)


NOTED_GRID = [(p1 / 100, p2) for p1 in range(5, 100, 2) for p2 in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7)]


def growths(size: int, graded: str) -> np.ndarray:
    """dJ of one step at each point of NOTED_GRID, (384,), with grade 1/2: `growth` of `expected_update`, all points at once."""
    counts = np.array([(f, h, size - f - h) for f in range(size + 1) for h in range(size + 1 - f)])
    p1, p2 = np.array(NOTED_GRID).T[:, :, None]
    chances = np.concatenate([1 - p1, p1 * (1 - p2), p1 * p2], axis=1)
    many = [lgamma(size + 1) - sum(lgamma(c + 1) for c in row) for row in counts.tolist()]
    weights = np.exp(np.log(chances) @ counts.T + many)  # (384, groups)
    grade = np.where((graded == "all groups") | ((graded == "all wrong") & (counts[:, 2] == 0)), 0.5, 0.0)
    values = np.stack([np.zeros(len(counts)), grade, np.ones(len(counts))], axis=1)
    mean = (counts * values).sum(1, keepdims=True) / size
    spread = np.sqrt((counts * (values - mean) ** 2).sum(1, keepdims=True) / size)
    A = np.divide(values - mean, spread, out=np.zeros_like(values), where=spread > 1e-12) * counts / size
    a = weights @ A  # advantages of the three outcomes, summed over the group and averaged over groups
    g1, g2 = -p1[:, 0] * a[:, 0] + (1 - p1[:, 0]) * (a[:, 1] + a[:, 2]), -p2[:, 0] * a[:, 1] + (1 - p2[:, 0]) * a[:, 2]
    rate: np.ndarray = chances[:, 2] * ((1 - p1[:, 0]) * g1 + (1 - p2[:, 0]) * g2)
    return rate


def noted_grid(graded: str) -> tuple[float, float, int, float, float]:
    """Share of the grid, over G = 4, 8, 16, 32, where grading slows J; the worst ratio of dJ, and its G, p1, p2."""
    rows = {size: growths(size, graded) / growths(size, "none") for size in (4, 8, 16, 32)}
    size = min(rows, key=lambda n: rows[n].min())
    worst = int(rows[size].argmin())
    share = float((np.concatenate(list(rows.values())) < 1 - TOL).mean())
    return share, float(rows[size][worst]), size, *NOTED_GRID[worst]


@evidence("sgpo.acceleration", "sgpo.acceleration.repaired")
def slower() -> Evidence:
    """How often grading slows J, on the grid for which all numbers of the notes come out; they name its ranges only."""
    ok = True
    for point in (0, 77, 301):
        p1, p2 = NOTED_GRID[point]
        for way in ("none", "all wrong", "all groups"):
            ok &= abs(growths(4, way)[point] - growth(p1, p2, expected_update(p1, p2, 4, 0.5, way))) < TOL
    some, every = noted_grid("all wrong"), noted_grid("all groups")
    ok &= (f"{some[0]:.0%}", f"{some[1]:.3f}", *some[2:]) == ("12%", "0.972", 4, 0.89, 0.3)
    ok &= (f"{every[0]:.0%}", f"{every[1]:.3f}", *every[2:]) == ("25%", "0.751", 32, 0.91, 0.05)
    detail = (
        "p1 = .05, .07, .., .99, p2 = .01, .02, .05, .1, .2, .3, .5, .7, G = 4, 8, 16, 32: one step of J is slower on 12% of "
    )
    detail += "the grid if all-wrong groups are graded (worst ratio .972 at G = 4, p = (.89, .3)), on 25% if all are (.751 at "
    return Evidence("numeric", detail + "G = 32, p = (.91, .05)); the shares are of this grid, not of all p", ok=ok)


@evidence("sgpo.shaping.chain", "sgpo.shaping.branching", "sgpo.shaping.branching.repaired")
def shaping() -> Evidence:
    """Centred, not normalised, graded everywhere: the expected update is (1-1/G) ∇J'; and branches on a grid."""
    ok = True
    c = F(1, 2)
    for p1, p2 in ((F(1, 3), F(1, 5)), (F(9, 10), F(1, 2))):
        chances = [1 - p1, p1 * (1 - p2), p1 * p2]
        scores = [(-p1, F(0)), (1 - p1, -p2), (1 - p1, 1 - p2)]
        update = [F(0), F(0)]
        for group in product(range(3), repeat=3):
            weight = chances[group[0]] * chances[group[1]] * chances[group[2]]
            value = [(F(0), c, F(1))[o] for o in group]
            mean = sum(value, F(0)) / 3
            for k in (0, 1):
                update[k] += weight * sum(((v - mean) * scores[o][k] for v, o in zip(value, group, strict=True)), F(0)) / 3
        slope = [p1 * (1 - p1) * (p2 + c * (1 - p2)), p2 * (1 - p2) * p1 * (1 - c)]
        ok &= update == [F(2, 3) * x for x in slope]
    grid = [F(k, 4) for k in range(5)]
    for a, b, f, g in product(grid, grid, grid[:4], grid[:4]):
        if b > a and g >= f:
            ok &= b + (1 - b) * g > a + (1 - a) * f
    ok &= F(1, 2) < F(9, 10)
    return Evidence(
        "numeric", "G = 3 enumerated in rationals: (1-1/G) ∇J'; branches with grades in order keep their order on a grid", ok=ok
    )
