"""OBLR-PO in numbers: exact means over all groups of small softmax bandits, in float64.

TOL: sums of at most 4096 groups of numbers below 4 times probabilities that sum to 1 have an error below 1e-12.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.related.oblrpo import logit_norm, step_size, weighted_baseline, weighted_leave_one_out
from theory.verdict import Evidence

TOL, GAP = 1e-11, 1e-4
SEEDS = 10


class Bandit:
    """A softmax over arms: probabilities p (V,), scores (V, V), their squared norms w (V,), rewards r (V,), gradient (V,)."""

    def __init__(self, logits: Tensor, r: Tensor) -> None:
        self.logits, self.r = logits, r
        self.p = self.logits.softmax(0)
        self.scores = torch.eye(len(r), dtype=torch.float64) - self.p
        self.w = (self.scores**2).sum(1)
        self.gradient = self.p @ (self.r[:, None] * self.scores)

    @classmethod
    def random(cls, seed: int, arms: int = 4) -> Bandit:
        generator = torch.Generator().manual_seed(seed)
        return cls(*(draw(arms, generator=generator, dtype=torch.float64) for draw in (torch.randn, torch.rand)))

    def groups(self, size: int) -> tuple[Tensor, Tensor]:
        """Every group (N, size) of arms, and its probability (N,)."""
        arms = torch.cartesian_prod(*[torch.arange(len(self.p))] * size).view(-1, size)
        return arms, self.p[arms].prod(1)

    def expected(self, size: int, baseline: Tensor) -> Tensor:
        """E[(1/G) Σ s (r - b)] for baselines (N, 1) or (N, size) of all groups."""
        arms, chance = self.groups(size)
        return chance @ (self.scores[arms] * (self.r[arms] - baseline)[..., None]).mean(1)

    def loss(self, b: Tensor | float) -> float:
        """E[w (r - b)²]."""
        return float(self.p @ (self.w * (self.r - b) ** 2))

    def losses(self, b: Tensor) -> Tensor:
        """The same for each of several baselines."""
        return (self.w * (self.r - b[:, None]) ** 2) @ self.p

    def best(self) -> float:
        """b* = E[w r]/E[w]."""
        return float((self.p @ (self.w * self.r)) / (self.p @ self.w))

    def plug_in(self, size: int) -> Tensor:
        """The expected gradient with Σ w r/Σ w of the own group as the baseline."""
        arms, _ = self.groups(size)
        r, w = self.r[arms], self.w[arms]
        return self.expected(size, (w * r).sum(1, keepdim=True) / w.sum(1, keepdim=True))


def close(a: Tensor | float, b: Tensor | float) -> bool:
    a, b = (torch.as_tensor(x, dtype=torch.float64) for x in (a, b))
    return bool((a - b).abs().max() < TOL)


@evidence("oblrpo.unbiased", "oblrpo.unbiased.group_mean", "oblrpo.unbiased.group_mean.repaired", "oblrpo.plug_in")
@evidence("oblrpo.unbiased.deviation")
def which_baselines() -> Evidence:
    """Softmax over four arms, groups of 2, 4 and 6: the expected gradient for each baseline, against the gradient."""
    sizes, total = (2, 4, 6), 0
    as_code = constant = leave_out = mean = bent = standardised = straighter = 0
    for seed in range(SEEDS):
        bandit = Bandit.random(seed)
        cosines = []
        for size in sizes:
            arms, _ = bandit.groups(size)
            r, w = bandit.r[arms], bandit.w[arms]
            weighted = (w * r).sum(1, keepdim=True) / w.sum(1, keepdim=True)
            out = ((w * r).sum(1, keepdim=True) - w * r) / (w.sum(1, keepdim=True) - w)
            as_code += close(weighted_baseline(r[1], w[1]), weighted[1]) and close(weighted_leave_one_out(r[1], w[1]), out[1])
            constant += close(bandit.expected(size, torch.tensor(0.3)), bandit.gradient)
            leave_out += close(bandit.expected(size, out), bandit.gradient)
            mean += close(bandit.expected(size, r.mean(1, keepdim=True)), (1 - 1 / size) * bandit.gradient)
            found = bandit.plug_in(size)
            ratios = found / bandit.gradient
            bent += float(ratios.max() - ratios.min()) > GAP
            cosines.append(float(torch.cosine_similarity(found, bandit.gradient, dim=0)))
            total += 1
        arms, chance = bandit.groups(2)
        r = bandit.r[arms]
        divided = (r - r.mean(1, keepdim=True)) / (r.std(1, keepdim=True) + 1e-4)
        direction = chance @ (bandit.scores[arms] * divided[..., None]).mean(1)
        standardised += float(torch.cosine_similarity(direction, bandit.gradient, dim=0)) < 1 - GAP
        straighter += cosines[0] < cosines[1] < cosines[2] < 1
    detail = f"{total} exact means, groups of 2, 4, 6: a constant gives the gradient in {constant}, the leave-one-out weighted "
    detail += f"baseline in {leave_out}, the group mean (1 - 1/G) of it in {mean}; that of the whole group bends it in {bent}, "
    detail += f"less in larger groups for {straighter} of {SEEDS} bandits; division by std bends it in {standardised}"
    ok = as_code == constant == leave_out == mean == bent == total and straighter == standardised == SEEDS
    return Evidence("numeric", detail, ok=ok)


def noted_bandit() -> Bandit:
    """Logits and rewards for which all numbers in the notes on OBLR-PO come out; the notes say "4-arm softmax" only."""
    return Bandit(*(torch.tensor(x, dtype=torch.float64) for x in ([0.3, -0.5, 1.0, -0.2], [1.0, 0.0, 0.3, -0.5])))


NOTED = {  # group size -> E ĝ / ∇J by arm, with the baseline of the whole group, and their cosine
    2: ("0.405", "0.366", "0.960", "0.372", "0.99698"),
    4: ("0.678", "0.650", "1.114", "0.652", "0.99935"),
    6: ("0.781", "0.761", "1.095", "0.761", "0.99974"),
}


@evidence("oblrpo.plug_in", "oblrpo.optimal_baseline.gain", "ustat.corollary5.without")
def noted_numbers() -> Evidence:
    """The numbers that the notes give for one bandit over four arms: baselines, variances per sample, bent directions."""
    bandit, ok = noted_bandit(), True
    best, mean, g = bandit.best(), float(bandit.p @ bandit.r), bandit.gradient
    ok &= (f"{best:.4f}", f"{mean:.4f}") == ("0.2768", "0.3197")
    variances = [bandit.loss(b) - float(g @ g) for b in (best, mean, 0.0)]
    ok &= [f"{v:.5f}" for v in variances] == ["0.16802", "0.16924", "0.21860"]
    for size, noted in NOTED.items():
        found = bandit.plug_in(size)
        cosine = float(torch.cosine_similarity(found, g, dim=0))
        ok &= (*(f"{x:.3f}" for x in (found / g).tolist()), f"{cosine:.5f}") == noted
    detail = "logits (.3, -.5, 1, -.2), rewards (1, 0, .3, -.5): b* = .2768, mean .3197, variances .16802, .16924 (mean), .21860 "
    detail += "(b = 0), so b* saves 0.7% of the mean's; E ĝ/∇J of the self-inclusive b* by arm: "
    detail += "; ".join(f"G = {size}: {', '.join(row[:4])}, cosine {row[4]}" for size, row in NOTED.items())
    return Evidence("numeric", detail, ok=ok)


@evidence(
    "oblrpo.optimal_baseline", "oblrpo.optimal_baseline.gain", "oblrpo.optimal_baseline.binary", "oblrpo.coordinate_baseline"
)
@evidence("oblrpo.logit_norm", "lossproof.value_baseline", "oblrpo.global_baseline", "oblrpo.global_baseline.not_per_prompt")
def best_baselines() -> Evidence:
    """b* against a grid of baselines, the gain over the mean, per coordinate, for binary rewards, over two prompts."""
    ok, least = True, 1.0
    for seed in range(SEEDS):
        bandit, other = Bandit.random(seed), Bandit.random(100 + seed)
        p, w, r = bandit.p, bandit.w, bandit.r
        ok &= close(logit_norm(bandit.logits.log_softmax(0).expand(4, 4), torch.arange(4)), w)
        weight, best, mean = p @ w, bandit.best(), p @ r
        grid = torch.linspace(-1, 2, 301, dtype=torch.float64)
        ok &= float(bandit.losses(grid).min()) >= bandit.loss(best) - TOL
        ok &= close(bandit.loss(0.7) - bandit.loss(best), weight * (0.7 - best) ** 2)
        covariance = p @ (w * r) - weight * mean
        ok &= close(bandit.loss(mean) - bandit.loss(best), covariance**2 / weight)
        least = min(least, float(covariance.abs()))
        squares = bandit.scores**2
        own = (p @ (squares * r[:, None])) / (p @ squares)
        ok &= float((p @ (squares * (r[:, None] - own) ** 2)).sum()) < bandit.loss(best)
        passed = (r > r.median()).to(torch.float64)
        P = p @ passed
        up, down = (p @ (w * passed)) / P, (p @ (w * (1 - passed))) / (1 - P)
        ok &= close((p @ (w * passed)) / weight, P * up / (P * up + (1 - P) * down))
        both = (bandit.loss(best) + other.loss(other.p @ (other.w * other.r) / (other.p @ other.w))) / 2
        joint = (p @ (w * r) + other.p @ (other.w * other.r)) / (weight + other.p @ other.w)
        at_joint = (bandit.loss(joint) + other.loss(joint)) / 2
        ok &= at_joint <= float((bandit.losses(grid) + other.losses(grid)).min()) / 2 and both < at_joint - 1e-9
    detail = f"{SEEDS} bandits: b* is below 301 other baselines, the excess is E[w](b - b*)², Cov² / E[w] at the mean reward; "
    return Evidence(
        "numeric", detail + "a baseline per coordinate, or per prompt, is better than a common one", ok=ok and least > 1e-6
    )


@evidence("oblrpo.variance", "oblrpo.variance.draws")
def exact_variance() -> Evidence:
    """Two prompts, three arms, N and G up to 2, all batches: trace of the covariance against the formula."""
    agree = total = 0
    for seed in range(3):
        bandits, chance = (Bandit.random(seed, 3), Bandit.random(50 + seed, 3)), torch.tensor([0.3, 0.7], dtype=torch.float64)
        b = torch.tensor([0.2, 0.5], dtype=torch.float64)
        draws = torch.stack([x.scores * (x.r - c)[:, None] for x, c in zip(bandits, b, strict=True)])  # (2, 3, 3)
        g = torch.stack([x.gradient for x in bandits])
        centre = chance @ g
        spread = chance @ ((g - centre) ** 2).sum(1)
        noise = chance @ torch.stack([x.loss(float(c)) - (x.gradient**2).sum() for x, c in zip(bandits, b, strict=True)])
        for prompts, size in ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1)):
            single = list(product(range(2), *[range(3)] * size))
            parts = torch.stack([draws[x, list(ys)].mean(0) for x, *ys in single])
            odds = torch.stack([chance[x] * bandits[x].p[list(ys)].prod() for x, *ys in single])
            batches = torch.tensor(list(product(range(len(single)), repeat=prompts)))
            estimates, weights = parts[batches].mean(1), odds[batches].prod(1)
            found = weights @ (estimates**2).sum(1) - (centre**2).sum()
            agree += close(found, spread / prompts + noise / (prompts * size)) and close(weights @ estimates, centre)
            total += 1
    detail = f"tr Var over all batches = tr Var_x(g)/N + (E[w (r - b)²] - E‖g‖²)/(N G) in {agree} of {total} settings"
    return Evidence("numeric", detail, ok=agree == total)


@evidence(
    "oblrpo.ascent",
    "oblrpo.step",
    "oblrpo.step.snr",
    "oblrpo.step.batch",
    "oblrpo.step.saturates",
    "oblrpo.convergence",
    "oblrpo.convergence.adaptive",
)
def steps() -> Evidence:
    """J(θ) = -L θ²/2 with estimates -Lθ ± σ: E[θ²] after each step is exact, and ascent is an equality."""
    L, sigma, ok = 2.0, 0.5, True
    for start in (0.1, 1.0, 3.0):
        g2, V = (L * start) ** 2, sigma**2
        gains = [eta * g2 - L * eta**2 / 2 * (g2 + V) for eta in torch.linspace(0, 1, 1001).tolist()]
        best = g2 / (L * (g2 + V))
        ok &= max(gains) <= g2**2 / (2 * L * (g2 + V)) + 1e-15 and abs(best - (g2 / V) / (1 + g2 / V) / L) < TOL
        after = [-L / 2 * (start + best * (-L * start + noise)) ** 2 for noise in (sigma, -sigma)]
        ok &= abs(sum(after) / 2 - (-L / 2 * start**2 + g2**2 / (2 * L * (g2 + V)))) < TOL
        for eta in (0.05, 0.2, 0.5):
            square, gradients, T = start**2, 0.0, 40
            for _ in range(T):
                gradients += L**2 * square
                square = (1 - eta * L) ** 2 * square + eta**2 * V
            ok &= gradients / T <= 2 * (L * start**2 / 2) / (eta * T) + L * eta * V
        theta2, adaptive = start**2, 0.0
        for _ in range(200):  # η* of the expected square: J is quadratic, so the recursion in E[θ²] is exact
            signal = L**2 * theta2
            adaptive += signal**2 / (signal + V)
            eta = signal / (L * (signal + V))
            theta2 = (1 - eta * L) ** 2 * theta2 + eta**2 * V
        ok &= adaptive <= 2 * L * (L * start**2 / 2)
    sizes = [1 / (1 + 1 / n + 1 / (n * g)) for n, g in ((1, 1), (1, 2), (2, 2), (4, 8), (10**6, 10**6))]
    ok &= sizes == sorted(sizes) and 1 - 1e-5 < sizes[-1] < 1 and abs(1 / (1 + 1 + 1 / 10**9) - 1 / 2) < 1e-8  # N = 1
    return Evidence(
        "numeric",
        "J = -θ², noise ±1/2: η* beats 1001 steps, ascent is exact, both sums of gradients stay below their bounds",
        ok=ok,
    )


@evidence("oblrpo.snr.plug_in", "oblrpo.snr.plug_in.repaired", "oblrpo.snr.halves", "oblrpo.snr.negative")
def signal_from_estimates() -> Evidence:
    """Exact means over all pairs of single-response estimates of a bandit."""
    plug_in = halves = negative = 0
    for seed in range(SEEDS):
        bandit = Bandit.random(seed)
        draws = bandit.scores * (bandit.r - 0.3)[:, None]
        norm = bandit.p @ (draws**2).sum(1)
        signal = (bandit.gradient**2).sum()
        variance = bandit.p @ ((draws - bandit.gradient) ** 2).sum(1)
        plug_in += close(norm, signal + variance) and float(variance) > GAP
        products = draws @ draws.T
        halves += close(bandit.p @ products @ bandit.p, signal)
        negative += bool((products < 0).any())
    pair = torch.tensor([[3.0, 1.0], [1.0, -1.0]], dtype=torch.float64)  # signal 3 - 1 = 2, second moment (10 + 2)/2 = 6
    ok = plug_in == halves == SEEDS and negative > 0 and close(step_size(pair, 2.0), 2 / 6 / 2)
    detail = (
        f"{SEEDS} bandits: E‖ĝ‖² = ‖∇J‖² + V in {plug_in}, E⟨ĝ_1, ĝ_2⟩ = ‖∇J‖² in {halves}, with negative products in {negative}"
    )
    return Evidence("numeric", detail, ok=ok)
