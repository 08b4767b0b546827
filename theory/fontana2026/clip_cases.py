"""Appendix D: the symbols, AdamW's recursions as assumptions, and short exact runs of AdamW as cases.

`g(t)` is the gradient of the *loss* in step t, so a step is -ξ m̂_t/(√v̂_t + ε) - ξ λ θ_{t-1} (Eq. 29); Adam evaluates
g_t at θ_{t-1}. The equations of Appendix D use g_t = 0 for t >= T: T - 1 is the last step that saw a gradient, and
θ_{T-1} the first point past the clip. Prop. 3 prints "for all t > T" instead, so that g_T = 0 is an assumption of its
own here, marked as not stated.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory.language import ForAll, family, integers, reals
from theory.numbers import Unknown, number, plain, sqrt

b1, b2, eps, xi, lam = reals("b1 b2 eps xi lam")
T, k, t, d, i, j = integers("T k t d i j")
g, m, v, theta = family("g"), family("m"), family("v"), family("theta")

RATES = {"b1 > 0": b1 > 0, "b1 < 1": b1 < 1, "b2 > 0": b2 > 0, "b2 < 1": b2 < 1}


def m_hat(*at: Any) -> sp.Expr:
    """m̂, at a step or at a coordinate and a step."""
    return m(*at) / (1 - b1 ** at[-1])


def v_hat(*at: Any) -> sp.Expr:
    return v(*at) / (1 - b2 ** at[-1])


def step(*at: Any) -> sp.Expr:
    """m̂/(√v̂ + ε): what Eq. 31 takes the norm of."""
    return m_hat(*at) / (sp.sqrt(v_hat(*at)) + eps)


def closed(k: Any) -> sp.Expr:
    """Eq. 36; Eq. 32 for k = 0."""
    shrink = (1 - b2 ** (T + k)) / (b2 ** (k + 1) * (1 - b2 ** (T - 1)))
    return b1 ** (k + 1) * (1 - b1 ** (T - 1)) / (1 - b1 ** (T + k)) * sp.sqrt(shrink)


def moments(*index: Any, last: Any = T + k) -> dict[str, sp.Basic]:
    """Adam's recursions in steps 1..last, for one coordinate, or for all coordinates 1..d where an index is given."""

    def each(claim: sp.Basic) -> sp.Basic:
        return ForAll(index[0], 1, d, claim) if index else claim

    first = sp.Eq(m(*index, t), b1 * m(*index, t - 1) + (1 - b1) * g(*index, t))
    second = sp.Eq(v(*index, t), b2 * v(*index, t - 1) + (1 - b2) * g(*index, t) ** 2)
    return {
        "first moment": each(ForAll(t, 1, last, first)),
        "second moment": each(ForAll(t, 1, last, second)),
    }


def clipped(*index: Any, last: Any = T + k) -> dict[str, sp.Basic]:
    """No gradient from step T on; step T itself is an assumption that Prop. 3 does not print."""

    def each(claim: sp.Basic) -> sp.Basic:
        return ForAll(index[0], 1, d, claim) if index else claim

    later = {"no gradient after T": each(ForAll(t, T + 1, last, sp.Eq(g(*index, t), 0)))}
    return ({} if last == T else later) | {"no gradient at T": each(sp.Eq(g(*index, T), 0))}


def update(*index: Any, first: Any = 1, last: Any = T + k) -> dict[str, sp.Basic]:
    """AdamW's update in steps first..last (Eq. 29), of one coordinate, or of all coordinates 1..d."""
    here, before = theta(*index, t), theta(*index, t - 1)
    moves = ForAll(t, first, last, sp.Eq(here, before - xi * step(*index, t) - xi * lam * before))
    return {"AdamW's update": ForAll(index[0], 1, d, moves) if index else moves}


def described(text: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the text that shows it in a witness."""
    f.__doc__ = text
    return f


def sequence(*values: Any, start: int = 0) -> Callable[[Fraction], Any]:
    """A family of one index, given by its values from `start` on."""

    def at(n: Fraction) -> Any:
        if not start <= n < start + len(values):
            raise Unknown(f"no value at index {n}")
        return values[int(n) - start]

    at.__doc__ = f"{', '.join(map(str, values))} at {start}..{start + len(values) - 1}"
    return at


def table(*rows: Callable[[Fraction], Any]) -> Callable[[Fraction, Fraction], Any]:
    """A family of two indices: coordinate j = 1, 2, .. and step."""

    def at(n: Fraction, step: Fraction) -> Any:
        if not 1 <= n <= len(rows):
            raise Unknown(f"no coordinate {n}")
        return rows[int(n) - 1](step)

    at.__doc__ = "; ".join(f"coordinate {n}: {row.__doc__}" for n, row in enumerate(rows, start=1))
    return at


def adamw(
    *gradients: Any, b1: Any = "1/2", b2: Any = "1/3", xi: Any = 1, eps: Any = 0, lam: Any = 0, start: Any = 0
) -> dict[str, Any]:
    """A run of AdamW from fresh moments in one coordinate; θ as far as it is rational.

    With b1 = 1/2, b2 = 1/3 and one gradient -1: m̂ = -1, -1/3 and √v̂ = 1, 1/2 in steps 1, 2.
    """
    b1, b2, xi, eps, lam = (Fraction(x) for x in (b1, b2, xi, eps, lam))
    ms, vs, points = [Fraction(0)], [Fraction(0)], [Fraction(start)]
    for n, x in enumerate(map(Fraction, gradients), start=1):
        ms.append(b1 * ms[-1] + (1 - b1) * x)
        vs.append(b2 * vs[-1] + (1 - b2) * x * x)
        root = rational_root(vs[-1] / (1 - b2**n)) if b1**n != 1 and b2**n != 1 else None
        if root is not None and root + eps and len(points) == n:
            points.append(points[-1] - xi * ms[-1] / (1 - b1**n) / (root + eps) - xi * lam * points[-1])
    run = {"b1": b1, "b2": b2, "xi": xi, "eps": eps, "lam": lam, "g": sequence(*map(Fraction, gradients), start=1)}
    return run | {"m": sequence(*ms), "v": sequence(*vs), "theta": sequence(*points)}


def rational_root(x: Fraction) -> Fraction | None:
    root = plain(sqrt(number(x))) if x >= 0 else None
    return root if isinstance(root, Fraction) else None


def coordinates(*runs: dict[str, Any]) -> dict[str, Any]:
    """Runs of one coordinate each, with the same rates, as one run in d coordinates."""
    families = {name: table(*(run[name] for run in runs)) for name in ("g", "m", "v", "theta")}
    return runs[0] | families | {"d": len(runs)}
