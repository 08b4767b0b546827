"""Many drawn cases at once: the claims of a property, through the original function under `torch.func.vmap`.

The same interface as `lossproof.world`, so properties need not know. A number is a `Many`, one float64 per case.
"""

from typing import Any

import numpy as np
import torch

from lossproof.subject import STEP_INPUTS, TOKEN_INPUTS, preferences
from lossproof.world import Claims, Inputs


class Many:
    """One number per case, (B,)."""

    __slots__ = ("x",)

    def __init__(self, x: Any):
        self.x = np.asarray(x, dtype=float)

    def __add__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else Many(self.x + plain(other))

    def __mul__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else Many(self.x * plain(other))

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else Many(self.x - plain(other))

    def __rsub__(self, other: Any) -> "Many":
        return Many(plain(other) - self.x)

    def __truediv__(self, other: Any) -> "Many":
        return Many(self.x / plain(other))

    def __neg__(self) -> "Many":
        return Many(-self.x)

    __radd__, __rmul__ = __add__, __mul__


def plain(x: Any) -> Any:
    return x.x if isinstance(x, Many) else x


def split(a: Any) -> Any:
    """(B, ..) -> an object array (..) of `Many`."""
    out = np.empty(a.shape[1:], dtype=object)
    for at in np.ndindex(*out.shape):
        out[at] = Many(a[(slice(None), *at)])
    return out


class BatchedWorld(Claims):
    """The cases of one shape. `outside`: those that the property does not speak of; `scale`: the largest value seen of each."""

    symbolic = False

    def __init__(self, subject: Any, cases: list[dict[str, Any]]):
        self.subject, self.B = subject, len(cases)
        self.G, self.T = len(cases[0]["rewards"]), len(cases[0]["logp"][0])
        self.step = [n for n in STEP_INPUTS if subject.takes(n)]
        names = (*TOKEN_INPUTS, "rewards", "advantages", *self.step)
        self.data = {n: np.array([c[n] for c in cases], dtype=float) for n in names}
        if subject.paired:
            self.data["rewards"][:] = [float(r) for r in preferences(self.G)]
        self.scalars = {n: np.array([c.get(n, d) for c in cases]) for n, d in (("phi", 2.0), ("c", 1.0))}
        self.outside, self.scale = np.zeros(self.B, dtype=bool), np.zeros(self.B)
        self.runs: dict[int, Any] = {}
        self.kept: list[Any] = []  # so that ids stay unique

    def inputs(self, prefix: str = "", group: int | None = None) -> Inputs:
        a = {n: self.data[n] for n in (*TOKEN_INPUTS, "rewards", *self.step)}
        if prefix:
            for n in ("logp", "old_logp", "entropy", "rewards"):
                a[n] = a[n][:, ::-1] * 0.7 - 0.2 * np.arange(a[n][0].size).reshape(a[n].shape[1:])
        return Inputs(**{n: split(v) for n, v in (a | {"ref_logp": a["logp"]}).items()})

    def free_reference(self, x: Inputs) -> Inputs:
        return x.but(ref_logp=split(self.data["ref_logp"]))

    def free_advantages(self, x: Inputs) -> Inputs:
        return x.but(advantages=split(self.data["advantages"]))

    def scalar(self, name: str, positive: bool = False) -> Many:
        return Many(self.scalars[name])

    def many(self, xs: Any) -> Any:
        """(B, n) of any array of numbers."""
        return np.stack([np.broadcast_to(plain(x), self.B) for x in np.ravel(xs)], axis=1)

    def not_all_equal(self, xs: Any) -> None:
        self.outside |= np.ptp(self.many(xs), axis=1) == 0

    def condition(self, left: Any, relation: str, right: Any) -> Any:
        a, b = plain(left), plain(right)
        apart = abs(a - b) > 1e-9 * np.maximum(1e-3, np.maximum(abs(a), abs(b)))
        return {"=": a == b, "<=": a <= b, "<": (a < b) & apart, "!=": apart}[relation]

    def live(self, x: Inputs, i: int, t: int) -> list[Any]:
        return [plain(x.mask[i, t]) == 1]

    def padded(self, x: Inputs, i: int, t: int) -> list[Any]:
        return [plain(x.mask[i, t]) == 0]

    def ratio(self, x: Inputs, i: int, t: int) -> Many:
        return Many(np.exp(plain(x.logp[i, t]) - plain(x.old_logp[i, t])))

    def any_differ(self, xs: Any) -> Any:
        return np.ptp(self.many(xs), axis=1) > 0

    def number(self, q: Any) -> Many:
        return Many(np.full(self.B, float(q)))

    def same(self, a: Any, b: Any) -> bool:
        return bool(np.all(plain(a) == plain(b)))

    def absolute(self, a: Any) -> Any:
        return np.frompyfunc(lambda v: Many(abs(v.x)), 1, 1)(a)

    def dyadic(self, a: Any) -> Many:
        return Many(np.round(plain(a) * 8) / 8)

    def root(self, a: Any) -> Many:
        return Many(np.sqrt(plain(a)))

    def widened(self, x: Inputs, junk: Inputs) -> Inputs:
        values = {"logp": -3.0, "old_logp": -0.5, "ref_logp": -1.5, "entropy": 0.3, "mask": 0.0}
        values |= {"masked": 0.0} if "masked" in self.step else {}
        columns = {n: np.array([[self.number(v)] for _ in range(len(x.logp))], dtype=object) for n, v in values.items()}
        return x.but(**{n: np.concatenate([getattr(x, n), c], axis=1) for n, c in columns.items()})

    def tensors(self, x: Inputs) -> dict[str, torch.Tensor]:
        stacked = {n: self.many(a).reshape(self.B, *np.shape(a)) for n, a in x.arrays().items()}
        return {n: torch.tensor(a) for n, a in stacked.items()}

    def _run(self, x: Inputs) -> tuple[Any, Any]:
        self.told(x.rewards)
        self.last = x
        if id(x) not in self.runs:
            self.kept.append(x)
            tensors, direct = self.tensors(x), x.advantages is not None
            for a in (tensors["rewards"], tensors["advantages"]) if direct else (tensors["rewards"],):
                flat = a.reshape(self.B, -1).numpy()
                spread = np.ptp(flat, axis=1)
                self.outside |= (spread > 0) & (spread < np.maximum(1e-6 * abs(flat).max(axis=1), 1e-100))
            asked = {n: tensors[n] for n in self.subject.names(direct)}
            logp = asked.pop("logp")
            both = torch.func.vmap(torch.func.grad_and_value(lambda logp, rest: self.subject.loss(logp=logp, **rest)))
            g, loss = both(logp, asked)
            self.runs[id(x)] = loss.detach().numpy(), -g.detach().numpy()
        loss, g = self.runs[id(x)]
        sizes = np.concatenate([loss[:, None], g.reshape(self.B, -1)], axis=1)
        self.scale = np.maximum(self.scale, np.abs(np.where(np.isfinite(sizes), sizes, 0)).max(axis=1))
        return loss, g

    def loss(self, x: Inputs, like: Inputs | None = None) -> Many:
        return Many(self._run(x)[0])

    def gradient(self, x: Inputs) -> Any:
        return split(self._run(x)[1])

    def weight(self, x: Inputs, at: tuple[int, ...], like: Inputs) -> Many:
        return Many(self._run(x)[1][(slice(None), *at)])

    def moderate(self, x: Inputs) -> Any:
        """As in `lossproof.world`: inputs of a size at which an infinity is the loss's doing."""
        ok = np.ones(self.B, dtype=bool)
        for a in x.arrays().values():
            ok &= abs(self.many(a)).max(axis=1) <= 100
        return ok

    def broken(self, claims: list[Any], tolerance: float = 1e-7) -> Any:
        """The cases that break a claim, (B,), by the rule of `lossproof.world.violated`."""
        out = np.zeros(self.B, dtype=bool)
        for c in claims:
            left, right = (np.broadcast_to(plain(v), self.B).astype(float) for v in (c.left, c.right))
            given = np.logical_and.reduce([np.broadcast_to(k, self.B) for k in c.given]) if c.given else True
            finite = np.isfinite(left) & np.isfinite(right)
            rewards = np.maximum(1.0, abs(self.many(c.about.rewards)).max(axis=1))
            slack = np.maximum(tolerance * np.fmax(self.scale, np.fmax(abs(left), abs(right))), 1e-13 * rewards)
            gap = left - right
            moderate = self.moderate(c.about)
            zero = (gap == 0) & moderate
            wrong = {"=": abs(gap) > slack, "<=": gap > slack, "<": (gap > slack) | zero, "!=": zero}[c.relation]
            alike = (c.relation == "=") & ((left == right) | (np.isnan(left) & np.isnan(right)))
            out |= given & np.where(finite, wrong, moderate & ~alike)
        return out & ~self.outside
