"""clipped-silent, clip-pessimistic, ratio-weighted: what the importance ratio of a token does to its weight."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from ..decide import Finding, decide, prove, refute, refuted, scope
from ..subject import Subject
from ..witness import make
from ..world import Claim
from . import Property

FAR = 1e6  # a ratio that any trust region would stop


def weight(subject: Subject, s: float, better: bool) -> float:
    """g of a token with ratio s in the better (worse) of two completions of one token."""
    import torch

    case = make([1, 0] if better else [0, 1], [1, 1], 1, [[s], [1.0]])
    tensors = {n: torch.tensor(case[n], dtype=torch.float64) for n in {*subject.names(), "logp", "mask", "rewards"}}
    tensors["ref_logp"] = tensors["logp"]
    return float(subject.run(tensors)[1][0, 0])


def silent(subject: Subject, s: float, better: bool) -> bool:
    return abs(weight(subject, s, better)) < 1e-12


def bounds(subject: Subject) -> tuple[Fraction | None, Fraction | None]:
    """The ratios (low, high) beyond which a token in the favoured direction gets no gradient; None where there is none.

    Found by bisection on the real function, rounded to the simplest fraction within 1e-9 of it.
    """
    if subject.clip is None:
        subject.clip = threshold(subject, False), threshold(subject, True)
    return subject.clip


def threshold(subject: Subject, better: bool) -> Fraction | None:
    inside, outside = 1.0, FAR if better else 1 / FAR
    if silent(subject, inside, better) or not silent(subject, outside, better):
        return None
    for _ in range(80):
        middle = (inside * outside) ** 0.5
        inside, outside = (inside, middle) if silent(subject, middle, better) else (middle, outside)
    return Fraction(inside).limit_denominator(10_000)


def beyond(w: Any, low: Fraction | None, high: Fraction | None, favoured: bool) -> list[Claim]:
    """Claims about tokens beyond the bounds: g = 0 in the favoured direction, g != 0 in the other."""
    x = w.inputs()
    w.not_all_equal(x.rewards)
    g = w.gradient(x)
    centre = x.rewards.sum() / w.number(w.G)
    out = []
    for i in range(w.G):
        better, worse = w.condition(centre, "<", x.rewards[i]), w.condition(x.rewards[i], "<", centre)
        for t in range(w.T):
            s = w.ratio(x, i, t)
            sides = []
            if high is not None:
                sides.append((w.condition(w.number(high), "<", s), better if favoured else worse, f"above {high}"))
            if low is not None:
                sides.append((w.condition(s, "<", w.number(low)), worse if favoured else better, f"below {low}"))
            for condition, sign, where in sides:
                says = f"token {t} of completion {i} has a ratio {where}; its weight"
                given = [condition, sign, *w.live(x, i, t)]
                out.append(w.equal(g[i, t], 0, says, given) if favoured else w.different(g[i, t], 0, says, given))
    return out


def still_pushed(better: bool) -> Any:
    """Beyond every bound the favoured token is still pushed: g != 0 for all ratios on that side of 1."""

    def claims(w: Any) -> list[Claim]:
        x = w.inputs()
        w.not_all_equal(x.rewards)
        g = w.gradient(x)
        centre, s = x.rewards.sum() / w.number(w.G), w.ratio(x, 0, 0)
        sign = w.condition(centre, "<", x.rewards[0]) if better else w.condition(x.rewards[0], "<", centre)
        side = w.condition(w.number(1), "<", s) if better else w.condition(s, "<", w.number(1))
        return [w.different(g[0, 0], 0, "the weight", [sign, side])]

    return claims


def judge_silent(p: Property, subject: Subject, G: int, T: int) -> Finding:
    low, high = bounds(subject)
    for better, bound in ((True, high), (False, low)):
        if bound is None and not (low is not None and high is not None):
            far = FAR if better else 1 / FAR
            case = make([1, 0] if better else [0, 1], [1, 1], 1, [[far], [1.0]])
            push = replace(p, decide=None, claims=lambda w: beyond_everything(w, better))
            proof = prove(replace(p, claims=still_pushed(better)), subject, min(G, 2), 1)
            if refute(push, subject, [case]) is not None and proof.proved:
                found = refuted(push, subject, case)
                return replace(found, method="g != 0 for every ratio on that side (unsat); one re-executed in float64", scope=scope(2, 1))
    if low is None or high is None:
        return Finding(p.id, "unknown", p.statement, scope(G, T), reason="no clip bounds were found, nor a proof that there are none")
    finding = decide(replace(p, decide=None, claims=lambda w: beyond(w, low, high, True)), subject, G, T)
    return replace(finding, formula=f"epsilon_low = {1 - low}, epsilon_up = {high - 1}")


def beyond_everything(w: Any, better: bool) -> list[Claim]:
    return beyond(w, None if better else Fraction(1, 10**5), Fraction(10**5) if better else None, True)


def judge_pessimistic(p: Property, subject: Subject, G: int, T: int) -> Finding:
    low, high = bounds(subject)
    if low is None or high is None:
        return Finding(p.id, "not-applicable", p.statement, reason="the objective has no clip bounds")
    return decide(replace(p, decide=None, claims=lambda w: beyond(w, low, high, False)), subject, G, T)


def weighted(low: Fraction | None, high: Fraction | None) -> Any:
    def claims(w: Any) -> list[Claim]:
        out = []
        for i in range(w.G):
            for t in range(w.T):
                x = w.inputs()
                w.not_all_equal(x.rewards)
                moved = x.old_logp.copy()
                moved[i, t] = w.inputs(prefix="other_").old_logp[i, t]
                y = x.but(old_logp=moved)
                s, u = w.ratio(x, i, t), w.ratio(y, i, t)
                inside = [w.condition(w.number(low), "<", r) for r in (s, u) if low is not None]
                inside += [w.condition(r, "<", w.number(high)) for r in (s, u) if high is not None]
                g, h = w.gradient(x)[i, t], w.gradient(y)[i, t]
                says = f"g/s at two ratios of token {t} of completion {i} (cross-multiplied)"
                out.append(w.equal(g * u, h * s, says, [*inside, *w.live(x, i, t)]))
        return out

    return claims


def judge_weighted(p: Property, subject: Subject, G: int, T: int) -> Finding:
    return decide(replace(p, decide=None, claims=weighted(*bounds(subject))), subject, G, T)


PROPERTY = [
    Property(
        "clipped-silent",
        "there are bounds such that a token with s > 1+eps_up and a positive advantage, or s < 1-eps_low and a negative one, has g = 0",
        decide=judge_silent, needs=("old_logp",), exists=True, harm=45,
    ),
    Property(
        "clip-pessimistic",
        "beyond the clip bounds on the other side g is non-zero for every s",
        decide=judge_pessimistic, needs=("old_logp",), harm=46,
    ),
    Property(
        "ratio-weighted",
        "inside the clip, g[i,t] / s[i,t] does not depend on s[i,t]",
        decide=judge_weighted, harm=65,
    ),
]  # fmt: skip
