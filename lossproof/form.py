"""A row of Table 1 as a formula: the weight g[i,t] of a token, in a symbolic or a concrete world.

g[i,t] = mask α_i A_i S_{i,t} + pull, with α_i = top / (size length (σ(r) + ε)); S a ratio and its clip by the sign of A_i; the
pull of a regulariser towards the reference. It is the form that the theorems `lossproof.lift` speak of, for every G and T.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import exp
from typing import Any

import numpy as np

from theory.kernel import mk

from .meanings.exact import Exact
from .world import Claim, Expr, Inputs, term_of

EXACT = Exact()
TOKEN, SEQUENCE, GEOMETRIC, SCORE, WEIGHT = "I", "prod_t I", "(prod_t I)^(1/|o_i|)", "1", "sg[I]"


@dataclass(frozen=True)
class Form:
    """size: "", "G" or "G - 1"; length: "", "|o_i|", "sum|o|", "T" or "1/|o_i|"; ddof and eps of σ(r), None without it;
    gamma: completions with |A_i| <= gamma weigh nothing. ratio: what S is, kept within [low, high] by the sign of A_i, and below
    `floor` where A_i < 0; for sg[I] low and high bound the weight itself. penalty: estimator, beta and what it is divided by."""

    top: Fraction
    size: str = ""
    length: str = ""
    ddof: int | None = None
    eps: Fraction = Fraction(0)
    gamma: Fraction = Fraction(0)
    ratio: str = SCORE
    low: Fraction | None = None
    high: Fraction | None = None
    floor: Fraction | None = None
    penalty: tuple[str, Fraction, str, str] | None = None
    logarithm: bool = False  # whether the score enters as log pi rather than as a ratio

    # -- as text -----------------------------------------------------------------------------------------------------

    @property
    def alpha(self) -> str:
        sigma = "" if self.ddof is None else f"sigma(r, ddof={self.ddof})"
        spread = f"({sigma} + {float(self.eps):g})" if self.eps else sigma
        size = f"({self.size})" if "-" in self.size else self.size
        constant = f"{self.top.denominator}" if self.top.denominator != 1 else ""
        below = [f for f in (constant, size, self.length, spread) if f and f != "1/|o_i|"]
        number = f"{self.top.numerator}"
        top = number if self.length != "1/|o_i|" else "|o_i|" if number == "1" else f"{number} |o_i|"
        whole = top if not below else f"{top} / ({' '.join(below)})" if len(below) > 1 else f"{top} / {below[0]}"
        return f"{whole} where |A_i| > {self.gamma}, else 0" if self.gamma else whole

    @property
    def s(self) -> str:
        if self.ratio == WEIGHT:
            clip = f" within [{self.low or 0}, {'inf' if self.high is None else self.high}]"
            return "sg[I] log pi" if self.low is None and self.high is None else f"sg[I] log pi, I{clip}"
        clip = "" if self.low is None or self.high is None else f", clipped to [{self.low}, {self.high}]"
        clip += f" and to {self.floor} where A_i < 0" if self.floor else ""
        if self.ratio == SCORE:
            return ("log pi" if self.logarithm else "pi / sg[pi]") + clip
        return (f"sg[{self.ratio}] log pi" if self.logarithm else self.ratio) + clip

    @property
    def regulariser(self) -> str:
        if self.penalty is None:
            return "none"
        estimator, beta, _, words = self.penalty
        return f"{float(beta):g} {estimator}, {words}"

    def row(self) -> dict[str, str]:
        return {"alpha": self.alpha, "ratio": self.s, "regulariser": self.regulariser, "advantage": "r_i - mean(r)"}

    # -- as a formula ------------------------------------------------------------------------------------------------

    def weights(self, w: Any, x: Inputs, on_policy: bool = False) -> Any:
        """g, (G, T). Where x holds advantages, they stand for A. `on_policy`: without ratio and regulariser."""
        G, T = x.mask.shape
        lengths = x.mask.sum(1)
        centre = x.rewards.sum() / w.number(G)
        advantages = [r - centre for r in x.rewards] if x.advantages is None else list(x.advantages[:, 0])
        out = np.empty((G, T), dtype=object)
        for i, t in np.ndindex(G, T):
            a = advantages[i]
            push = a * w.number(self.top)
            for d in self.divisors(w, x, lengths, advantages, i):
                push = push / d
            push = push * lengths[i] if self.length == "1/|o_i|" else push
            if self.gamma:
                push = either(w, w.condition(w.number(self.gamma), "<", w.absolute(a)), push, w.number(0))
            out[i, t] = x.mask[i, t] * (
                push if on_policy else self.kept(w, x, lengths, push, a, i, t) + self.pull(w, x, lengths, i, t)
            )
        return out

    def divisors(self, w: Any, x: Inputs, lengths: Any, advantages: Any, i: int) -> list[Any]:
        """The factors of the denominator of alpha, one by one: each is not 0 for a reason of its own."""
        G, T = x.mask.shape
        out = [scale(w, name, G, T, lengths, i) for name in (self.size, self.length) if name not in ("", "1/|o_i|")]
        if self.ddof is not None:
            squares = sum((a * a for a in advantages[1:]), advantages[0] * advantages[0])
            out.append(w.root(squares / w.number(G - self.ddof)) + w.number(self.eps))
        return out

    def kept(self, w: Any, x: Inputs, lengths: Any, push: Any, a: Any, i: int, t: int) -> Any:
        """push times S."""
        if self.ratio == SCORE:
            return push
        s = w.ratio(x, i, t) if self.ratio in (TOKEN, WEIGHT) else self.of_sequence(w, x, lengths, i)
        if self.ratio == WEIGHT:
            for bound, above in ((self.low, False), (self.high, True)):
                if bound is not None:
                    b = w.number(bound)
                    s = either(w, w.condition(b, "<", s) if above else w.condition(s, "<", b), b, s)
            return push * s
        if self.low is None or self.high is None:
            return push * s
        zero, whole = w.number(0), push * s
        gain = either(w, w.condition(w.number(self.high), "<", s), zero, whole)
        loss = either(w, w.condition(s, "<", w.number(self.low)), zero, whole)
        if self.floor is not None:  # at the bound itself autograd halves what a maximum passes on
            end = w.number(self.floor)
            loss = either(w, w.condition(end, "<", s), zero, either(w, w.condition(s, "<", end), loss, loss / w.number(2)))
        return either(w, w.condition(zero, "<", a), gain, loss)

    def of_sequence(self, w: Any, x: Inputs, lengths: Any, i: int) -> Any:
        total = sum(((x.logp[i, u] - x.old_logp[i, u]) * x.mask[i, u] for u in range(x.mask.shape[1])), w.number(0))
        return exponential(w, total / lengths[i] if self.ratio == GEOMETRIC else total)

    def pull(self, w: Any, x: Inputs, lengths: Any, i: int, t: int) -> Any:
        if self.penalty is None:
            return w.number(0)
        estimator, beta, over, _ = self.penalty
        G, T = x.mask.shape
        d = x.ref_logp[i, t] - x.logp[i, t]
        slope = exponential(w, d) - w.number(1) if estimator == "k3" else d
        out = slope * w.number(beta)
        for part in over.split():
            out = out / scale(w, part, G, T, lengths, i)
        return out

    # -- as claims about a loss --------------------------------------------------------------------------------------

    def on_policy(self, w: Any) -> list[Claim]:
        """On policy g is α A."""
        x = self.inputs(w).on_policy()
        return w.same_gradient(w.gradient(x), self.weights(w, x, on_policy=True), "g and the row's")

    def everywhere(self, w: Any) -> list[Claim]:
        """g is what the row says, for all log-probabilities."""
        x = w.free_reference(self.inputs(w))
        return w.same_gradient(w.gradient(x), self.weights(w, x), "g and the row's")

    def direct(self, w: Any) -> list[Claim]:
        """The same for advantages that are given."""
        x = w.free_advantages(w.free_reference(w.inputs()))
        return w.same_gradient(w.gradient(x), self.weights(w, x), "g and the row's")

    def value(self, w: Any) -> list[Claim]:
        """On policy the loss is -Σ |o_i| α_i A_i."""
        x = self.inputs(w).on_policy()
        total = self.weights(w, x, on_policy=True).sum()
        return [w.equal(w.loss(x), w.number(0) - total, "the loss and the row's")]

    def inputs(self, w: Any) -> Inputs:
        x = w.inputs()
        if self.ddof is not None and not self.eps:
            w.not_all_equal(x.rewards)
        return x


def scale(w: Any, name: str, G: int, T: int, lengths: Any, i: int) -> Any:
    """What a name in a denominator stands for."""
    if name == "|o_i|":
        return lengths[i]
    return lengths.sum() if name == "sum|o|" else w.number({"G": G, "G - 1": G - 1, "T": T}[name])


def either(w: Any, condition: Any, a: Any, b: Any) -> Any:
    if w.symbolic:
        return Expr(mk("ite", condition, term_of(a), term_of(b)))
    return a if condition else b


def exponential(w: Any, a: Any) -> Any:
    return Expr(EXACT.exp(term_of(a))) if w.symbolic else exp(a)
