"""Where a property's claims are evaluated: symbolically, for all inputs of a shape, or concretely, on one input.

A property is written once against this interface (`inputs`, `gradient`, `loss`, `scalar`, `equal`, ...); the symbolic
world yields formulas to prove, the concrete world numbers from the original function in float64.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from theory.kernel import Term, mk, num, var
from theory.kernel.terms import ONE, ZERO, eq, le, lt, neg

from .meanings.exact import Exact
from .operators import Poison
from .subject import TOKEN_INPUTS

EXACT = Exact()


class Expr:
    """A term with Python's operators; only a way to write formulas."""

    __slots__ = ("term",)

    def __init__(self, term: Term):
        self.term = term

    def __add__(self, other: Any) -> "Expr":
        return Expr(EXACT.add(self.term, term_of(other)))

    def __mul__(self, other: Any) -> "Expr":
        return Expr(EXACT.mul(self.term, term_of(other)))

    def __sub__(self, other: Any) -> "Expr":
        return self + term_times(-1, other)

    def __rsub__(self, other: Any) -> "Expr":
        return term_times(-1, self) + other

    def __neg__(self) -> "Expr":
        return term_times(-1, self)

    def __truediv__(self, other: Any) -> "Expr":
        return self * Expr(EXACT.inv(term_of(other)))

    __radd__, __rmul__ = __add__, __mul__


def term_of(x: Any) -> Term:
    if isinstance(x, Poison):
        raise NotImplementedError(x.reason)
    if isinstance(x, Expr):
        return x.term
    return x if isinstance(x, Term) else num(Fraction(x) if not isinstance(x, float) else Fraction(repr(x)))


def term_times(c: int, x: Any) -> Expr:
    return Expr(EXACT.mul(num(c), term_of(x)))


@dataclass(frozen=True)
class Inputs:
    """One group: (G, T) arrays per token, (G,) rewards; `advantages` (G, 1) where they are given directly."""

    logp: Any
    old_logp: Any
    ref_logp: Any
    mask: Any
    entropy: Any
    rewards: Any
    advantages: Any = None

    def but(self, **changes: Any) -> "Inputs":
        return replace(self, **changes)

    def on_policy(self) -> "Inputs":
        """pi_theta = pi_old (and pi_ref = pi_theta)."""
        return self.but(old_logp=self.logp, ref_logp=self.logp)

    def arrays(self) -> dict[str, Any]:
        named = {n: getattr(self, n) for n in (*TOKEN_INPUTS, "rewards", "advantages")}
        return {n: a for n, a in named.items() if a is not None}


@dataclass(frozen=True)
class Claim:
    """`left relation right` (relations =, <=, <, !=), under side conditions; `says` words it for reports."""

    left: Any
    relation: str
    right: Any
    says: str
    given: tuple[Any, ...] = ()
    about: Any = None  # the inputs it speaks of, in a concrete world


class Claims:
    """Helpers that both worlds share."""

    last: Any = None  # the inputs of the latest evaluation

    def equal(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "=", right, says, tuple(given), self.last)

    def at_most(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "<=", right, says, tuple(given), self.last)

    def less(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "<", right, says, tuple(given), self.last)

    def different(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "!=", right, says, tuple(given), self.last)

    def same_gradient(self, g: Any, h: Any, says: str, given: Iterable[Any] = ()) -> list[Claim]:
        """Claims that two gradients agree token by token."""
        return [self.equal(g[at], h[at], f"{says} at completion {at[0]}, token {at[1]}", given) for at in np.ndindex(g.shape)]


class SymbolicWorld(Claims):
    """All inputs of a shape at once: symbols for log-probabilities, rewards and mask entries (lengths 1..T)."""

    symbolic = True

    def __init__(self, subject: Any, group: int, length: int):
        self.subject, self.G, self.T = subject, group, length
        self.given: list[Term] = []
        self.positive: set[Term] = set()
        self.marks: list[Fraction] = []

    def _array(self, name: str, shape: tuple[int, ...], sort: str = "R") -> Any:
        out = np.empty(shape, dtype=object)
        for at in np.ndindex(*shape):
            out[at] = Expr(var("_".join([name, *map(str, at)]), sort))
        return out

    def inputs(self, prefix: str = "", group: int | None = None) -> Inputs:
        """Fresh symbols; ref_logp = logp; the first token of every completion is live and padding is on the right."""
        G, T = group or self.G, self.T
        mask = self._array(prefix + "mask", (G, T), "Z")
        mask[:, 0] = Expr(ONE)
        self.given += [le(mask[i, t + 1].term, mask[i, t].term) for i in range(G) for t in range(1, T - 1)]
        logp = self._array(prefix + "logp", (G, T))
        return Inputs(
            logp, self._array(prefix + "old", (G, T)), logp, mask, self._array(prefix + "entropy", (G, T)),
            self._array(prefix + "reward", (G,)),
        )  # fmt: skip

    def free_reference(self, x: Inputs) -> Inputs:
        return x.but(ref_logp=self._array("ref", x.logp.shape))

    def free_advantages(self, x: Inputs) -> Inputs:
        return x.but(advantages=self._array("adv", (x.logp.shape[0], 1)))

    def scalar(self, name: str, positive: bool = False) -> Any:
        x = var(name)
        if positive:
            self.positive.add(x)
            self.given.append(lt(ZERO, x))
        return Expr(x)

    def not_all_equal(self, xs: Any) -> None:
        """Restrict to values that are not all the same."""
        self.given.append(self.any_differ(xs))

    def condition(self, left: Any, relation: str, right: Any) -> Term:
        a, b = term_of(left), term_of(right)
        return neg(eq(a, b)) if relation == "!=" else {"=": eq, "<=": le, "<": lt}[relation](a, b)

    def live(self, x: Inputs, i: int, t: int) -> list[Term]:
        return [eq(term_of(x.mask[i, t]), ONE)]

    def ratio(self, x: Inputs, i: int, t: int) -> Expr:
        """The importance ratio of a token."""
        return Expr(EXACT.exp((x.logp[i, t] - x.old_logp[i, t]).term))

    def padded(self, x: Inputs, i: int, t: int) -> list[Term]:
        return [eq(term_of(x.mask[i, t]), ZERO)]

    def any_differ(self, xs: Any) -> Term:
        flat = [term_of(x) for x in np.ravel(xs)]
        return neg(mk("and", *(eq(flat[0], x) for x in flat[1:])))

    def number(self, q: Any) -> Expr:
        return Expr(num(Fraction(q)))

    def absolute(self, a: Any) -> Any:
        return np.frompyfunc(lambda e: Expr(mk("ite", lt(term_of(e), ZERO), term_times(-1, e).term, term_of(e))), 1, 1)(a)

    def dyadic(self, a: Any) -> Any:
        """The value; in the concrete world one near it whose sums and means are exact in floating point."""
        return a

    def root(self, a: Any) -> Expr:
        return Expr(EXACT.sqrt(term_of(a)))

    def widened(self, x: Inputs, junk: Inputs) -> Inputs:
        """One more column, masked, with arbitrary values."""
        extra = self._array("extra", (x.logp.shape[0], 1))
        columns = {n: extra for n in ("logp", "old_logp", "ref_logp", "entropy")} | {"mask": np.full(extra.shape, Expr(ZERO))}
        return x.but(**{n: np.concatenate([getattr(x, n), c], axis=1) for n, c in columns.items()})

    def _formula(self, x: Inputs) -> Any:
        arrays = {n: np.frompyfunc(term_of, 1, 1)(a) for n, a in x.arrays().items()}
        return self.subject.formula(EXACT, arrays, direct=x.advantages is not None)

    def advantages(self, x: Inputs, group: tuple[int, ...] | None = None) -> Any:
        """Of an advantage estimator: one advantage per completion, all of one prompt unless told otherwise."""
        arrays = {n: np.frompyfunc(term_of, 1, 1)(a) for n, a in x.arrays().items()}
        out = self.subject.formula(EXACT, arrays, group or (0,) * len(x.rewards))
        return np.frompyfunc(lambda t: Expr(term_of(t)), 1, 1)(out)

    def loss(self, x: Inputs) -> Any:
        return Expr(term_of(self._formula(x).loss[()]))

    def gradient(self, x: Inputs) -> Any:
        """g = -dloss/dlogp, (G, T)."""
        gradient = self._formula(x).gradient
        if gradient is None:
            return np.full(x.logp.shape, Expr(ZERO), dtype=object)
        return np.frompyfunc(lambda t: term_times(-1, term_of(t)), 1, 1)(gradient)


@dataclass
class ConcreteWorld(Claims):
    """One input: numbers in float64, and the original function."""

    subject: Any  # a Subject, or an Estimator
    case: dict[str, Any]
    scalars: dict[str, float] = field(default_factory=dict)
    scale: float = 0.0
    outside: bool = False  # the case does not satisfy what the property asks for
    symbolic = False

    @property
    def G(self) -> int:
        return len(self.case["rewards"])

    @property
    def T(self) -> int:
        return len(self.case["logp"][0])

    def inputs(self, prefix: str = "", group: int | None = None) -> Inputs:
        """The case's arrays; under a prefix, other values of the same shape (same mask)."""
        a = {n: np.array(self.case[n], dtype=float) for n in (*TOKEN_INPUTS, "rewards")}
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
        self.outside = self.outside or bool(np.ptp(np.ravel(xs)) == 0)

    def condition(self, left: Any, relation: str, right: Any) -> bool:
        """Strict relations hold only where rounding cannot be what makes them hold."""
        apart = abs(left - right) > 1e-9 * max(1e-3, abs(left), abs(right))
        return bool({"=": left == right, "<=": left <= right, "<": left < right and apart, "!=": apart}[relation])

    def live(self, x: Inputs, i: int, t: int) -> list[bool]:
        return [bool(x.mask[i, t] == 1)]

    def ratio(self, x: Inputs, i: int, t: int) -> float:
        return float(np.exp(x.logp[i, t] - x.old_logp[i, t]))

    def padded(self, x: Inputs, i: int, t: int) -> list[bool]:
        return [bool(x.mask[i, t] == 0)]

    def any_differ(self, xs: Any) -> bool:
        return bool(np.ptp(np.ravel(xs)) > 0)

    def number(self, q: Any) -> float:
        return float(q)

    def absolute(self, a: Any) -> Any:
        return np.abs(a)

    def dyadic(self, a: Any) -> float:
        return round(float(a) * 8) / 8

    def root(self, a: Any) -> float:
        return float(np.sqrt(a))

    def widened(self, x: Inputs, junk: Inputs) -> Inputs:
        values = {"logp": -3.0, "old_logp": -0.5, "ref_logp": -1.5, "entropy": 0.3, "mask": 0.0}
        column = {n: np.full((x.logp.shape[0], 1), v) for n, v in values.items()}
        return x.but(**{n: np.concatenate([getattr(x, n), c], axis=1) for n, c in column.items()})

    def _run(self, x: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
        tensors = {n: torch.as_tensor(np.array(a, dtype=float)) for n, a in x.arrays().items()}
        self.last = x
        self.outside = self.outside or rounds(x.rewards) or (x.advantages is not None and rounds(x.advantages))
        loss, g = self.subject.run(tensors, direct=x.advantages is not None)
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

    def loss(self, x: Inputs) -> float:
        return float(self._run(x)[0])

    def gradient(self, x: Inputs) -> Any:
        return self._run(x)[1].numpy()


def rounds(xs: Any) -> bool:
    """Whether values lie so close together, for their size, that what is left of their differences is rounding."""
    spread = np.ptp(np.ravel(xs))
    return bool(0 < spread < 1e-6 * np.abs(xs).max())


World = SymbolicWorld | ConcreteWorld


def violated(claim: Claim, scale: float, tolerance: float = 1e-7) -> bool:
    """Whether plain numbers break a claim by more than rounding: 1e-7 of the largest gradient entry."""
    if not all(claim.given):
        return False
    left, right = float(claim.left), float(claim.right)
    if not (np.isfinite(left) and np.isfinite(right)):
        return claim.about is None or moderate(claim.about)
    rewards = 1.0 if claim.about is None else float(np.abs(claim.about.rewards).max(initial=1.0))
    slack = max(tolerance * max(scale, abs(left), abs(right)), 1e-13 * rewards)
    gap = left - right
    return {"=": abs(gap) > slack, "<=": gap > slack, "<": gap > slack or gap == 0, "!=": gap == 0}[claim.relation]


def moderate(x: Inputs) -> bool:
    """Whether the inputs are of a size at which an infinity is the loss's doing and not overflow."""
    return all(np.abs(a).max(initial=0) <= (1e6 if n in ("rewards", "advantages") else 100) for n, a in x.arrays().items())
