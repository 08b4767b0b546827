"""All inputs of a shape at once: claims are formulas."""

from fractions import Fraction
from typing import Any

import numpy as np

from theory.kernel import Term, mk, num, var
from theory.kernel.terms import ONE, ZERO, eq, le, lt, neg

from ..meanings.exact import Exact
from ..operators import Poison
from ..smt import folded
from ..subject import preferences
from .claims import Claims, Inputs

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


class SymbolicWorld(Claims):
    """All inputs of a shape at once: symbols for log-probabilities, rewards and mask entries (lengths 1..T)."""

    symbolic = True

    def __init__(self, subject: Any, group: int, length: int):
        self.subject, self.G, self.T = subject, group, length
        self.given: list[Term] = []
        self.positive: set[Term] = set()
        self.marks: list[Fraction] = []
        self._formulas: dict[Any, Any] = {}
        self._latest: tuple[Any, ...] = (
            None,
            None,
            None,
            None,
        )  # inputs, others like them, what was changed, the others' gradient

    def _array(self, name: str, shape: tuple[int, ...], sort: str = "R") -> Any:
        out = np.empty(shape, dtype=object)
        for at in np.ndindex(*shape):
            out[at] = Expr(var("_".join([name, *map(str, at)]), sort))
        return out

    def inputs(self, prefix: str = "", group: int | None = None) -> Inputs:
        """Fresh symbols; ref_logp = logp; the first token of every completion is live and padding is on the right.

        The rewards of a loss on pairs are what it is told. Of a step of diffusion any tokens are masked, at any level.
        """
        G, T = group or self.G, self.T
        mask = self._array(prefix + "mask", (G, T), "Z")
        mask[:, 0] = Expr(ONE)
        self.given += [le(mask[i, t + 1].term, mask[i, t].term) for i in range(G) for t in range(1, T - 1)]
        logp = self._array(prefix + "logp", (G, T))
        rewards = self._array(prefix + "reward", (G, *self.subject.columns))
        if self.paired and not prefix:
            rewards[:] = [Expr(num(r)) for r in preferences(G)]
        masked = self._step(prefix, mask) if self.takes("masked") else None
        level = self.scalar(prefix + "noise_level", positive=True) if self.takes("noise_level") else None
        self.given += [] if level is None else [le(term_of(level), ONE)]
        norms = self._array(prefix + "norm", (G,)) if self.takes("squared_norms") else None
        self.given += [] if norms is None else [lt(ZERO, term_of(w)) for w in norms]
        return Inputs(
            logp, self._array(prefix + "old", (G, T)), logp, mask, self._array(prefix + "entropy", (G, T)), rewards,
            masked=masked, noise_level=level, squared_norms=norms,
        )  # fmt: skip

    def _step(self, prefix: str, mask: Any) -> Any:
        """Which tokens a step masks. Each is named as a row of its own: the entries of one row are taken for a length."""
        out = np.empty(mask.shape, dtype=object)
        for i, t in np.ndindex(*mask.shape):
            entry = var(f"{prefix}masked{t}_{i}_0", "Z")
            out[i, t] = Expr(entry)
            self.given += [le(entry, mask[i, t].term)] if t else []
        return out

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
        self.unsummed()
        return [eq(term_of(x.mask[i, t]), ZERO)]

    def any_differ(self, xs: Any) -> Term:
        rows = np.reshape(xs, (len(xs), -1))
        return neg(mk("and", *(eq(term_of(a), term_of(b)) for row in rows[1:] for a, b in zip(rows[0], row, strict=True))))

    def number(self, q: Any) -> Expr:
        return Expr(num(Fraction(q)))

    def same(self, a: Any, b: Any) -> bool:
        return term_of(a) is term_of(b)

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
        columns |= {} if x.masked is None else {"masked": columns["mask"]}
        return x.but(**{n: np.concatenate([getattr(x, n), c], axis=1) for n, c in columns.items()})

    def _faithful(self, group: Any, length: int) -> None:
        """Refuse a recording that is not the function: whatever is shown of it, at whatever shape, is shown of nothing."""
        escapes = self.subject.escapes(group, length)
        why = f"{escapes[0].what} at {escapes[0].line}" if escapes else self.subject.differs(group, length)
        if why:
            raise NotImplementedError(why)

    def _formula(self, x: Inputs) -> Any:
        self.told(x.rewards)
        self._faithful(*x.logp.shape)
        arrays = {n: np.frompyfunc(term_of, 1, 1)(a) for n, a in x.arrays().items()}
        key = tuple((n, np.shape(a), tuple(np.ravel(a))) for n, a in arrays.items())
        if key not in self._formulas:
            self._formulas[key] = self.subject.formula(EXACT, arrays, direct=x.advantages is not None)
        return self._formulas[key]

    def advantages(self, x: Inputs, group: tuple[int, ...] | None = None) -> Any:
        """Of an advantage estimator: one advantage per completion, all of one prompt unless told otherwise."""
        arrays = {n: np.frompyfunc(term_of, 1, 1)(a) for n, a in x.arrays().items()}
        group = group or (0,) * len(x.rewards)
        self._faithful(group, x.mask.shape[1])
        out = self.subject.formula(EXACT, arrays, group)
        return np.frompyfunc(lambda t: Expr(term_of(t)), 1, 1)(out)

    def loss(self, x: Inputs, like: Inputs | None = None) -> Any:
        """`like`: other inputs whose formula is there already, and which these are but for some entries."""
        formula = self._formula(like or x).loss[()]
        values = changes(like, x)
        return self.loss(x) if values is None else Expr(folded(term_of(formula), values))

    def weight(self, x: Inputs, at: tuple[int, ...], like: Inputs) -> Any:
        """g[at], from the formula of other inputs which these are but for some entries."""
        if self._latest[0] is not x or self._latest[1] is not like:
            self._latest = x, like, changes(like, x), self._formula(like).gradient
        values, gradient = self._latest[2:]
        if values is None or gradient is None:
            return self.gradient(x)[at]
        return Expr(folded(term_times(-1, term_of(gradient[at])).term, values))

    def gradient(self, x: Inputs) -> Any:
        """g = -dloss/dlogp, (G, T)."""
        gradient = self._formula(x).gradient
        if gradient is None:
            return np.full(x.logp.shape, Expr(ZERO), dtype=object)
        return np.frompyfunc(lambda t: term_times(-1, term_of(t)), 1, 1)(gradient)


def changes(x: Inputs | None, y: Inputs) -> dict[Term, Term] | None:
    """The variables of x and what y has in their place; None where y is not x with other values for its variables."""
    found: dict[Term, Term] = {}
    before = {} if x is None else x.arrays()
    for name, a in y.arrays().items() if x is not None else ():
        if name not in before or np.shape(before[name]) != np.shape(a):
            return None
        for old, new in zip(map(term_of, np.ravel(before[name])), map(term_of, np.ravel(a)), strict=True):
            if old.op != "var" and old is not new or found.setdefault(old, new) is not new:
                return None
    return {old: new for old, new in found.items() if old is not new}
