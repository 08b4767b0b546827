"""The loss's own row of Table 1 (arXiv 2601.05002), in closed form: alpha, ratio, regulariser, advantage.

Fitted on small groups from the weights that autograd computes, confirmed on random ones up to larger shapes that were held
back: a row that gives one wrong weight is no row. A fit is a fact about the inputs tried; `lifting` proves it where it can.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from .decide import refute
from .form import GEOMETRIC, SCORE, SEQUENCE, TOKEN, WEIGHT, Form
from .properties import Property
from .properties.clip import FAR, bounds, silent, weight
from .subject import Subject
from .witness import Case, corners, drawn, make
from .world import ConcreteWorld

FIT = [([2.0, 0.5], [1, 2], 2), ([1.0, 0.0, 0.25], [1, 3, 2], 3), ([3.0, 1.0, 0.0], [2, 2, 1], 4)]
HELD_BACK = [([1.0, 0.0, 4.0, 2.5, 0.5], [5, 1, 3, 4, 2], 6), ([0.0, 1.0, 7.0, 0.5, 1.0, 3.0], [2, 7, 1, 3, 3, 5], 7)]
SEEN = [(len(rewards), T) for rewards, _, T in HELD_BACK]
SMALL = 1e-6  # a unit of rewards in which an eps beside sigma(r) shows
DRAWS = 12  # random inputs per shape


@dataclass(frozen=True)
class Fit:
    """What was found and confirmed: the whole row, and the row on policy (alpha alone), None where there is none."""

    everywhere: Form | None
    on_policy: Form | None


def infer(subject: Subject) -> dict[str, str] | None:
    """The row as printed by `audit`, None if it does not confirm."""
    found = fit(subject).everywhere
    return found.row() if found else None


def fit(subject: Subject) -> Fit:
    """The row of a loss. None for one that is of no such form, or that refuses one of the inputs that are tried."""
    if subject.paired or subject.stepwise:
        return Fit(None, None)  # a row has no place for pairs, nor for tokens that a step does not speak of
    try:
        return fitted(subject)
    except Exception:
        return Fit(None, None)


def fitted(subject: Subject) -> Fit:
    on_policy, kind = alpha(subject), ratio(subject)
    if on_policy is None:
        return Fit(None, None)
    if kind is not None:
        whole = with_clip(subject, replace(on_policy, ratio=kind))
        whole = replace(whole, penalty=penalty(subject), logarithm=value_sees_logp(subject))
        if confirmed(subject, whole.everywhere):
            return Fit(whole, whole)
    return Fit(None, on_policy if confirmed(subject, on_policy.on_policy) else None)


def confirmed(subject: Subject, claims: Callable[[Any], Any]) -> bool:
    """Whether the formula gives g on corner cases and on random inputs, also of the shapes that were held back."""
    rng = random.Random(11)
    shapes = [(2, 2), (3, 3), *SEEN]
    cases = [*corners(3, 2), *(drawn(G, T, rng) for G, T in shapes for _ in range(DRAWS))]
    with np.errstate(divide="ignore", invalid="ignore"):  # equal rewards, of which the row does not speak
        return refute(Property("row", "", claims), subject, cases) is None


# -- alpha -----------------------------------------------------------------------------------------------------------


def plain(rewards: list[float], sizes: list[int], T: int) -> Case:
    return make(rewards, sizes, T, spread=0.3)


def weights(subject: Subject, case: Case, **changes: Any) -> Any:
    """g of a case: on policy with pi_ref = pi unless changed."""
    w = ConcreteWorld(subject, case)
    x = w.inputs().on_policy()
    return w.gradient(x.but(**changes))


def close(a: Any, b: Any, tolerance: float = 1e-8) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=1e-13))


def per_advantage(subject: Subject, case: Case) -> Any:
    """g[i,t] / (r_i - mean r) on policy, (G,); None where it is not the same for all tokens of a completion."""
    g, mask = weights(subject, case), np.array(case["mask"])
    out = g / (np.array(case["rewards"]) - np.mean(case["rewards"]))[:, None]
    first = out[:, :1]
    same = np.isfinite(out).all() and close(np.where(mask == 1, out, first), np.broadcast_to(first, g.shape))
    return out[:, 0] if same and (mask * g != 0).any() else None


def lengths(case: Case) -> Any:
    return np.array([sum(row) for row in case["mask"]])


SIZES: dict[str, Callable[[Case], Any]] = {
    "": lambda c: 1.0, "G": lambda c: len(c["rewards"]), "G - 1": lambda c: len(c["rewards"]) - 1,
}  # fmt: skip
LENGTHS: dict[str, Callable[[Case], Any]] = {
    "": lambda c: 1.0, "|o_i|": lengths, "sum|o|": lambda c: lengths(c).sum(), "T": lambda c: len(c["logp"][0]),
    "1/|o_i|": lambda c: 1 / lengths(c),
}  # fmt: skip


def alpha(subject: Subject) -> Form | None:
    """alpha with g[i,t] = alpha_i (r_i - mean r) on policy, fitted and held against the larger shapes."""
    measured = [(case, per_advantage(subject, case)) for case in (plain(*spec) for spec in (*FIT, *HELD_BACK))]
    if any(a is None for _, a in measured):
        return None
    gamma = threshold(subject)
    for (size, per_size), (length, per_length), ddof in product(SIZES.items(), LENGTHS.items(), (None, 0, 1)):
        flat = [a * per_size(c) * per_length(c) for c, a in measured]
        eps = Fraction(0) if ddof is None else epsilon(subject, ddof, gamma)
        if eps is None:
            continue
        spreads = [1.0 if ddof is None else np.std(c["rewards"], ddof=ddof) + float(eps) for c, _ in measured]
        constants = np.concatenate([np.atleast_1d(a * spread) for a, spread in zip(flat, spreads, strict=True)])
        top = Fraction(float(constants[0])).limit_denominator(1000)
        if top and close(constants, float(top)):
            return Form(top, size, length, ddof, eps, gamma)
    return None


def epsilon(subject: Subject, ddof: int, gamma: Fraction) -> Fraction | None:
    """The eps of 1/(sigma(r) + eps), from one group in two units of the reward; None where it makes no sense."""
    if gamma:
        return Fraction(0)
    rewards, sizes, T = FIT[0]
    at = [per_advantage(subject, plain([r * unit for r in rewards], sizes, T)) for unit in (1.0, SMALL)]
    if at[1] is None or at[0][0] == at[1][0]:
        return None
    sigma = np.std(rewards, ddof=ddof)
    eps = float(sigma * (at[0][0] - at[1][0] * SMALL) / (at[1][0] - at[0][0]))
    return Fraction(0) if abs(eps) < 1e-13 else Fraction(f"{eps:.3g}") if eps > 0 else None


def threshold(subject: Subject) -> Fraction:
    """gamma where completions with |A_i| <= gamma have no weight, 0 if all have."""

    def none(a: float) -> bool:
        return not weights(subject, plain([a, -a], [1, 1], 1)).any()

    return Fraction(0) if not none(SMALL) or none(1.0) else edge(none, 1.0, SMALL) or Fraction(0)


def edge(beyond: Callable[[float], bool], inside: float, outside: float) -> Fraction | None:
    """The simple fraction between the two where `beyond` begins to hold, by bisection; None where it is not simple."""
    for _ in range(80):
        middle = (inside * outside) ** 0.5
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    simple = Fraction(inside).limit_denominator(10_000)
    return simple if abs(float(simple) - inside) < 1e-12 else None


# -- ratio -----------------------------------------------------------------------------------------------------------


def ratio(subject: Subject) -> str | None:
    """The factor that a small departure from pi_old puts on the weight of each token."""
    left = [SCORE, TOKEN, SEQUENCE, GEOMETRIC]
    for spec in (*FIT, *HELD_BACK[:1]):
        case = plain(*spec)
        mask, logp = np.array(case["mask"]), np.array(case["logp"])
        steps = 1e-4 * np.sin(np.arange(logp.size)).reshape(logp.shape)
        off, on = weights(subject, case, old_logp=logp - steps), weights(subject, case)
        with np.errstate(divide="ignore", invalid="ignore"):
            measured = np.where(mask == 1, off / on, 1.0)
        total = (steps * mask).sum(1, keepdims=True) + 0 * steps
        predicted = {
            SCORE: np.ones_like(steps), TOKEN: np.exp(steps), SEQUENCE: np.exp(total),
            GEOMETRIC: np.exp(total / mask.sum(1, keepdims=True)),
        }  # fmt: skip
        left = [n for n in left if close(np.where(mask == 1, predicted[n], 1.0), measured, 1e-9)]
    return left[0] if left else None


def with_clip(subject: Subject, form: Form) -> Form:
    """The form with the bounds of its ratio: by the sign of the advantage, or of the weight where nothing is silenced."""
    if form.ratio == SCORE:
        return form
    low, high = bounds(subject)
    if low is not None and high is not None:
        end = float(high) * FAR
        floor = edge(lambda s: silent(subject, s, False), 1.0, end) if silent(subject, end, False) else None
        return replace(form, low=low, high=high, floor=floor)
    if form.ratio == TOKEN and value_sees_logp(subject):
        least, most = (held(subject, s) for s in (1 / FAR, FAR))
        return replace(
            form, ratio=WEIGHT, low=least if least and least > 2 / FAR else None, high=most if most and most < FAR / 2 else None
        )
    return form


def held(subject: Subject, s: float) -> Fraction | None:
    """The weight of a token with this ratio, as a multiple of its weight on policy."""
    once = weight(subject, 1.0, True)
    return Fraction(weight(subject, s, True) / once).limit_denominator(10_000) if once else None


def value_sees_logp(subject: Subject) -> bool:
    """Whether the loss on policy moves when all log-probabilities do: the score enters as log pi."""
    case = plain(*FIT[1])
    w = ConcreteWorld(subject, case)
    x = w.inputs()
    before, after = w.loss(x.on_policy()), w.loss(x.but(logp=x.logp * 1.5 - 0.1).on_policy())
    return abs(before - after) > 1e-9


# -- regulariser -----------------------------------------------------------------------------------------------------

SLOPES: dict[str, Callable[[Any], Any]] = {"k3": np.expm1, "k2": lambda d: d}


def penalty(subject: Subject) -> tuple[str, Fraction, str, str] | None:
    """The pull that a reference policy adds to the weights on policy, as beta times a known estimator and its mean."""
    if not subject.takes("ref_logp"):
        return None
    for (over, (shape, words)), (text, slope) in product(MEANS.items(), SLOPES.items()):
        betas: list[float] = []
        for spec in (*FIT, *HELD_BACK):
            case = plain(*spec)
            mask, logp = np.array(case["mask"]), np.array(case["logp"])
            d = 0.3 * np.cos(np.arange(logp.size)).reshape(logp.shape)
            pull = weights(subject, case, ref_logp=logp + d) - weights(subject, case)
            unit = slope(d) * mask * shape(case)
            betas += list((pull[mask == 1] / unit[mask == 1]).ravel())
        if np.allclose(betas, betas[0], rtol=1e-7, atol=1e-12):
            beta = Fraction(betas[0]).limit_denominator(10_000)
            return (text, beta, over, words) if beta else None
    return None


MEANS: dict[str, tuple[Callable[[Case], Any], str]] = {
    "G |o_i|": (lambda c: 1 / (len(c["rewards"]) * lengths(c)[:, None]), "mean over |o_i|, then over G"),
    "sum|o|": (lambda c: 1 / lengths(c).sum(), "mean over all tokens"),
    "G": (lambda c: 1 / len(c["rewards"]), "sum over tokens, mean over G"),
    "G T": (lambda c: 1 / (len(c["rewards"]) * len(c["logp"][0])), "sum over tokens / (G T)"),
}
