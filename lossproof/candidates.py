"""A solver's model as a case: what the refuter then runs on the function itself."""

from math import log
from typing import Any

import z3

from theory.kernel import Term
from theory.kernel.ring import poly

from .smt import Encoder
from .witness import Case


def case_of(model: Any, encoder: Encoder, subject: Any, G: int, T: int) -> Case:
    """A solver's model as a case: rewards and lengths as they are, log-probabilities so that the ratios come out."""

    def real(name: str, default: float = 0.0) -> float:
        q = model.eval(z3.Real(name), model_completion=True)
        try:
            return float(q.as_fraction())
        except AttributeError:
            return float(q.approx(12).as_fraction()) if hasattr(q, "approx") else default

    def table(name: str) -> list[list[float]]:
        return [[real(f"{name}_{i}_{t}") for t in range(T)] for i in range(G)]

    logp = [[-abs(x) - 0.5 for x in row] for row in table("logp")]
    old, ref = [row[:] for row in logp], [row[:] for row in logp]
    for key, symbol in encoder.opaque.items():
        if key.op == "app" and key.args[0] == "exp":
            value = model.eval(symbol, model_completion=True)
            size = float(value.as_fraction()) if hasattr(value, "as_fraction") else 1.0
            place(key, max(size, 1e-6), logp, old, ref)
    rewards: list[Any] = [real(f"reward_{i}") for i in range(G)]
    mask = [
        [1.0] + [1.0 if z3.is_true(model.eval(z3.Bool(f"mask_{i}_{t}"), model_completion=True)) else 0.0 for t in range(1, T)]
        for i in range(G)
    ]
    mean = sum(rewards) / G
    centred = [[r - mean] for r in rewards]
    if subject.columns:
        rewards = [[real(f"reward_{i}_{k}") for k in range(*subject.columns)] for i in range(G)]
    norms = {"squared_norms": [real(f"norm_{i}") for i in range(G)]} if subject.takes("squared_norms") else {}
    step = {
        "masked": [[m * z3.is_true(model.eval(z3.Bool(f"masked{t}_{i}_0"), model_completion=True)) for t, m in enumerate(row)]
                   for i, row in enumerate(mask)],
        "noise_level": min(max(real("noise_level", 1.0), 1e-3), 1.0),
    } if subject.stepwise else {}  # fmt: skip
    return {
        "logp": logp, "old_logp": old, "ref_logp": ref, "mask": mask, "entropy": table("entropy"), "rewards": rewards,
        "advantages": centred, "phi": abs(real("phi", 2.0)) or 2.0, "c": real("c", 1.0) or 1.0, **step, **norms,
    }  # fmt: skip


def place(key: Term, size: float, logp: Any, old: Any, ref: Any) -> None:
    """Move old or reference log-probabilities so that exp of (a difference of log-probabilities) has this value."""
    linear = [(next(iter(m))[0], c) for m, c in poly(key.args[2]).items() if len(m) == 1]
    tables = {"old": old, "ref": ref}
    for v, c in linear:
        kind, _, at = str(v.args[0]).partition("_") if v.op == "var" else ("", "", "")
        if kind in tables:
            i, t = map(int, at.split("_"))
            tables[kind][i][t] = logp[i][t] + log(size) / float(c)
            return
