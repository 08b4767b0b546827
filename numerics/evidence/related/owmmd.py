"""OWMMD in numbers: MMD of random features, its bias by enumeration, the Gaussian closed form, rules for the weights.

TOL: means of at most 400 kernel values of size at most 100, errors of 40 u each, u = 2^-53: below 1e-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product
from math import exp, log, pi

import numpy as np
import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.related.owmmd import (
    entropy_weights,
    gaussian_kernel,
    linear_kernel,
    mmd,
    mmd_unbiased,
    quadratic_weights,
    weighted_mmd,
)
from theory.verdict import Evidence

TOL, SEEDS = 1e-11, 20
GAUSS = gaussian_kernel(1.0)


def generators() -> Iterator[torch.Generator]:
    for seed in range(SEEDS):
        yield torch.Generator().manual_seed(seed)


def normal(gen: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=gen, dtype=torch.float64)


@evidence("owmmd.mmd", "owmmd.mmd.linear", "owmmd.saturation", "owmmd.u_statistic.negative")
def distances() -> Evidence:
    """V-statistics of random features: squared distance of means, sign and bound; the sign of U-statistics."""
    ok, negative = True, 0
    for gen in generators():
        x, y = normal(gen, 6, 3), 3 * normal(gen, 4, 3)
        ok &= abs(float(mmd(x, y, linear_kernel)) - float((x.mean(0) - y.mean(0)).square().sum())) < TOL
        ok &= -TOL < float(mmd(x, y, GAUSS)) <= 2
        negative += float(mmd_unbiased(x[:3], x[3:], GAUSS)) < 0
    detail = (
        f"{SEEDS} samples of 6 and 4 features: |mean x - mean y|² with the linear kernel, within [0, 2] with the Gaussian one"
    )
    return Evidence("numeric", detail + f"; U < 0 in {negative}", ok=ok and 0 < negative < SEEDS)


@evidence("owmmd.v_statistic.bias", "owmmd.u_statistic.unbiased", "owmmd.v_statistic.same_inputs")
def biases() -> Evidence:
    """Expectations by enumeration of all pairs of samples from three points, in fractions, n = 2 and 3."""
    points, ok = [Fraction(0), Fraction(1), Fraction(3)], True

    def kern(a: Fraction, b: Fraction) -> Fraction:
        return 1 / (1 + (a - b) ** 2)

    diag = sum((kern(a, a) for a in points), Fraction(0)) / 3
    off = sum((kern(a, b) for a in points for b in points), Fraction(0)) / 9
    for n in (2, 3):
        v, u, count = Fraction(0), Fraction(0), 0
        for x in product(points, repeat=n):
            own = sum((kern(a, b) for a in x for b in x), Fraction(0))
            alone = sum((kern(a, a) for a in x), Fraction(0))
            for y in product(points, repeat=n):
                other = sum((kern(a, b) for a in y for b in y), Fraction(0))
                cross = sum((kern(a, b) for a in x for b in y), Fraction(0))
                v += (own + other - 2 * cross) / n**2
                u += (own - alone + other - sum((kern(b, b) for b in y), Fraction(0))) / (n * (n - 1)) - 2 * cross / n**2
                count += 1
        ok &= v / count == Fraction(2, n) * (diag - off) and u == 0
    left, right = points[:2], points[1:]
    within = kern(*left) + kern(*right)
    across = sum((kern(a, b) for a in left for b in right), Fraction(0)) / 2
    old, new = (torch.tensor([[float(a)] for a in side], dtype=torch.float64) for side in (left, right))
    ok &= abs(float(mmd_unbiased(old, new, lambda a, b: 1 / (1 + (a - b.T) ** 2))) - float(within - across)) < TOL
    features = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    ok &= float(mmd(features, features, linear_kernel)) == 0
    return Evidence(
        "numeric", "exact, n = 2 and 3: E[V] = (2/n)(E k(x,x) - E k(x,x')), E[U] = 0; V = 0 on the same inputs", ok=ok
    )


@evidence("owmmd.unpaired", "owmmd.unpaired.repaired", "owmmd.permutation", "owmmd.class_swap")
def reordered() -> Evidence:
    """All 24 reorderings of 4 features; the swap of two classes under the old head."""
    blind = moved = 0
    for gen in generators():
        x = normal(gen, 4, 2)
        orders = [x[list(order)] for order in permutations(range(4))]
        blind += all(abs(float(mmd(x, y, GAUSS))) < TOL for y in orders)
        moved += sum(float((x - y).square().sum()) > 1e-3 for y in orders) == 23
    x = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    swapped = abs(float(mmd(x, x.flip(0), GAUSS))) < TOL and bool(((x.flip(0) >= 0.5) != (x >= 0.5)).all())
    detail = f"{SEEDS} sets of 4 features, 24 orders: distance 0 in {blind}, features changed in {moved}; "
    return Evidence("numeric", detail + "classes swapped: distance 0, all wrong", ok=blind == moved == SEEDS and swapped)


@evidence("owmmd.gaussian", "owmmd.saturation.gradient")
def closed_form() -> Evidence:
    """The two Gaussian integrals by Gauss-Hermite quadrature in one dimension, the product over three; the gradient."""
    nodes, weights = np.polynomial.hermite.hermgauss(80)
    ok, origin = True, torch.zeros(1, 1, dtype=torch.float64)
    for h, s in ((1.0, 0.5), (2.0, 1.0), (0.7, 0.7)):
        width = h * h + 2 * s * s
        c = (h * h / width) ** 0.5
        for apart in (0.0, 0.5, 2.0, 6.0):
            # x - x' is normal with variance 2 s², mean `apart` or 0
            gaps = (torch.tensor(d + 2 * s * nodes)[:, None] for d in (0.0, apart))
            values = [float(weights @ gaussian_kernel(h)(origin, gap)[0].numpy() / pi**0.5) for gap in gaps]
            closed = 2 * c**3 * (1 - exp(-(apart**2) / (2 * width)))
            numeric = 2 * values[0] ** 3 - 2 * values[1] * values[0] ** 2
            ok &= abs(closed - numeric) < 1e-9 and 0 <= closed < 2 * c**3
            x = torch.tensor(apart, dtype=torch.float64, requires_grad=True)
            (slope,) = torch.autograd.grad(2 * c * (1 - (-x.square() / (2 * width)).exp()), x)
            ok &= apart == 0 or 0 < float(slope) <= 4 * c / apart
    return Evidence("numeric", "3 widths, 4 distances: quadrature of 80 nodes within 1e-9, gradient at most 4c/x", ok=ok)


@evidence(
    "owmmd.weights.min",
    "owmmd.weights.max",
    "owmmd.weights.joint",
    "owmmd.weights.descent",
    "owmmd.weights.entropy",
    "owmmd.weights.entropy.max",
    "owmmd.weights.entropy.value",
    "owmmd.weights.envelope",
    "owmmd.weights.quadratic",
    "owmmd.weights.quadratic.sparse",
    "owmmd.weights.uncertainty",
)
def rules() -> Evidence:
    """Closed forms against 200 random weights each, and against gradient descent on softmax weights."""
    ok, sparse = True, 0
    for gen in generators():
        d, tau = normal(gen, 4).abs(), 0.5
        trials = normal(gen, 200, 4).softmax(1)
        values = trials @ d
        ok &= float(d.min()) <= float(values.min()) and float(values.max()) <= float(d.max())
        entropy = (trials * trials.log()).sum(1)
        for sign in (1.0, -1.0):
            best = entropy_weights(d, sign * tau)
            reached = float(best @ d + sign * tau * (best * best.log()).sum())
            ok &= abs(reached + sign * tau * float((-sign * d / tau).logsumexp(0))) < TOL
            ok &= bool((sign * (values + sign * tau * entropy - reached) > -TOL).all())
        best = quadratic_weights(d, tau)
        reached = float(best @ d + tau / 2 * best.square().sum())
        ok &= abs(float(best.sum()) - 1) < TOL and bool((values + tau / 2 * trials.square().sum(1) - reached > -TOL).all())
        sparse += bool((best == 0).any())
        moving = d.clone().requires_grad_()
        (slope,) = torch.autograd.grad(-tau * (-moving / tau).logsumexp(0), moving)
        ok &= float((slope - entropy_weights(d, tau)).abs().max()) < TOL
        logits = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        for _ in range(50):
            alpha = logits.softmax(0)
            (g,) = torch.autograd.grad(alpha @ d, logits)
            ok &= float((g - (alpha * (d - alpha @ d)).detach()).abs().max()) < TOL
            logits = (logits - 5 * g).detach().requires_grad_()
        ok &= int(logits.argmax()) == int(d.argmin()) and float(logits.detach().softmax(0) @ d) < float(d.mean())
        for size in d.tolist():
            grid = [size * f for f in (0.5, 0.9, 1.1, 2.0)]
            ok &= all(size / (2 * q) + log(q) / 2 > 0.5 + log(size) / 2 for q in grid)
    detail = (
        f"{SEEDS} sets of 4 distances against 200 weights: both corners, both softmax optima, the projection (sparse in {sparse})"
    )
    return Evidence("numeric", detail + ", 1/d; 50 descent steps put most weight on the least distance", ok=ok and sparse > 0)


@evidence(
    "owmmd.layers.rescaling",
    "owmmd.layers.scale",
    "owmmd.layers.scale.repaired",
    "owmmd.layers.redundant",
    "owmmd.layers.identifiable",
)
def networks() -> Evidence:
    """Two-layer ReLU networks, rescaled between their layers by 2: outputs, distances, weighted distances."""
    ok = True
    for gen in generators():
        inputs, w, v, shift = normal(gen, 8, 3), normal(gen, 3, 5), normal(gen, 5, 2), normal(gen, 3, 5)
        hidden, drifted = (inputs @ w).relu(), (inputs @ (w + 0.1 * shift)).relu()
        doubled, doubled_drift = (inputs @ (2 * w)).relu(), (inputs @ (2 * (w + 0.1 * shift))).relu()
        ok &= float((hidden @ v - doubled @ (v / 2)).abs().max()) < TOL
        plain, scaled = (float(mmd(a, b, linear_kernel)) for a, b in ((hidden, drifted), (doubled, doubled_drift)))
        ok &= abs(scaled - 4 * plain) < TOL and plain > 1e-6
        ok &= abs(scaled / float(doubled.square().mean()) - plain / float(hidden.square().mean())) < TOL
        W = 1.5
        layers = ([hidden, W * hidden], [drifted, W * drifted])
        for weights in ((1.0, 0.0), (0.0, 1 / W**2)):
            found = weighted_mmd(*layers, torch.tensor(weights, dtype=torch.float64), linear_kernel)
            ok &= abs(float(found) - plain) < TOL
    detail = f"{SEEDS} networks: same output and 4 times the distance, the same over the mean square; "
    return Evidence("numeric", detail + "weights (1, 0) and (0, 1/W²) agree", ok=ok)
