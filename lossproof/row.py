"""The loss's own row of Table 1 (arXiv 2601.05002), in closed form: alpha, ratio, regulariser, advantage.

Fitted on small groups from the weights that autograd computes, confirmed on larger ones that were held back; a part that
does not confirm is not printed, and without alpha there is no row. A fit is a fact about the inputs tried, not a proof.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from .properties.clip import bounds
from .subject import Subject
from .witness import Case, make
from .world import ConcreteWorld

FIT = [([2.0, 0.5], [1, 2], 2), ([1.0, 0.0, 0.25], [1, 3, 2], 3), ([3.0, 1.0, 0.0], [2, 2, 1], 4)]
HELD_BACK = [([1.0, 0.0, 4.0, 2.5, 0.5], [5, 1, 3, 4, 2], 6), ([0.0, 1.0, 7.0, 0.5, 1.0, 3.0], [2, 7, 1, 3, 3, 5], 7)]
EPS = (0.0, 1e-8, 1e-6, 1e-5, 1e-4)


@dataclass(frozen=True)
class Factor:
    """One possible factor of alpha: how it is printed, and its value for a case."""

    text: str
    value: Callable[[Case], Any]


def lengths(case: Case) -> Any:
    return np.array([sum(row) for row in case["mask"]])


def spread(ddof: int, eps: float) -> Factor:
    name = f"sigma(r, ddof={ddof})" + (f" + {eps:g}" if eps else "")
    return Factor(f"({name})" if eps else name, lambda c: np.std(c["rewards"], ddof=ddof) + eps)


GROUP = [
    Factor("", lambda c: 1.0),
    Factor("G", lambda c: len(c["rewards"])),
    Factor("(G - 1)", lambda c: len(c["rewards"]) - 1),
]
LENGTH = [
    Factor("", lambda c: 1.0), Factor("|o_i|", lengths), Factor("sum|o|", lambda c: lengths(c).sum()),
    Factor("T", lambda c: len(c["logp"][0])),
]  # fmt: skip
SPREAD = [Factor("", lambda c: 1.0), *(spread(d, e) for d, e in product((0, 1), EPS))]


def plain(rewards: list[float], sizes: list[int], T: int) -> Case:
    return make(rewards, sizes, T, spread=0.3)


def weights(subject: Subject, case: Case, **changes: Any) -> Any:
    """g of a case: on policy with pi_ref = pi unless changed."""
    w = ConcreteWorld(subject, case)
    x = w.inputs().on_policy()
    return w.gradient(x.but(**changes))


def close(a: Any, b: Any, tolerance: float = 1e-8) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=1e-13))


def alpha(subject: Subject) -> str | None:
    """alpha with g[i,t] = alpha_i (r_i - mean r) on policy."""
    measured: list[tuple[Case, Any]] = []
    for spec in (*FIT, *HELD_BACK):
        case = plain(*spec)
        g, mask = weights(subject, case), np.array(case["mask"])
        centred = np.array(case["rewards"]) - np.mean(case["rewards"])
        if not np.isfinite(g).all() or (np.abs(centred) < 1e-9).any():
            return None
        per_token = g / centred[:, None]
        first = per_token[:, :1]
        if not close(np.where(mask == 1, per_token, first), np.broadcast_to(first, g.shape)):
            return None
        measured.append((case, per_token[:, 0]))
    for size, length, sigma in product(GROUP, LENGTH, SPREAD):
        constants = [a * size.value(c) * length.value(c) * sigma.value(c) for c, a in measured]
        flat = np.concatenate([np.atleast_1d(x) for x in constants])
        if close(flat, flat[0]):
            top = Fraction(float(flat[0])).limit_denominator(1000)
            below = [f.text for f in (size, length, sigma) if f.text]
            return f"{top}" if not below else f"{top} / ({' '.join(below)})" if len(below) > 1 else f"{top} / {below[0]}"
    return None


def ratio(subject: Subject) -> str | None:
    """The factor that a small departure from pi_old puts on the weight of each token, and the clip."""
    names = {"I": 0, "1": 1, "prod_t I": 2, "(prod_t I)^(1/|o_i|)": 3, "I (prod_t I)^(1/|o_i|) / sg": 4}
    left = set(names)
    for spec in (*FIT, *HELD_BACK[:1]):
        case = plain(*spec)
        mask, logp = np.array(case["mask"]), np.array(case["logp"])
        steps = 1e-4 * np.sin(np.arange(logp.size)).reshape(logp.shape)
        off, on = weights(subject, case, old_logp=logp - steps), weights(subject, case)
        with np.errstate(divide="ignore", invalid="ignore"):
            measured = np.where(mask == 1, off / on, 1.0)
        total = (steps * mask).sum(1, keepdims=True)
        predicted = {
            "I": np.exp(steps), "1": np.ones_like(steps), "prod_t I": np.exp(total + 0 * steps),
            "(prod_t I)^(1/|o_i|)": np.exp(total / mask.sum(1, keepdims=True) + 0 * steps),
        }  # fmt: skip
        left = {n for n in left if n in predicted and close(np.where(mask == 1, predicted[n], 1.0), measured, 1e-9)}
    if not left:
        return None
    name = sorted(left, key=lambda n: names[n])[0]
    low, high = bounds(subject)
    clip = f", clipped to [{low}, {high}]" if low is not None and high is not None else ""
    if value_sees_logp(subject):
        return {"I": "sg[I] log pi", "1": "log pi"}.get(name, f"sg[{name}] log pi") + clip
    return ("pi / sg[pi]" if name == "1" else name) + clip


def value_sees_logp(subject: Subject) -> bool:
    """Whether the loss on policy moves when all log-probabilities do: the score enters as log pi."""
    case = plain(*FIT[1])
    w = ConcreteWorld(subject, case)
    x = w.inputs()
    before, after = w.loss(x.on_policy()), w.loss(x.but(logp=x.logp * 1.5 - 0.1).on_policy())
    return abs(before - after) > 1e-9


def regulariser(subject: Subject) -> str:
    """The pull that a reference policy adds to the weights on policy, as beta times a known estimator and its mean."""
    if not subject.takes("ref_logp"):
        return "none"
    for shape, shape_name in regulariser_means():
        for text, slope in SLOPES.items():
            betas = []
            for spec in (*FIT, *HELD_BACK):
                case = plain(*spec)
                mask, logp = np.array(case["mask"]), np.array(case["logp"])
                d = 0.3 * np.cos(np.arange(logp.size)).reshape(logp.shape) + (0.5 if text == "k1" else 0.0)
                pull = weights(subject, case, ref_logp=logp + d) - weights(subject, case)
                unit = slope(d) * mask * shape(case)
                betas += list((pull[mask == 1] / unit[mask == 1]).ravel())
            if np.allclose(betas, betas[0], rtol=1e-7, atol=1e-12):
                beta = float(betas[0])
                return (
                    "none" if abs(beta) < 1e-12 else f"{float(Fraction(beta).limit_denominator(10_000)):g} {text}, {shape_name}"
                )
    return "not one of k1, k2, k3"


SLOPES: dict[str, Callable[[Any], Any]] = {"k3": np.expm1, "k2": lambda d: d, "k1": np.ones_like}


def regulariser_means() -> Iterator[tuple[Callable[[Case], Any], str]]:
    yield (lambda c: 1 / (len(c["rewards"]) * lengths(c)[:, None])), "mean over |o_i|, then over G"
    yield (lambda c: 1 / lengths(c).sum()), "mean over all tokens"
    yield (lambda c: 1 / len(c["rewards"])), "sum over tokens, mean over G"
    yield (lambda c: 1 / (len(c["rewards"]) * len(c["logp"][0]))), "sum over tokens / (G T)"


def infer(subject: Subject) -> dict[str, str] | None:
    """The row as printed by `audit`, None if alpha or the ratio do not confirm."""
    a, s = alpha(subject), ratio(subject)
    if a is None or s is None:
        return None
    return {"alpha": a, "ratio": s, "regulariser": regulariser(subject), "advantage": "r_i - mean(r)"}
