"""MaskGRPO in numbers: bounds on exact joints, the ratio estimate over all masks, mask fractions, the sampler's levels.

TOL: sums of at most 64 terms below 10 in float64, each with an error below 40 u, u = 2^-53: below 3e-12.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb, cos, exp, factorial, pi

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.objectives.maskgrpo import maskgrpo
from numerics.related.maskgrpo import (
    emerge_step,
    keep_probabilities,
    masked_log_likelihood,
    sequence_ratio,
    token_ratios,
)
from theory.verdict import Evidence

TOL, GAP, L, SEEDS = 3e-12, 1e-4, 3, 10
PLACES = range(L)


def conditionals(joint: Tensor) -> dict[tuple[frozenset[int], int], Tensor]:
    """log p(x_i = 1 | visible) for every set of visible places and every i outside it, (2,)*L, indexed by all of x."""
    out = {}
    for size in PLACES:
        for seen in map(frozenset, combinations(PLACES, size)):
            hidden = [j for j in PLACES if j not in seen]
            for i in hidden:
                rest = [j for j in hidden if j != i]
                with_i = joint.sum(rest, keepdim=True) if rest else joint
                out[seen, i] = (with_i / with_i.sum(i, keepdim=True)).log().expand(joint.shape)
    return out


def along(model: dict[tuple[frozenset[int], int], Tensor], order: tuple[int, ...]) -> Tensor:
    """log-probability of every completion along a decoding order, (2,)*L."""
    return torch.stack([model[frozenset(order[:n]), i] for n, i in enumerate(order)]).sum(0)


def tables(seed: int, noise: float) -> dict[tuple[frozenset[int], int], Tensor]:
    """Conditionals of a random joint, perturbed so that they belong to no joint."""
    gen = torch.Generator().manual_seed(seed)
    joint = torch.rand((2,) * L, generator=gen, dtype=torch.float64) + 0.1
    model = conditionals(joint / joint.sum())
    out = {}
    for (seen, i), logp in model.items():
        odds = logp.select(i, 1) - logp.select(i, 0) + noise * torch.randn((), generator=gen, dtype=torch.float64)
        both = torch.stack([torch.nn.functional.logsigmoid(-odds), torch.nn.functional.logsigmoid(odds)], i)
        out[seen, i] = both
    return out


@evidence("maskgrpo.eq2", "maskgrpo.eq2.tight")
def bound_and_likelihood() -> Evidence:
    """The any-order bound against the likelihood of the mixture over all 6 orders, on every completion of 3 bits."""
    orders = list(permutations(PLACES))
    consistent = below = total = 0
    for seed in range(SEEDS):
        for noise in (0.0, 1.0):
            paths = torch.stack([along(tables(seed, noise), order) for order in orders])
            gap = torch.logsumexp(paths, 0) - torch.tensor(float(len(orders)), dtype=torch.float64).log() - paths.mean(0)
            consistent += int((gap.abs() < TOL).all()) if noise == 0 else 0
            below += int((gap > -TOL).all()) and (noise == 0 or bool((gap > 1e-6).any()))
            total += 1
    detail = f"3 bits, 6 orders, {SEEDS} joints: gap 0 within {TOL:g} for {consistent} of {SEEDS} consistent tables; "
    detail += f"never negative, and positive once the tables are perturbed, in {below} of {total}"
    return Evidence("numeric", detail, ok=consistent == SEEDS and below == total)


def integral(m: int, length: int) -> Fraction:
    """∫_0^1 t^(m-1) (1-t)^(L-m) dt, by expanding the power."""
    return sum((Fraction((-1) ** q * comb(length - m, q), m + q) for q in range(length - m + 1)), Fraction(0))


@evidence("maskgrpo.eq2.any_order", "maskgrpo.eq2.sizes")
def weights_of_sizes() -> Evidence:
    """C(L, m) ∫ t^(m-1) (1-t)^(L-m) dt = 1/m, and a place with a set of hidden ones weighs as often as orders reach it."""
    sizes = all(comb(n, m) * integral(m, n) == Fraction(1, m) for n in range(1, 9) for m in range(1, n + 1))
    reached = True
    for n in range(1, 7):  # one place, m - 1 others hidden with it: orders in which exactly those come later
        for m in range(1, n + 1):
            orders = Fraction(factorial(n - m) * factorial(m - 1), factorial(n))
            reached &= integral(m, n) == orders
    return Evidence("numeric", "exact integrals: 1/m for L = 1..8; share of orders for L = 1..6", ok=sizes and reached)


@evidence(
    "maskgrpo.importance",
    "maskgrpo.importance.repaired",
    "maskgrpo.importance.sequence",
    "maskgrpo.eq9",
    "maskgrpo.eq9.repaired",
    "maskgrpo.eq9.bias",
    "maskgrpo.remask.weight",
    "maskgrpo.remask.weight.repaired",
)
def ratio_over_all_masks() -> Evidence:
    """Independent tokens, all 2^L masks: means of l and of ρ̂ against the log-ratio of the completion."""
    masks = torch.tensor(list(product([0.0, 1.0], repeat=L)), dtype=torch.float64)
    exact = biased = faded = mended = steps = 0
    for seed in range(SEEDS):
        gen = torch.Generator().manual_seed(seed)
        new, old = (-2 * torch.rand(1, L, generator=gen, dtype=torch.float64) for _ in range(2))
        truth = float((new - old).sum())
        for t in (0.25, 0.5, 1.0):
            weight = (t**masks * (1 - t) ** (1 - masks)).prod(1)
            logs = masked_log_likelihood((new - old).expand(len(masks), L), masks, t)
            ratios = sequence_ratio(new.expand(len(masks), L), old.expand(len(masks), L), masks, t)
            exact += abs(float(weight @ logs) - truth) < TOL
            excess = float(weight @ ratios) / exp(truth) - 1
            biased += abs(excess) < TOL if t == 1 else excess > GAP
        keep = [float(p) for p in keep_probabilities(L, Fraction(3, 4))]
        chance = 1 - torch.tensor(keep, dtype=torch.float64)
        fading = (chance**masks * (1 - chance) ** (1 - masks)).prod(1)
        level = float(chance.mean())
        faded += abs(float(fading @ masked_log_likelihood(new.expand(len(masks), L), masks, level)) - float(new.sum())) > GAP
        mended += abs(float(fading @ (masks * new / chance).sum(1)) - float(new.sum())) < TOL
        subsets = list(combinations(PLACES, 1))  # one of three masked tokens is decoded
        step = sum(float((new - old)[0, list(c)].sum()) for c in subsets) / len(subsets)
        steps += abs(step - truth / L) < TOL
    ok = exact == biased == 3 * SEEDS and faded == mended == steps == SEEDS
    detail = (
        f"{SEEDS} pairs of policies, 8 masks: E[l_θ - l_old] is the log-ratio of the completion within {TOL:g} in {exact} of "
    )
    detail += (
        f"{3 * SEEDS}, one step of {L} has a third of it in {steps}; E[ρ̂] is its exponential for t = 1 and more than {GAP:g} "
    )
    detail += f"of it above for t < 1 in {biased}; fading masks break 1/t in {faded}, 1/P(masked) mends it in {mended}"
    return Evidence("numeric", detail, ok=ok)


@evidence("maskgrpo.eq9.lower_bound", "maskgrpo.eq9.upper_bound", "maskgrpo.eq9.lower_bound.repaired")
def differences_of_bounds() -> Evidence:
    """ELBO_θ - ELBO_old against the log-ratio of mixtures over 6 orders: either sign; below it for a consistent old table."""
    orders = list(permutations(PLACES))
    above = below = kept = total = 0
    for seed in range(SEEDS):
        new, old, joint = (
            torch.stack([along(tables(s, noise), o) for o in orders])
            for s, noise in ((seed, 1.0), (seed + 50, 1.0), (seed + 50, 0.0))
        )
        gap = (new.mean(0) - old.mean(0)) - (torch.logsumexp(new, 0) - torch.logsumexp(old, 0))
        above, below, total = above + int((gap > 1e-6).sum()), below + int((gap < -1e-6).sum()), total + gap.numel()
        tight = (new.mean(0) - joint.mean(0)) - (torch.logsumexp(new, 0) - torch.logsumexp(joint, 0))
        kept += int((tight < TOL).sum())
    detail = f"of {total} completions the difference of the bounds lies above the log-ratio in {above}, below in {below}; "
    detail += f"with a consistent old policy it is never above in {kept}"
    return Evidence("numeric", detail, ok=min(above, below) > 0 and above + below <= total and kept == total)


@evidence(
    "maskgrpo.common_mask",
    "maskgrpo.independent_masks",
    "maskgrpo.independent_masks.repaired",
    "maskgrpo.code.ratio",
    "maskgrpo.code.ratio.repaired",
)
def masks_on_policy() -> Evidence:
    """On policy: ρ̂ under one mask, its mean under independent masks; and the code's mean of token ratios off policy."""
    masks = torch.tensor(list(product([0.0, 1.0], repeat=L)), dtype=torch.float64)
    common = independent = other = 0
    for seed in range(SEEDS):
        gen = torch.Generator().manual_seed(seed)
        new, old = (-2 * torch.rand(1, L, generator=gen, dtype=torch.float64).expand(len(masks), L) for _ in range(2))
        common += bool((sequence_ratio(new, new, masks, 0.5) == 1).all())
        common -= bool((token_ratios(new[1:], new[1:], masks[1:]) - 1).abs().max() > TOL)
        logs = masked_log_likelihood(new, masks, 0.5)
        independent += float((logs[:, None] - logs).exp().mean()) > 1 + GAP
        live = masks[1:]
        apart = sequence_ratio(new[1:], old[1:], live, 1.0) - token_ratios(new[1:], old[1:], live)
        other += bool((apart.abs()[live.sum(1) > 1] > GAP).all()) and bool((apart.abs()[live.sum(1) == 1] < TOL).all())
    detail = f"{SEEDS} policies: ρ̂ = 1 on policy under a common mask in {common}, mean above 1 under independent masks in "
    detail += f"{independent}; mean of token ratios differs from Eq. 9 for two or more masked tokens in {other}"
    return Evidence("numeric", detail, ok=common == independent == other == SEEDS)


@evidence("maskgrpo.objective.kl", "maskgrpo.objective.kl.repaired", "maskgrpo.objective.unclipped")
def penalty_in_code() -> Evidence:
    """The loss with the KL term outside of the advantage: more KL, more loss, for advantages of both signs."""
    ok = True
    for advantage in (-1.0, 1.0):
        logp = torch.full((1, L), -1.0, dtype=torch.float64)
        masked = torch.ones_like(logp)
        A = torch.tensor([[advantage]], dtype=torch.float64)
        level = torch.ones((), dtype=torch.float64)
        near, far = (float(maskgrpo(logp, logp, logp + d, A, masked, masked, level)) for d in (0.0, 1.0))
        ok &= far > near
    return Evidence("numeric", "the loss rises with the distance from π_ref for advantages -1 and 1", ok=ok)


@evidence(
    "maskgrpo.remask.sum",
    "maskgrpo.remask.later",
    "maskgrpo.remask.later.repaired",
    "maskgrpo.remask.fraction",
    "maskgrpo.remask.fraction.repaired",
    "maskgrpo.remask.fraction.low",
    "maskgrpo.remask.fraction.limit",
    "maskgrpo.remask.ends",
)
def mask_fractions() -> Evidence:
    """Exact mask fractions of Algorithm 1, L = 256 and short completions."""
    fractions = {}
    for percent in (10, 30, 50, 60, 80, 95):
        r = Fraction(percent, 100)
        fractions[percent] = 1 - sum(keep_probabilities(256, r)) / 256
    exact = all(fractions[p] == Fraction(p, 100) for p in (50, 60, 80, 95))
    quoted = [f"{float(fractions[p]):.4f}" for p in (10, 30)] == ["0.2786", "0.3577"]
    limits = [f"{float(1 / (4 * (1 - Fraction(p, 100)))):.4f}" for p in (10, 30)] == ["0.2778", "0.3571"]
    formula = True
    for K in range(1, 30):
        for r in (Fraction(0), Fraction(1, 4), Fraction(1, 2)):
            span = 2 * (1 - r) * K
            if span.denominator == 1:
                size = int(span) + 1
                formula &= 1 - sum(keep_probabilities(size, r)) / size == Fraction(K + 1, 2 * size)
    text = keep_probabilities(256, Fraction(3, 5))
    ends = 1 - text[0] == Fraction(1, 5) and text[-1] == 0 and text == sorted(text, reverse=True)
    detail = "L = 256: r = 0.1 masks 0.2786 (limit 0.2778), r = 0.3 masks 0.3577 (0.3571); r = 0.5, 0.6, 0.8, 0.95 exactly; "
    detail += "(K+1)/(2L) for r = 0, 1/4, 1/2 and K < 30; at r = 0.6 the first token is masked with probability 1/5"
    return Evidence("numeric", detail, ok=exact and quoted and limits and formula and ends)


@evidence("maskgrpo.emerge.kernel", "maskgrpo.emerge.ancestral", "maskgrpo.emerge.telescoping", "maskgrpo.emerge.decoded")
def levels_of_the_sampler() -> Evidence:
    """12 cosine steps of the kernel: the chance of MASK after each, and how much is left for the last."""
    ratios = [cos(pi * j / 24) for j in range(13)]
    law, ok = torch.tensor([0.25, 0.75], dtype=torch.float64), True
    left = 1.0
    for n in range(12):
        step = emerge_step(law, 1 - ratios[n], 1 - ratios[n + 1])
        ok &= abs(float(step.sum()) - 1) < TOL and bool((step >= -TOL).all())
        if n == 11:
            ok &= f"{left:.5f}" == "0.13053"
        left *= float(step[-1])
        ok &= abs(left - ratios[n + 1]) < TOL
    return Evidence("numeric", "12 cosine steps: MASK has probability cos(πn/24) after step n; 0.13053 before the last", ok=ok)


@evidence(
    "maskgrpo.truncation",
    "maskgrpo.truncation.repaired",
    "maskgrpo.schedule",
    "maskgrpo.code.schedule",
    "maskgrpo.code.schedule.repaired",
)
def truncated_levels() -> Evidence:
    """Exact integrals over (γ, 1) for two tokens; the released schedule beside the formula."""
    ok = True
    for alone, given in ((-3, -1), (-5, -2), (-2, -2)):
        for gamma in (Fraction(0), Fraction(3, 5), Fraction(4, 5)):
            F = [s * s / 2 * alone + (s - s * s / 2) * given for s in (Fraction(1), gamma)]
            shift = (F[0] - F[1]) / (1 - gamma) - Fraction(alone + given, 2)
            ok &= shift == gamma / 2 * (alone - given)
    levels = [Fraction(3, 5) + Fraction(2, 5) * Fraction(j, 8) for j in range(1, 9)]
    code = [min(x, Fraction(999, 1000)) for x in levels]
    ok &= levels == sorted(set(levels)) and levels[-1] == 1 and code[:-1] == levels[:-1] and code[-1] < 1
    return Evidence("numeric", "exact: shift γ/2 (alone - given); 8 inner updates from γ = 0.6: only the last is capped", ok=ok)


@evidence("maskgrpo.code.kl", "maskgrpo.code.std")
def released_code() -> Evidence:
    """Autograd of the code's KL term over two tokens, and its advantages for equal rewards."""
    logits = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    ref = torch.tensor([0.25, 0.75], dtype=torch.float64).log()
    logp = logits.log_softmax(0)
    drawn = logp.detach().exp()
    code, kl = drawn @ ((ref - logp).exp() - (ref - logp) - 1), logp.exp() @ (logp - ref)
    of_code, of_kl = (float(torch.autograd.grad(f, logits, retain_graph=True)[0][0]) for f in (code, kl))
    ok = abs(of_code - 0.25) < TOL and f"{of_kl:.4f}" == "0.2747"
    rewards = torch.full((4,), 0.3, dtype=torch.float64)
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-5)
    ok &= bool(advantages.abs().max() < TOL / 1e-5)
    return Evidence("numeric", "two tokens: gradient 1/4 of the code's term, 0.2747 of KL(π‖π_ref); equal rewards: 0", ok=ok)
