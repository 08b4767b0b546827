"""Appendix D, all coordinates: how long the steps past the clip are, relative to the last step before them.

The norms of Eq. 31 and 35 are Euclidean over d coordinates, d symbolic. The closed forms of Eq. 32 and 36 are exact for
ε = 0, since every coordinate shrinks by the same factor.
"""

from typing import Any

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ZERO
from theory.language import ForAll, equals
from theory.proposition import proposition
from theory.tactics.moments import K

from .clip_cases import (
    RATES,
    T,
    adamw,
    clipped,
    closed,
    coordinates,
    d,
    eps,
    i,
    j,
    k,
    m,
    moments,
    sequence,
    table,
    v,
)
from .clip_norms import norm, ratio_is_closed, ratio_is_positive

MOVING = {"a coordinate i moves": sp.And(1 <= i, i <= d, sp.Ne(m(i, T - 1), 0))}
DEFINED = {"v_0 >= 0": ForAll(j, 1, d, v(j, 0) >= 0), "eps > 0": eps > 0} | MOVING
EXACT = {"negligible eps": sp.Eq(eps, 0), "v_{T-1} > 0": ForAll(j, 1, d, v(j, T - 1) > 0)} | MOVING
STEPS = {"T >= 2": T >= 2, "k >= 0": k >= 0}
UNSTATED = ("no gradient at T", "a coordinate i moves")
UNIT = {"b1": "unit", "b2": "unit"}


def run(*gradients: Any, **more: Any) -> dict[str, Any]:
    """One coordinate that moves, T = 2 and k = 0."""
    return coordinates(adamw(*gradients, **more)) | {"T": 2, "k": 0, "i": 1}


def drops(eps: int) -> dict[str, Any]:
    """A case for each assumption on the history and the rates, for ε = 1 and for ε = 0."""
    base = run(-1, 0, eps=eps)
    resting = {"v": table(sequence(1, "1/3", "1/9"))}
    return {
        "first moment": base | {"m": table(sequence(0, "-1/2", 0))},
        "second moment": base | {"v": table(sequence(0, "2/3", "-2/3"))},
        "no gradient at T": run(-1, "1/2", eps=eps),
        "T >= 2": run(0, eps=eps) | {"T": 1, "m": table(sequence(1, "1/2")), "v": table(sequence(1, "1/3"))},
        "a coordinate i moves": run(0, 0, eps=eps) | resting,
        "b1 > 0": run(-1, 0, b1=0, eps=1) if eps else run(-1, 0, b1="-1/2"),
        "b1 < 1": run(0, 0, b1=1, eps=eps) | resting | {"m": table(sequence(1, 1, 1))},
        "b2 > 0": run(-1, 0, b2="-1/2", eps=eps),
        "b2 < 1": run(-1, 0, b2=1, eps=eps) | {"v": table(sequence(1, 1, 1))},
    }


def later(eps: int) -> dict[str, Any]:
    return {"no gradient after T": run(-1, 0, "1/4", eps=eps) | {"k": 1}, "k >= 0": run(-1, 0, eps=eps) | {"k": -2}}


NEGATIVE_V = run(-1, 0, eps=1) | {"v": table(sequence(-9, "-7/3", "-7/9"))}
STILL = coordinates(adamw(-1, 0), adamw(0, 0)) | {"T": 2, "k": 0, "i": 1}
DEFINED_DROPS = {"v_0 >= 0": NEGATIVE_V, "eps > 0": STILL}
EXACT_DROPS = {"v_{T-1} > 0": STILL, "negligible eps": run(-1, 0, eps=1)}
WHERE_DEFINED = "that the ratio is defined for ε = 0 where a coordinate never had a gradient: its step is 0/0 there"


@proposition(
    "fontana2026.eq31",
    title="C_T is well defined and positive",
    source="Appendix D, Eq. 31",
    printed="C_T = ‖m̂_T/(√v̂_T+ε)‖ / ‖m̂_{T-1}/(√v̂_{T-1}+ε)‖",
    statement=norm(T) / norm(T - 1) > 0,
    assumptions=moments(j, last=T) | clipped(j, last=T) | DEFINED | {"T >= 2": T >= 2} | RATES,
    unstated=UNSTATED,
    model=run(-1, 0, eps=1),
    drops=drops(1) | DEFINED_DROPS,
    hints=UNIT,
    not_claimed=WHERE_DEFINED,
)
def eq31(goal: Goal) -> Theorem:
    return ratio_is_positive(goal, T, ZERO)


@proposition(
    "fontana2026.eq32",
    title="C_T in closed form, exact for ε = 0 and in any number of coordinates",
    source="Appendix D, Eq. 32",
    printed="C_T ≈ β1 (1-β1^{T-1})/(1-β1^T) · √( (1-β2^T) / (β2 (1-β2^{T-1})) ) for negligible ε",
    statement=equals(norm(T) / norm(T - 1), closed(0)),
    assumptions=moments(j, last=T) | clipped(j, last=T) | EXACT | {"T >= 2": T >= 2} | RATES,
    unstated=(*UNSTATED, "v_{T-1} > 0"),
    model=run(-1, 0),
    drops=drops(0) | EXACT_DROPS,
    hints=UNIT | {"v": "square"},
    not_claimed="that 92 % holds early in a run: at T = 2 and (0.9, 0.95) the ratio is 0.68, at (0.9, 0.999) 0.67",
)
def eq32(goal: Goal) -> Theorem:
    return ratio_is_closed(goal, T, ZERO)


@proposition(
    "fontana2026.eq35",
    title="C_{T,k} is well defined and positive for every k",
    source="Appendix D, Eq. 35",
    printed="C_{T,k} = ‖m̂_{T+k}/(√v̂_{T+k}+ε)‖ / ‖m̂_{T-1}/(√v̂_{T-1}+ε)‖",
    statement=norm(T + k) / norm(T - 1) > 0,
    assumptions=moments(j) | clipped(j) | DEFINED | STEPS | RATES,
    unstated=UNSTATED,
    model=run(-1, 0, eps=1),
    drops=drops(1) | later(1) | DEFINED_DROPS,
    hints=UNIT,
    not_claimed=WHERE_DEFINED,
)
def eq35(goal: Goal) -> Theorem:
    return ratio_is_positive(goal, T + k, K)


@proposition(
    "fontana2026.eq36",
    title="C_{T,k} in closed form, exact for ε = 0 and in any number of coordinates",
    source="Appendix D, Eq. 36",
    printed="C_{T,k} ≈ β1^{k+1} (1-β1^{T-1})/(1-β1^{T+k}) · √( (1-β2^{T+k}) / (β2^{k+1} (1-β2^{T-1})) )",
    statement=equals(norm(T + k) / norm(T - 1), closed(k)),
    assumptions=moments(j) | clipped(j) | EXACT | STEPS | RATES,
    unstated=(*UNSTATED, "v_{T-1} > 0"),
    model=run(-1, 0),
    drops=drops(0) | later(0) | EXACT_DROPS,
    hints=UNIT | {"v": "square"},
)
def eq36(goal: Goal) -> Theorem:
    return ratio_is_closed(goal, T + k, K)
