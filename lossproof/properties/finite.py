"""finite and padding-poison-safe: statements about floating point, so they are searched, never proved."""

import random
from itertools import chain, product
from typing import Any

import numpy as np
import torch

from ..compare import runs
from ..decide import Finding
from ..subject import SUMMED, NotApplicable, Subject
from ..witness import Case, drawn, make, noised
from ..world import ConcreteWorld
from . import Property

LOGPS = (0.0, -1e-3, -1.0, -80.0)


def extremes(G: int, T: int) -> Any:
    """Corner inputs of the contract's range: log-probabilities in [-80, 0], rewards in [-1e3, 1e3], any mask."""
    for rewards in ([1.0, 1.0], [0.0, 0.0], [1e3, -1e3], [1.0, 0.0], [1e3, 1e3 - 1e-9]):
        for a, b, c in product(LOGPS, repeat=3):
            case = make(rewards, [T, 1], T)
            grid = {"logp": a, "old_logp": b, "ref_logp": c}
            yield case | {n: [[v] * T for _ in rewards] for n, v in grid.items()}
    empty = make([1.0, 0.0], [T, 1], T)
    empty["mask"][1] = [0.0] * T
    yield empty
    nothing = make([1.0, 0.0], [T, 1], T)
    nothing["mask"] = [[0.0] * T for _ in range(2)]
    yield nothing
    rng = random.Random(1)
    for _ in range(200):
        case = drawn(G, T, rng)
        for n in ("logp", "old_logp", "ref_logp"):
            case[n] = [[-80 * rng.random() ** 3 for _ in row] for row in case[n]]
        yield case


def judge_finite(p: Property, subject: Subject, G: int, T: int) -> Finding:
    tried = 0
    for case in chain.from_iterable(map(noised, extremes(G, T))) if subject.stepwise else extremes(G, T):
        tried += 1
        w = ConcreteWorld(subject, case)
        x = w.free_reference(w.inputs())
        try:
            loss, g = w.loss(x), w.gradient(x)
        except Exception as e:
            if isinstance(e, MemoryError) or not runs(subject, w.G, w.T):  # it takes no group of this shape, whatever is in it
                raise
            witness = {"property": p.id, "claim": f"no loss: it raises {type(e).__name__}: {e}", "case": case}
            return Finding(
                p.id, "refuted", p.statement, f"G = {w.G}, T = {w.T}", "re-executed in float64 PyTorch", witness=witness
            )
        if not (np.isfinite(loss) and np.isfinite(g).all()):
            witness = {
                "property": p.id,
                "claim": "loss, and the largest weight in size",
                "left": float(loss),
                "right": float(np.abs(g).max()),
                "relation": "finite",
                "case": case,
            }
            return Finding(
                p.id, "refuted", p.statement, f"G = {w.G}, T = {w.T}", "re-executed in float64 PyTorch", witness=witness
            )
    return Finding(p.id, "tested", p.statement, f"G <= {G}, T <= {T}", f"{tried} extreme inputs")


def judge_poison(p: Property, subject: Subject, G: int, T: int) -> Finding:
    if subject.paired:
        raise NotApplicable(SUMMED)
    if not subject.takes("mask") and not subject.stepwise:
        return Finding(p.id, "not-applicable", p.statement, reason="the objective does not take mask")
    if T < 2:
        return Finding(p.id, "not-applicable", p.statement, reason="there is no padding at length 1")
    tried = 0
    rng = random.Random(2)
    names = [n for n in subject.names() if n in ("logp", "old_logp", "ref_logp", "entropy")]
    for bad, name, ratio in product((float("nan"), float("inf"), float("-inf")), [*names, "all"], (1.0, 2.0)):
        for case in (make([1, 0], [1, 2], 2, ratio), drawn(G, T, rng)):
            tried += 1
            if finding := poisoned(p, subject, case, bad, name):
                return finding
    return Finding(
        p.id, "tested", p.statement, f"G <= {G}, T <= {T}", f"{tried} inputs with NaN and infinities at masked positions"
    )


def poisoned(p: Property, subject: Subject, case: Case, bad: float, name: str) -> Finding | None:
    w = ConcreteWorld(subject, case)
    x = w.free_reference(w.inputs())
    dirty = {
        n: np.where(x.mask == 0, bad, getattr(x, n)) for n in ("logp", "old_logp", "ref_logp", "entropy") if name in (n, "all")
    }
    y = x.but(**dirty)
    tensors = {n: torch.as_tensor(a) for n, a in y.arrays().items()}
    loss, g = subject.run(tensors)
    if bool(torch.isfinite(loss)) and bool(torch.isfinite(g).all()):
        return None
    before = w.loss(x), w.gradient(x)
    if not (np.isfinite(before[0]) and np.isfinite(before[1]).all()):
        return None
    witness = {
        "property": p.id,
        "claim": f"{bad} in {name} at masked positions: loss, and the sum of the weights",
        "left": float(loss),
        "right": float(g.sum()),
        "relation": "finite",
        "case": case,
        "poison": {"value": str(bad), "input": name},
    }
    return Finding(p.id, "refuted", p.statement, f"G = {w.G}, T = {w.T}", "re-executed in float64 PyTorch", witness=witness)


PROPERTY = [
    Property(
        "padding-poison-safe", "NaN or infinity at masked positions reaches neither loss nor any g", decide=judge_poison, harm=38
    ),
    Property(
        "finite",
        "finite inputs (log-probabilities in [-80,0], rewards in [-1e3,1e3], any mask) give finite loss and gradient",
        decide=judge_finite,
        harm=36,
    ),
]
