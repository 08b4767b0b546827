"""adamw-scale-invariant: does AdamW cancel the scale of the reward? (Fontana et al., Prop. 2)"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..decide import Finding, prove, scope
from ..subject import Subject
from ..witness import corners, make
from ..world import ConcreteWorld
from . import Property
from .reward_scale import invariant, linear

THEOREMS = {"linear": "fontana2026.prop2.trajectory", "invariant": "the same gradients at every step"}


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


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    for case in [*corners(min(G, 3), min(T, 2)), make([3, 1, 0], [1, 2, 2], 2, 1.5, 0.5, spread=0.4)]:
        if len(set(case["rewards"])) < 2:
            continue
        for phi in (2.0, 1024.0, 0.125):  # powers of two: scaling is exact, so AdamW cannot amplify rounding
            a, b = trajectory(subject, case, 1.0), trajectory(subject, case, phi)
            gap = np.abs(a - b).max()
            if not gap < 1e-9:
                at = np.unravel_index(np.argmax(np.abs(a - b)), a.shape)
                witness = {
                    "property": p.id, "claim": f"logp[{at[0]},{at[1]}] after three AdamW steps with r and with {phi} r", "relation": "=",
                    "left": float(a[at]), "right": float(b[at]), "case": case, "scalars": {"phi": phi},
                }  # fmt: skip
                return Finding(p.id, "refuted", p.statement, f"G = {len(case['rewards'])}", "torch.optim.AdamW in float64", witness=witness)
    reason = ""
    for name, claims in (("invariant", invariant), ("linear", linear)):
        proof = prove(replace(p, decide=None, claims=claims), subject, G, T)
        if proof.proved:
            return Finding(p.id, "proved", p.statement, scope(G, T), f"g is scale-{name} ({proof.method}); {THEOREMS[name]}")
        reason = reason or proof.reason
    return Finding(p.id, "tested", p.statement, scope(G, T), "corner cases, real AdamW", reason=reason)


PROPERTY = Property(
    "adamw-scale-invariant",
    "three steps of torch.optim.AdamW (eps=0, weight_decay=0.01) give the same parameters for r and phi r (ref_logp free)",
    decide=judged, harm=50,
)  # fmt: skip
