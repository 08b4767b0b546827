"""GDPO in numbers: all groups of binary rewards of small size by exact enumeration, random rewards in float64.

An advantage of a binary reward is (r - p)/s with a rational s², so sums of them are compared exactly, as rational
coefficients of square roots of square-free integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, product
from math import comb

import torch
from torch import Tensor

from numerics.advantages.gdpo import conditioned, decoupled, gdpo
from numerics.advantages.groups import standardised
from numerics.advantages.grpo_of_total import grpo_of_total
from numerics.advantages.std import std
from numerics.advantages.whitened import whitened as whitened_by
from numerics.evidence import evidence
from theory.verdict import Evidence

Column = tuple[int, ...]  # one reward of all rollouts
Number = dict[int, Fraction]  # square-free integer -> coefficient of its root
QUOTED = {  # (rewards, rollouts): multisets of totals, and distinct advantages of GRPO, GRPO without std, GDPO
    (2, 2): (6, 2, 3, 3), (2, 3): (10, 4, 6, 6), (2, 4): (15, 7, 10, 14), (2, 5): (21, 11, 15, 26), (2, 6): (28, 16, 21, 38),
    (2, 7): (36, 22, 28, 59), (2, 8): (45, 29, 36, 81), (1, 4): (5, 4, 4, 4), (3, 4): (35, 14, 20, 45), (4, 4): (70, 23, 35, 127),
}  # fmt: skip
TOL = 1e-12  # rewards of size 1, groups of at most 16, s >= 1/4: 60 roundings of numbers below 4 are below 3e-14


@cache
def root(x: Fraction) -> tuple[int, Fraction]:
    """√x = c √m with m square-free."""
    m, c = x.numerator * x.denominator, Fraction(1, x.denominator)
    for d in range(2, m + 1):
        while m % (d * d) == 0:
            m, c = m // (d * d), c * d
    return m, c


@cache
def advantages(column: Column) -> tuple[tuple[int, Fraction], ...]:
    """Eq. 4 of each rollout as (square-free integer, coefficient); 0 for a constant reward."""
    size, mean = len(column), Fraction(sum(column), len(column))
    variance = sum(((r - mean) ** 2 for r in column), Fraction(0)) / (size - 1)
    if not variance:
        return ((1, Fraction(0)),) * size
    m, c = root(1 / variance)
    return tuple((m, c * (r - mean)) for r in column)


def total_advantages(columns: tuple[Column, ...]) -> list[Number]:
    out: list[Number] = [{} for _ in columns[0]]
    for column in columns:
        for number, (m, c) in zip(out, advantages(column), strict=True):
            number[m] = number[m] + c if m in number else c
    return [{m: c for m, c in number.items() if c} for number in out]


def groups(rewards: int, rollouts: int) -> Iterator[tuple[Column, ...]]:
    """Every group up to the order of its rollouts, as columns."""
    for rows in combinations_with_replacement(list(product((0, 1), repeat=rewards)), rollouts):
        yield tuple(zip(*rows, strict=True))


def counts(rewards: int, rollouts: int) -> tuple[int, int, int, int]:
    """As in QUOTED."""
    totals, grpo, centred, decoupled_ = set(), set(), set(), set()
    for columns in groups(rewards, rollouts):
        total = tuple(sorted(map(sum, zip(*columns, strict=True))))
        totals.add(total)
        grpo.add(advantages(total))
        centred.add(tuple(rollouts * t - sum(total) for t in total))
        decoupled_.add(tuple(sorted(tuple(sorted(number.items())) for number in total_advantages(columns))))
    return len(totals), len(grpo), len(centred), len(decoupled_)


@evidence("gdpo.distinct_groups", "gdpo.collapse", "gdpo.without_std")
def quoted_counts() -> Evidence:
    """The counts in the notes on the paper's Fig. 3, over all multisets of binary reward vectors, exactly."""
    agree = [setting for setting, quoted in QUOTED.items() if counts(*setting) == quoted]
    formula = all(QUOTED[2, size][2] == comb(size + 1, 2) for size in range(2, 9))
    detail = f"{len(agree)} of {len(QUOTED)} settings of n rewards and G rollouts agree: GRPO, without std and GDPO tell apart "
    detail += "; ".join(f"n={n} G={size}: {a}, {b}, {c}" for (n, size), (_, a, b, c) in QUOTED.items())
    return Evidence("numeric", f"{detail}. Without std: C(G+1, 2) for n = 2", ok=len(agree) == len(QUOTED) and formula)


@evidence("gdpo.distinct_groups.repaired", "gdpo.constant_total", "gdpo.constant_total.repaired", "gdpo.order.two_rewards")
@evidence("gdpo.constant_total.three_rewards", "gdpo.distinct_groups.four")
def exact_groups() -> Evidence:
    """All groups of two or three binary rewards of up to five rollouts, exactly."""
    same = silent = ordered = loud = 0
    total = {"small": 0, "constant": 0, "pairs": 0}
    for size in (2, 3, 4, 5):
        for n in (2, 3):
            for columns in groups(n, size) if size < 5 or n == 2 else ():
                totals, found = [sum(row) for row in zip(*columns, strict=True)], total_advantages(columns)
                if all(sum(column) in (0, 1, size - 1, size) for column in columns):
                    m, c = root(Fraction(size))
                    wanted = [c * (t - Fraction(sum(totals), size)) for t in totals]
                    same += found == [{m: x} if x else {} for x in wanted]
                    total["small"] += 1
                if len(set(totals)) == 1 and n == 2:
                    silent += found == [{}] * size
                    total["constant"] += 1
                loud += len(set(totals)) == 1 and n == 3 and found != [{}] * size
                if n == 2:
                    values = [sum(float(c) * m**0.5 for m, c in number.items()) for number in found]
                    pairs = [(i, j) for i in range(size) for j in range(size) if totals[i] < totals[j]]
                    ordered += sum(values[i] < values[j] - TOL for i, j in pairs)
                    total["pairs"] += len(pairs)
    detail = (
        f"GDPO = √G × centred total in {same} of {total['small']} groups in which 0, 1, G-1 or G rollouts pass each reward; 0 in "
    )
    detail += f"{silent} of {total['constant']} groups of two rewards with a constant total, not 0 in {loud} of three; "
    detail += f"order kept in {ordered} of {total['pairs']} pairs with two rewards"
    ok = same == total["small"] and silent == total["constant"] and ordered == total["pairs"] and loud > 0
    return Evidence("numeric", detail, ok=ok)


def random_rewards(seed: int, prompts: int = 3, size: int = 4, n: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rewards = torch.rand(prompts * size, n, generator=generator, dtype=torch.float64)
    return rewards, torch.arange(prompts).repeat_interleave(size)


def close(a: Tensor, b: Tensor | float) -> bool:
    return bool(((a - b).abs() < 1e-9).all())


@evidence("gdpo.eq2.affine_invariant", "gdpo.eq4.defined.repaired", "gdpo.eq4.scale_invariant", "gdpo.weights_in_total")
@evidence("gdpo.eq6.batch_mean", "gdpo.eq6.order", "gdpo.eq6.scale", "gdpo.variance", "gdpo.constant_total.weighted")
@evidence("gdpo.eq8.stall", "gdpo.collapse.equal_totals.repaired")
def random_batches() -> Evidence:
    """The estimators as code, without a constant in the deviations of groups, on batches of random rewards."""
    passed: dict[str, int] = {}

    def check(what: str, ok: bool) -> None:
        passed[what] = passed.get(what, 0) + ok

    for seed in range(10):
        rewards, group = random_rewards(seed)
        scale = torch.tensor([2.0, 0.5, 3.0], dtype=torch.float64)
        found = decoupled(rewards, group)
        check("affine", close(grpo_of_total(2 * rewards + 1, group), grpo_of_total(rewards, group)))
        check("rescaled", close(decoupled(rewards * scale, group), found))
        check("total", close(grpo_of_total(rewards * 3, group), grpo_of_total(rewards, group)))
        weighted = decoupled(rewards, group, scale)
        check("mean 0", close(found.mean(), 0) and close(weighted.mean(), 0))
        whitened = gdpo(rewards, group, eps=0)
        check("order", bool((whitened.argsort() == found.argsort()).all()) and close(whitened.std(), 1))
        columns = torch.stack([standardised(rewards[:, k], group) for k in range(3)])[:, :4]
        check("variance", close(columns.sum(0).var(), 3 + 2 * torch.corrcoef(columns).triu(1).sum()))
        pair = torch.stack([rewards[:, 0], 1 - rewards[:, 0]], dim=1)
        own = standardised(rewards[:, 0], group)
        check("opposite", close(decoupled(pair, group, scale[:2]), (scale[0] - scale[1]) * own))
        check("stalled", close(standardised(conditioned(rewards[:, 0], rewards[:, 1], 2.0), group), 0))
        check("one reward", close(gdpo(rewards[:, :1], group), whitened_by(std(rewards[:, 0], group, eps=0), eps=1e-4)))
    detail = "10 random batches within 1e-9: " + ", ".join(f"{what} {n}" for what, n in passed.items())
    return Evidence("numeric", detail, ok=set(passed.values()) == {10})


@evidence("gdpo.eq5.two_rollouts", "gdpo.binary_gap", "gdpo.order.inversion", "gdpo.eq7.no_priority", "gdpo.eq6.batch_dependent")
@evidence("gdpo.eq4.defined", "gdpo.collapse.equal_totals", "gdpo.eq8.priority")
def examples() -> Evidence:
    """Printed and found examples, through the code."""

    def of(*columns: list[int]) -> Tensor:
        return torch.tensor(columns, dtype=torch.float64).T

    one = torch.zeros(2, dtype=torch.long)

    half = 0.5**0.5
    ok = close(decoupled(of([0, 1]), one), torch.tensor([-half, half], dtype=torch.float64))
    ok &= close(decoupled(of([0, 1], [0, 1]), one), 2 * decoupled(of([0, 1]), one))
    ok &= bool(std(of([1, 1])[:, 0], one, eps=0).isnan().all()) and close(decoupled(of([1, 1]), one), 0)
    sixteen = torch.zeros(16, dtype=torch.long)
    rewards = of([0] + [1] * 8 + [0] * 7, [0] + [1] * 8 + [0] * 7, [1] + [0] * 15)
    found = decoupled(rewards, sixteen)
    ok &= bool(found[0] > found[1]) and bool(rewards.sum(1)[0] < rewards.sum(1)[1])
    fifteen = of([0] + [1] * 7 + [0] * 7, [0] + [1] * 7 + [0] * 7, [1] + [0] * 14)
    tie = decoupled(fifteen, sixteen[:15])
    ok &= close(tie[0], tie[1])
    gaps = all(
        abs(
            float(decoupled(of([1] * p + [0] * (g - p)), sixteen[:g])[[0, -1]].diff())
            + (g * (p / g) * (1 - p / g) / (g - 1)) ** -0.5
        )
        < TOL
        for g in range(2, 17)
        for p in range(1, g)
    )
    weights = torch.tensor([2.0, 1.0], dtype=torch.float64)
    rare = decoupled(of([1, 0] + [1] * 7 + [0] * 7, [0, 1] + [0] * 14), sixteen, weights)
    ok &= bool(rare[0] < rare[1])
    two, other = torch.tensor([0, 0, 1, 1]), of([1, 0, 1, 0])
    alone, beside = gdpo(of([1, 0, 1, 1]), two), gdpo(other, two)
    ok &= bool(alone[0] > beside[0])
    outcomes = {(a, float(conditioned(torch.tensor(float(b)), torch.tensor(float(a)), 0.5))) for a in (0, 1) for b in (0, 1)}
    ok &= outcomes == {(0, 0.0), (1, 0.0), (1, 1.0)}
    detail = (
        "two rollouts ±0.7071 and ±1.4142; a constant reward is 0/0; the inversion at G = 16, a tie at G = 15; pass and fail "
    )
    return Evidence("numeric", f"{detail}1/s apart for all G to 16; weight 2 beaten by a rarer reward", ok=ok and gaps)


@evidence("gdpo.population_gradient")
def population() -> Evidence:
    """E over all groups of binary rewards of (r_1 - p̂)/ŝ · score, ŝ of the population, against E[r score]/√(p (1 - p))."""
    p, errors = 0.3, []
    for size in (16, 64, 256):
        expected = 0.0
        for passes in range(1, size):
            q = passes / size
            weight = comb(size, passes) * p**passes * (1 - p) ** (size - passes)
            expected += weight * (q * (1 - q) / p + q * (1 - q) / (1 - p)) / (q * (1 - q)) ** 0.5  # score 1/p, -1/(1-p)
        errors.append(abs(expected - 1 / (p * (1 - p)) ** 0.5))
    ok = errors[0] > errors[1] > errors[2] and errors[2] < 0.01
    return Evidence("numeric", "p = 0.3: the expected gradient tends to 1/√(p (1 - p)), G = 16, 64, 256, exact sums", ok=ok)
