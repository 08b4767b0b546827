"""adamw-scale-invariant: does AdamW cancel the scale of the reward? (Fontana et al., Prop. 2)"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from ..decide import Finding, decide, scope
from ..proving import prove
from ..subject import Subject
from ..witness import corners, make, noised
from ..world import Claim, ConcreteWorld
from . import Property
from .reward_scale import PROPERTY as SCALES
from .reward_scale import scaled

THEOREM = "fontana2026.prop2.trajectory"
_, INVARIANT, LINEAR = SCALES


def trajectory(subject: Subject, case: Any, phi: float, steps: int = 3) -> Any:
    """logp after AdamW steps (eps = 0, weight_decay = 0.01) on one group.

    Where no gradient has ever come in, eps = 0 makes the step 0/0: such coordinates (padding, say) stay where they are.
    """
    w = ConcreteWorld(subject, case)
    x = w.free_reference(w.inputs())
    x = x.but(rewards=x.rewards * phi)
    theta = torch.tensor(np.array(x.logp), requires_grad=True)
    optimizer = torch.optim.AdamW([theta], lr=0.05, eps=0.0, weight_decay=0.01)
    for _ in range(steps):
        before = theta.detach().clone()
        theta.grad = torch.tensor(-w.gradient(x.but(logp=before.numpy())))
        optimizer.step()
        with torch.no_grad():
            theta.copy_(torch.where(theta.isnan(), before, theta))
    return theta.detach().numpy()


def damped(eps: Fraction) -> Any:
    """g(phi r) = phi (sigma + eps) / (phi sigma + eps) g(r): a positive factor that does not depend on the parameters."""

    def claims(w: Any) -> list[Claim]:
        at_scale, g, phi = scaled(w)
        r = w.inputs().rewards
        centre = r.sum() / w.number(w.G)
        sigma = w.root(((r - centre) * (r - centre)).sum() / w.number(w.G - 1))
        e = w.number(eps)
        return w.same_gradient(
            at_scale * (phi * sigma + e), g * (phi * (sigma + e)), "g(phi r) (phi sigma + eps) and g(r) phi (sigma + eps)"
        )

    return claims


def damping(subject: Subject) -> Fraction | None:
    """The eps beside sigma(r) that the size of the gradient shows when the rewards are scaled by 2, None if there is none."""
    for size in (1e-3, 1e-6):
        case = make([2 * size, size, 0], [1, 1, 1], 1)
        w, phi, sigma = ConcreteWorld(subject, case), 2.0, size
        x = w.inputs().on_policy()
        ratio = w.gradient(x.but(rewards=x.rewards * phi))[0, 0] / w.gradient(x)[0, 0]
        if np.isfinite(ratio) and 1 + 1e-4 < ratio < phi * (1 - 1e-4):
            return Fraction(phi * sigma * (ratio - 1) / (phi - ratio)).limit_denominator(10**6 if size > 1e-4 else 10**9)
    return None


def judged(p: Property, subject: Subject, G: int, T: int, known: Mapping[str, Finding] = MappingProxyType({})) -> Finding:
    """Proved where the gradient is homogeneous in the rewards: `known` holds what was found on that, if it was asked before.

    g(phi r) = g(r) gives both runs the same gradients; a gradient of degree one, and one that is damped by an eps beside
    sigma, differ by a positive factor that the parameters do not change, which is the case of the theorem.
    """
    theorem = f"and by theorem {THEOREM}"
    for q, how in ((INVARIANT, "so AdamW sees the same gradients"), (LINEAR, theorem)):
        finding = known.get(q.id) or decide(q, subject, G, T)
        if finding.verdict == "proved" and finding.scope.startswith(scope(G, T)) and "; only at" not in finding.scope:
            return Finding(p.id, "proved", p.statement, finding.scope, f"{q.id} is proved ({finding.method}), {how}")
    cases = [make([3, 1, 0], [1, 2, 2], 2, 1.5, 0.5, spread=0.4), make([1e-8, 0], [1, 2], 2, 1.0, 0.5)]
    cases += corners(min(G, 3), min(T, 2))
    cases = [*chain.from_iterable(map(noised, cases))] if subject.stepwise else cases
    broken = differing(p, subject, cases[:6])
    if broken is not None:
        return broken
    eps, reason = damping(subject), "g changes with the scale, in no known way"
    if eps is not None:
        proof = prove(replace(p, decide=None, claims=damped(eps)), subject, G, T)
        if proof.proved:
            law = f"g(phi r) = phi (sigma + {float(eps):g}) / (phi sigma + {float(eps):g}) g(r)"
            return Finding(p.id, "proved", p.statement, scope(G, T), f"{law} ({proof.method}), {theorem}")
        reason = proof.reason or reason
    broken = differing(p, subject, cases[6:])
    return broken or Finding(p.id, "tested", p.statement, scope(G, T), "corner cases, real AdamW", reason=reason)


def differing(p: Property, subject: Subject, cases: list[Any]) -> Finding | None:
    """A case on which three steps with r and with phi r come out differently."""
    for case in cases:
        if len(set(case["rewards"])) < 2:
            continue
        for phi in (2.0, 1024.0, 0.125):  # powers of two: scaling is exact, so AdamW cannot amplify rounding
            a, b = trajectory(subject, case, 1.0), trajectory(subject, case, phi)
            gap = np.abs(a - b).max()
            if not gap < 1e-9:
                at = np.unravel_index(np.argmax(np.abs(a - b)), a.shape)
                witness = {
                    "property": p.id,
                    "claim": f"logp[{at[0]},{at[1]}] after three AdamW steps with r and with {phi} r",
                    "relation": "=",
                    "left": float(a[at]),
                    "right": float(b[at]),
                    "case": case,
                    "scalars": {"phi": phi},
                }
                return Finding(
                    p.id, "refuted", p.statement, f"G = {len(case['rewards'])}", "torch.optim.AdamW in float64", witness=witness
                )
    return None


PROPERTY = Property(
    "adamw-scale-invariant",
    "three steps of torch.optim.AdamW (eps=0, weight_decay=0.01) give the same parameters for r and phi r (ref_logp free)",
    decide=judged,
    harm=50,
    rests_on=(INVARIANT.id, LINEAR.id),
)
