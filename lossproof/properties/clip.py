"""clipped-silent, clip-pessimistic, ratio-weighted: what the importance ratio of a token does to its weight."""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor, log
from typing import Any

from ..decide import Finding, decide, prove, refute, refuted, scope
from ..subject import Subject
from ..witness import make
from ..world import Claim
from . import Property

FAR = 1e6  # a ratio that any trust region would stop


def weight(subject: Subject, s: float, better: bool, compensated: bool = False) -> float:
    """g of a token with ratio s in the better (worse) of two completions of one token; `compensated`: of two, with s and 1/s."""
    import torch

    T = 2 if compensated else 1
    moved = [[s, 1 / s][:T], [1.0] * T]
    case = make([1, 0], [T, T], T, moved if better else moved[::-1])
    case |= {"masked": case["mask"], "noise_level": 1.0} if subject.stepwise else {}
    tensors = {n: torch.tensor(case[n], dtype=torch.float64) for n in {*subject.names(), "logp", "mask", "rewards"}}
    tensors["ref_logp"] = tensors["logp"]
    return float(subject.run(tensors)[1][0 if better else 1, 0])


def silent(subject: Subject, s: float, better: bool, compensated: bool = False) -> bool:
    return abs(weight(subject, s, better, compensated)) < 1e-12


def bounds(subject: Subject) -> tuple[Fraction | None, Fraction | None]:
    """The ratios (low, high) beyond which a token in the favoured direction gets no gradient; None where there is none.

    Found by bisection on the real function: the simple fraction that it is, else one that lies a little further out.
    """
    if subject.clip is None:
        subject.clip = threshold(subject, False), threshold(subject, True)
    return subject.clip


def threshold(subject: Subject, better: bool, compensated: bool = False) -> Fraction | None:
    inside, outside = 1.0, FAR if better else 1 / FAR
    if silent(subject, inside, better, compensated) or not silent(subject, outside, better, compensated):
        return None
    for _ in range(80):
        middle = (inside * outside) ** 0.5
        inside, outside = (inside, middle) if silent(subject, middle, better, compensated) else (middle, outside)
    simple = Fraction(inside).limit_denominator(10_000)
    if abs(simple - Fraction(inside)) < Fraction(1, 10**12):
        return simple
    return Fraction(ceil(inside * 10_000), 10_000) if better else Fraction(floor(inside * 10_000), 10_000)


def beyond(w: Any, low: Fraction | None, high: Fraction | None, favoured: bool) -> list[Claim]:
    """Claims about tokens beyond the bounds: g = 0 in the favoured direction, g != 0 in the other."""
    x = w.inputs()
    w.not_all_equal(x.rewards)
    if w.symbolic:
        w.marks += [bound for bound in (low, high) if bound is not None and bound > 0]
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
                given = [condition, sign, *w.predicted(x, i, t)]
                out.append(w.equal(g[i, t], 0, says, given) if favoured else w.different(g[i, t], 0, says, given))
    return out


def still_pushed(better: bool, compensated: bool = False) -> Any:
    """At rewards 1, 0, .. (or 1, .., 0) the best (worst) one's first token has g != 0 for every ratio on its side of 1.

    The other ratios are 1; `compensated`: that of the second token is the inverse, so that their product is 1.
    """

    def claims(w: Any) -> list[Claim]:
        x = w.inputs()
        rewards, mask, entropy, old = x.rewards.copy(), x.mask.copy(), x.entropy.copy(), x.logp.copy()
        one = 0 if better else w.G - 1
        rewards[:] = w.number(0 if better else 1)
        rewards[one] = w.number(1 if better else 0)
        mask[:], entropy[:] = w.number(1), w.number(1) / w.number(2)
        old[one, 0] = x.old_logp[one, 0]
        if compensated:
            old[one, 1] = x.logp[one, 1] + (x.logp[one, 0] - old[one, 0])
        x = x.but(rewards=rewards, mask=mask, entropy=entropy, old_logp=old)
        x = w.whole(x)
        s = w.ratio(x, one, 0)
        side = w.condition(w.number(1), "<", s) if better else w.condition(s, "<", w.number(1))
        return [w.different(w.gradient(x)[one, 0], 0, "the weight", [side])]

    return claims


def no_bounds(p: Property, subject: Subject) -> str:
    """The proof that one of the bounds cannot exist, '' if there is none."""
    for better in (True, False):
        for compensated in (False, True):
            proof = prove(replace(p, claims=still_pushed(better, compensated)), subject, 2, 2 if compensated else 1)
            if proof.proved:
                others = "the next token's ratio being the inverse" if compensated else "the other ratios being 1"
                return f"g != 0 for every ratio {'above' if better else 'below'} 1, {others} ({proof.method})"
    return ""


def judge_silent(p: Property, subject: Subject, G: int, T: int) -> Finding:
    low, high = bounds(subject)
    wide = [threshold(subject, better, compensated=True) for better in (False, True)] if T > 1 else [None, None]
    found = Finding(
        p.id, "unknown", p.statement, scope(G, T), reason="no clip bounds were found, nor a proof that there are none"
    )
    for below, above in dict.fromkeys([(low, high), (wide[0], wide[1])]):
        if below is None or above is None:
            continue
        found = decide(replace(p, decide=None, claims=within(below, above)), subject, G, T)
        if found.verdict == "proved":
            return replace(found, formula=f"epsilon_low = {1 - below}, epsilon_up = {above - 1}")
    if low is None or high is None:
        far = replace(p, decide=None, claims=within(Fraction(1, 10**5), Fraction(10**5)))
        case = refute(far, subject, [make([1, 0], [1, 1], 1, [[FAR], [1.0]]), make([0, 1], [1, 1], 1, [[1 / FAR], [1.0]])])
        found = refuted(far, subject, case) if case is not None else found
    if found.verdict != "refuted":
        return found
    why = no_bounds(p, subject)
    if why:
        return replace(found, method=f"{why}; one re-executed in float64")
    return Finding(
        p.id,
        "unknown",
        p.statement,
        scope(G, T),
        reason="the bounds that were tried do not silence it, and no proof that wider ones do not",
    )


def within(low: Fraction, high: Fraction) -> Any:
    return lambda w: beyond(w, low, high, True)


def judge_pessimistic(p: Property, subject: Subject, G: int, T: int) -> Finding:
    low, high = bounds(subject)
    if low is None or high is None:
        return Finding(p.id, "not-applicable", p.statement, reason="the objective has no clip bounds")
    return decide(replace(p, decide=None, claims=lambda w: beyond(w, low, high, False)), subject, G, T)


def weighted(low: Fraction | None, high: Fraction | None) -> Any:
    def claims(w: Any) -> list[Claim]:
        out = []
        x = w.inputs()
        w.not_all_equal(x.rewards)
        before = w.gradient(x)
        for i in range(w.G):
            for t in range(w.T):
                for old in [w.inputs(prefix="other_").old_logp[i, t]] if w.symbolic else elsewhere(x.logp[i, t], low, high):
                    moved = x.old_logp.copy()
                    moved[i, t] = old
                    y = x.but(old_logp=moved)
                    s, u = w.ratio(x, i, t), w.ratio(y, i, t)
                    inside = [w.condition(w.number(low), "<", r) for r in (s, u) if low is not None]
                    inside += [w.condition(r, "<", w.number(high)) for r in (s, u) if high is not None]
                    g, h = before[i, t], w.weight(y, (i, t), like=x)
                    says = f"g/s at two ratios of token {t} of completion {i} (cross-multiplied)"
                    out.append(w.equal(g * u, h * s, says, [*inside, *w.predicted(x, i, t)]))
        return out

    return claims


def elsewhere(logp: float, low: Fraction | None, high: Fraction | None) -> list[float]:
    """Old log-probabilities that put the ratio three quarters of the way from 1 to either bound."""
    return [logp - log(1 + 0.75 * (float(bound) - 1)) for bound in (Fraction(1, 2) if low is None else low, high or Fraction(2))]


def judge_weighted(p: Property, subject: Subject, G: int, T: int) -> Finding:
    return decide(replace(p, decide=None, claims=weighted(*bounds(subject))), subject, G, T)


PROPERTY = [
    Property(
        "clipped-silent",
        "there are bounds such that a token with s > 1+eps_up and a positive advantage, "
        "or s < 1-eps_low and a negative one, has g = 0",
        decide=judge_silent,
        exists=True,
        harm=45,
    ),
    Property(
        "clip-pessimistic",
        "beyond the clip bounds on the other side g is non-zero for every s",
        decide=judge_pessimistic,
        needs=("old_logp",),
        harm=46,
    ),
    Property(
        "ratio-weighted",
        "inside the clip, g[i,t] / s[i,t] does not depend on s[i,t]",
        decide=judge_weighted,
        harm=65,
    ),
]
