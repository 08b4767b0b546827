"""The acceptance test of a recording: it must give what the function gives, on inputs it was not recorded on."""

from typing import Any

import numpy as np
import torch

from .meanings.concrete import Concrete
from .operators import Poison
from .subject import BATCH, Subject, example

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 1e-1}


def reproduces(subject: Subject, group: int, length: int, direct: bool = False, trials: int = 3) -> str:
    """'' if the recorded operations agree with the function, value and gradient, on other inputs and masks; else why not.

    A guard against what tracking misses. Values that the recording does not have (`Poison`) prove nothing and pass.
    """
    paths = subject.paths(group, length, direct)
    slack = max(TOLERANCE.get(d, 0.0) for t in paths for d in t.dtypes)
    for seed in range(trials):
        x = drawn(group, length, seed)
        try:
            loss, gradient = subject.run(x, direct)
        except Exception:  # the function has no value here
            continue
        formula = subject.formula(Concrete(), {n: v.numpy() for n, v in x.items()}, direct)
        recorded = np.zeros(gradient.shape) if formula.gradient is None else -1 * hidden(formula.gradient)
        for what, a, b in (("loss", hidden(formula.loss), loss.numpy()), ("gradient", recorded, gradient.numpy())):
            if not agrees(a, b, slack):
                return f"the recorded operations do not reproduce the {what} of the function on other inputs"
    return ""


def hidden(a: Any) -> Any:
    """As floats, poison as NaN."""
    return np.array([np.nan if isinstance(x, Poison) else float(x) for x in np.ravel(a)]).reshape(np.shape(a))


def agrees(a: Any, b: Any, slack: float) -> bool:
    """Whether two arrays agree where both have finite values."""
    both = np.isfinite(a) & np.isfinite(b)
    scale = max(np.abs(b[both]).max(initial=0.0), 1e-3)
    return bool((np.abs(a - b)[both] <= slack * scale).all())


def drawn(group: int, length: int, seed: int) -> dict[str, torch.Tensor]:
    """A random ordinary input with a random mask, unlike the one that traces are recorded on."""
    g = torch.Generator().manual_seed(1000 + seed)
    x = example(group, length)
    for n in ("logp", "old_logp", "ref_logp"):
        x[n] = -torch.rand(group, length, dtype=torch.float64, generator=g) * (0.3 + seed) - 0.05
    x["entropy"] = torch.rand(group, length, dtype=torch.float64, generator=g)
    x["rewards"] = torch.randn(group, dtype=torch.float64, generator=g) * (1 + seed)
    lengths = torch.randint(1, length + 1, (group, 1), generator=g)
    x["mask"] = (torch.arange(length)[None] < lengths).double()
    x["advantages"] = (x["rewards"] - x["rewards"].mean())[:, None]
    x["masked"] = x["mask"] * (torch.rand(group, length, generator=torch.Generator().manual_seed(seed)) < 0.6)
    x["noise_level"] = torch.tensor((0.3, 1.0, 0.7)[seed % 3], dtype=torch.float64)
    return x | {n: x[n] + seed for n in BATCH}
