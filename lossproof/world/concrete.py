"""One input, in float64, through the original function: claims are numbers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..subject import TOKEN_INPUTS, preferences
from .claims import Claim, Claims, Inputs


@dataclass
class ConcreteWorld(Claims):
    """One input: numbers in float64, and the original function."""

    subject: Any  # a Subject, or an Estimator
    case: dict[str, Any]
    scalars: dict[str, float] = field(default_factory=dict)
    scale: float = 0.0
    outside: bool = False  # the case does not satisfy what the property asks for
    runs: dict[Any, Any] = field(default_factory=dict)
    symbolic = False

    def __post_init__(self) -> None:
        if self.paired:  # the rewards of a case say nothing to it
            self.case = {**self.case, "rewards": [float(r) for r in preferences(len(self.case["rewards"]))]}

    @property
    def G(self) -> int:
        return len(self.case["rewards"])

    @property
    def T(self) -> int:
        return len(self.case["logp"][0])

    def inputs(self, prefix: str = "", group: int | None = None) -> Inputs:
        """The case's arrays; under a prefix, other values of the same shape (same mask).

        A step of diffusion of which the case says nothing masks every token, at level 1.
        """
        a: dict[str, Any] = {n: np.array(self.case[n], dtype=float) for n in (*TOKEN_INPUTS, "rewards")}
        if self.takes("masked"):
            a["masked"] = np.array(self.case.get("masked", self.case["mask"]), dtype=float)
        if self.takes("noise_level"):
            a["noise_level"] = np.array(self.scalar("noise_level"))
        if "squared_norms" in self.case:
            norms = np.array(self.case["squared_norms"], dtype=float)
            a["squared_norms"] = norms[::-1] * 0.7 + 0.2 if prefix else norms
        if prefix:
            for n in ("logp", "old_logp", "entropy", "rewards"):
                a[n] = a[n][::-1] * 0.7 - 0.2 * np.arange(a[n].size).reshape(a[n].shape)
        return Inputs(**{**a, "ref_logp": a["logp"]})

    def free_reference(self, x: Inputs) -> Inputs:
        return x.but(ref_logp=np.array(self.case["ref_logp"], dtype=float))

    def free_advantages(self, x: Inputs) -> Inputs:
        return x.but(advantages=np.array(self.case["advantages"], dtype=float).reshape(-1, 1))

    def scalar(self, name: str, positive: bool = False) -> float:
        return self.scalars.setdefault(name, self.case.get(name, 2.0 if positive else 1.0))

    def not_all_equal(self, xs: Any) -> None:
        self.outside = self.outside or not self.any_differ(xs)

    def condition(self, left: Any, relation: str, right: Any) -> bool:
        """Strict relations hold only where rounding cannot be what makes them hold."""
        apart = abs(left - right) > 1e-9 * max(1e-3, abs(left), abs(right))
        return bool({"=": left == right, "<=": left <= right, "<": left < right and apart, "!=": apart}[relation])

    def live(self, x: Inputs, i: int, t: int) -> list[bool]:
        return [bool(x.mask[i, t] == 1)]

    def ratio(self, x: Inputs, i: int, t: int) -> float:
        return float(np.exp(x.logp[i, t] - x.old_logp[i, t]))

    def padded(self, x: Inputs, i: int, t: int) -> list[bool]:
        self.unsummed()
        return [bool(x.mask[i, t] == 0)]

    def any_differ(self, xs: Any) -> bool:
        return bool((np.ptp(xs, axis=0) > 0).any())

    def number(self, q: Any) -> float:
        return float(q)

    def same(self, a: Any, b: Any) -> bool:
        return float(a) == float(b)

    def absolute(self, a: Any) -> Any:
        return np.abs(a)

    def dyadic(self, a: Any) -> Any:
        return a if self.G == 2 else np.round(a * 8) / 8

    def root(self, a: Any) -> float:
        return float(np.sqrt(a))

    def widened(self, x: Inputs, junk: Inputs) -> Inputs:
        values = {"logp": -3.0, "old_logp": -0.5, "ref_logp": -1.5, "entropy": 0.3, "mask": 0.0}
        values |= {} if x.masked is None else {"masked": 0.0}
        column = {n: np.full((x.logp.shape[0], 1), v) for n, v in values.items()}
        return x.but(**{n: np.concatenate([getattr(x, n), c], axis=1) for n, c in column.items()})

    def _run(self, x: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
        self.told(x.rewards)
        tensors = {n: torch.as_tensor(np.array(a, dtype=float)) for n, a in x.arrays().items()}
        self.last = x
        self.outside = self.outside or rounds(x.rewards) or (x.advantages is not None and rounds(x.advantages))
        key = tuple((n, t.shape, t.numpy().tobytes()) for n, t in tensors.items())
        if key not in self.runs:
            self.runs[key] = self.subject.run(tensors, direct=x.advantages is not None)
        loss, g = self.runs[key]
        sizes = torch.cat([loss.reshape(1), g.reshape(-1)]).abs()
        self.scale = max(self.scale, float(sizes[sizes.isfinite()].max()) if sizes.isfinite().any() else 0.0)
        return loss, g

    def advantages(self, x: Inputs, group: tuple[int, ...] | None = None) -> Any:
        tensors = {n: torch.as_tensor(np.array(a, dtype=float)) for n, a in x.arrays().items()}
        self.last = x
        self.outside = self.outside or rounds(x.rewards)
        out = self.subject.run(tensors, group or (0,) * len(x.rewards)).numpy()
        finite = out[np.isfinite(out)]
        self.scale = max(self.scale, float(np.abs(finite).max()) if finite.size else 0.0)
        return out

    def loss(self, x: Inputs, like: Inputs | None = None) -> float:
        return float(self._run(x)[0])

    def gradient(self, x: Inputs) -> Any:
        return self._run(x)[1].numpy().copy()

    def weight(self, x: Inputs, at: tuple[int, ...], like: Inputs) -> float:
        return float(self._run(x)[1][at])


def rounds(xs: Any) -> bool:
    """Whether values lie so close together that what is left of their differences is rounding, or their squares underflow.

    Of several rewards: those of any one, or their sums.
    """
    columns = np.asarray(xs) if np.ndim(xs) < 2 or np.shape(xs)[1] == 1 else np.column_stack([xs, np.sum(xs, axis=1)])
    spread, size = np.ptp(columns, axis=0), np.abs(columns).max(axis=0)
    return bool(((spread > 0) & (spread < np.maximum(1e-6 * size, 1e-100))).any())


def violated(claim: Claim, scale: float, tolerance: float = 1e-7) -> bool:
    """Whether plain numbers break a claim by more than rounding: 1e-7 of the largest gradient entry."""
    if not all(claim.given):
        return False
    left, right = float(claim.left), float(claim.right)
    if claim.relation == "=" and (left == right or (np.isnan(left) and np.isnan(right))):
        return False
    if not (np.isfinite(left) and np.isfinite(right)):
        return claim.about is None or moderate(claim.about)
    rewards = 1.0 if claim.about is None else float(np.abs(claim.about.rewards).max(initial=1.0))
    several = claim.about is not None and np.ndim(claim.about.rewards) > 1
    small = tolerance if several else 1e-13  # several may cancel, and a small divisor makes the rounding that is left larger
    slack = max(tolerance * max(scale, abs(left), abs(right)), small * rewards)
    gap = left - right
    zero = gap == 0 and (claim.about is None or moderate(claim.about))  # else it may be an underflow
    return {"=": abs(gap) > slack, "<=": gap > slack, "<": gap > slack or zero, "!=": zero}[claim.relation]


def moderate(x: Inputs) -> bool:
    """Whether the inputs are of a size at which an infinity, or a 0, is the loss's doing and no over- or underflow."""
    return all(np.abs(a).max(initial=0) <= 100 for a in x.arrays().values())
