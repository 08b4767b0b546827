"""pure and gradient-of-value: statements about one call, so they are searched, never proved."""

import random
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch

from ..decide import Finding
from ..subject import Subject
from ..witness import Case, drawn, make, noised
from ..world import ConcreteWorld
from . import Property

TRIALS = 30
STEP = 1e-5  # of a central difference, whose error is then about 1e-10


def cases(subject: Subject, G: int, T: int) -> Iterator[Case]:
    rng = random.Random(5)
    plain = [make([1, 0], [1, min(2, T)], T, 1.1, spread=0.4), *(drawn(G, T, rng) for _ in range(TRIALS))]
    yield from chain.from_iterable(map(noised, plain)) if subject.stepwise else plain


def refuted(p: Property, case: Case, claim: str, left: float, right: float) -> Finding:
    group = {"rewards": case["rewards"], "lengths": [int(sum(row)) for row in case["mask"]]}
    witness = {"property": p.id, "claim": claim, "relation": "=", "left": left, "right": right, "case": case, "group": group}
    shape = f"G = {len(case['rewards'])}, T = {len(case['logp'][0])}"
    return Finding(p.id, "refuted", p.statement, shape, "re-executed in float64 PyTorch", witness=witness)


def judge_pure(p: Property, subject: Subject, G: int, T: int) -> Finding:
    """The loss is called twice on the very same tensors."""
    for case in cases(subject, G, T):
        world = ConcreteWorld(subject, case)
        x = world.free_reference(world.inputs())
        x = world.free_advantages(x) if subject.takes("advantages") else x
        tensors = {n: torch.as_tensor(np.array(a, dtype=float)) for n, a in x.arrays().items()}
        before = {n: t.clone() for n, t in tensors.items()}
        given = {n: t.requires_grad_() if n == "logp" else t for n, t in tensors.items() if n in subject.names(True)}
        first, second = (float(subject.loss(**given).detach()) for _ in range(2))
        if first != second and not (np.isnan(first) and np.isnan(second)):
            return refuted(p, case, "the second call on the same tensors returns", second, first)
        for n, t in given.items():
            if not torch.equal(t.detach(), before[n]):
                changed = (t.detach() != before[n]).flatten().nonzero()[0, 0]
                old, new = (float(a.detach().flatten()[changed]) for a in (before[n], t))
                return refuted(p, case, f"a call writes to its input {n}, an entry of which becomes", new, old)
    return Finding(p.id, "tested", p.statement, f"G <= {G}, T <= {T}", f"{TRIALS + 1} inputs, two calls on the same tensors")


def judge_value(p: Property, subject: Subject, G: int, T: int) -> Finding:
    """Autograd against central differences of the value; inputs near a kink, where those disagree, say nothing."""
    tried = 0
    for case in cases(subject, G, T):
        world = ConcreteWorld(subject, case)
        x = world.free_reference(world.inputs())
        g, value = world.gradient(x), world.loss(x)
        if not (np.isfinite(g).all() and np.isfinite(value)):
            continue
        tried += 1
        for at in np.ndindex(g.shape):
            up, down = (world.loss(x.but(logp=moved(x.logp, at, h))) for h in (STEP, -STEP))
            one_sided = (up - value) / STEP, (value - down) / STEP
            slope, size = -(up - down) / (2 * STEP), max(1.0, abs(value), float(np.abs(g).max()))
            if abs(one_sided[0] - one_sided[1]) < 1e-2 * size and abs(slope - g[at]) > 1e-3 * size:
                claim = f"autograd's and the value's own slope (central difference) at completion {at[0]}, token {at[1]}"
                return refuted(p, case, claim, float(g[at]), float(slope))
    return Finding(p.id, "tested", p.statement, f"G <= {G}, T <= {T}", f"{tried} inputs, central differences with step {STEP:g}")


def moved(logp: Any, at: tuple[int, ...], by: float) -> Any:
    out = np.array(logp, copy=True)
    out[at] += by
    return out


PROPERTY = [
    Property(
        "pure",
        "two calls on the same tensors return the same loss, and leave the tensors as they were",
        decide=judge_pure,
        harm=4,
        on_request=True,
    ),
    Property(
        "gradient-of-value",
        "g is the derivative of the value that the loss returns: nothing is hidden from autograd, or from the value",
        decide=judge_value,
        harm=64,
        on_request=True,
    ),
]
