"""on-policy-unbiased: is the expected update the policy gradient, up to a constant? By exact enumeration of groups.

The smallest tabular policy with two lengths: the first token stops (probability p) or goes on, then the second one is one
of two (probability q). Completions: (stop), (on, stop), (on, on), with rewards R1, R2, R3. A group whose gradient is not
finite (no reward signal under a standard deviation) counts as silent.
"""

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from theory.kernel.terms import ONE, eq, lt

from ..decide import Finding
from ..proving import Solver
from ..subject import NotApplicable, Subject
from ..witness import make
from ..world import ConcreteWorld, Expr, SymbolicWorld, term_of
from . import Property

LENGTHS = (1, 2, 2)


def scores(p: Any, q: Any) -> tuple[Any, Any]:
    """d log pi / d logit of each completion's tokens: for the first token's logit and the second one's, [completion][token]."""
    first = [[1 - p, 0], [-1 * p, 0], [-1 * p, 0]]
    second = [[0, 0], [0, 1 - q], [0, -1 * q]]
    return first, second


def expectation(gradient: Any, G: int, p: Any, q: Any) -> list[Any]:
    """E over all groups of sum g[i,t] dlogp[i,t]/dlogit, for both logits. `gradient(group)` is g of a tuple of completions."""
    probability = (p, (1 - p) * q, (1 - p) * (1 - q))
    totals = [0 * p, 0 * p]
    for group in product(range(3), repeat=G):
        weight = p * 0 + 1
        for c in group:
            weight = weight * probability[c]
        g = gradient(group)
        for n, score in enumerate(scores(p, q)):
            for i, c in enumerate(group):
                for t in range(LENGTHS[c]):
                    totals[n] = totals[n] + weight * g[i, t] * score[c][t]
    return totals


def truth(rewards: Any, p: Any, q: Any) -> list[Any]:
    """The gradient of the expected reward in both logits."""
    r1, r2, r3 = rewards
    return [p * (1 - p) * (r1 - (q * r2 + (1 - q) * r3)), (1 - p) * q * (1 - q) * (r2 - r3)]


def numbers(subject: Subject, G: int, rewards: tuple[float, ...], p: float, q: float) -> tuple[list[float], list[float]]:
    logs = np.log([[p, 1.0], [1 - p, q], [1 - p, 1 - q]])

    def gradient(group: tuple[int, ...]) -> Any:
        case = make([rewards[c] for c in group], [LENGTHS[c] for c in group], 2)
        logp = [[float(logs[c][0]), float(logs[c][1]) if LENGTHS[c] == 2 else -1.0] for c in group]
        w = ConcreteWorld(subject, case | {"logp": logp, "old_logp": logp, "ref_logp": logp})
        g = w.gradient(w.inputs().on_policy())
        return g if np.isfinite(g).all() else np.zeros_like(g)

    return expectation(gradient, G, p, q), truth(rewards, p, q)


TRIALS = [((1.0, 0.0, 0.0), 0.5, 0.5), ((0.0, 1.0, 0.0), 0.25, 0.5), ((0.0, 1.0, 2.0), 0.5, 0.25), ((3.0, 1.0, -1.0), 0.8, 0.3)]


def judged(prop: Property, subject: Subject, G: int, T: int) -> Finding:
    if subject.paired or subject.stepwise:
        drawn = "a noised copy, while the policy enumerated here draws token by token"
        raise NotApplicable(f"it takes {'pairs and no rewards' if subject.paired else drawn}")
    G = min(G, 3)
    where = f"G = {G}, the smallest tabular policy with lengths 1 and 2"
    factors: list[tuple[float, Any]] = []
    for rewards, p, q in TRIALS:
        expected, exact = numbers(subject, G, rewards, p, q)
        for e, x, logit in zip(expected, exact, ("first", "second"), strict=True):
            if abs(x) < 1e-12 and abs(e) < 1e-9:
                continue
            factor = e / x if abs(x) > 1e-12 else float("inf")
            factors.append((factor, (rewards, p, q, logit)))
            if abs(factor - factors[0][0]) > 1e-7 * max(1.0, abs(factors[0][0])):
                witness = {
                    "property": prop.id,
                    "claim": "expected gradient / gradient of expected reward",
                    "left": factors[0][0],
                    "right": factor,
                    "relation": "=",
                    "first": _named(factors[0][1]),
                    "second": _named(factors[-1][1]),
                }
                return Finding(prop.id, "refuted", prop.statement, where, "all groups enumerated in float64", witness=witness)
    kappa = Fraction(factors[0][0]).limit_denominator(10_000)
    if factors[0][0] == 0:
        return Finding(
            prop.id,
            "refuted",
            prop.statement,
            where,
            "the expected gradient is 0 in all trials",
            witness={"property": prop.id, "claim": "the expected gradient", "left": 0.0, "right": 1.0, "relation": "="},
        )
    problem = proof(subject, G, kappa)
    if not problem:
        return Finding(
            prop.id,
            "proved",
            prop.statement,
            where,
            "unsat over all p, q and rewards, all groups enumerated",
            formula=f"factor {kappa}",
        )
    return Finding(
        prop.id,
        "tested",
        prop.statement,
        where,
        f"{len(TRIALS)} policies, all groups enumerated",
        reason=problem,
        formula=f"factor {kappa}",
    )


def proof(subject: Subject, G: int, kappa: Fraction) -> str:
    """'' if the expectation is kappa times the gradient for all p, q and rewards; else why this could not be shown."""
    w = SymbolicWorld(subject, G, 2)
    p, q, r = w.scalar("p", True), w.scalar("q", True), [w.scalar(f"R{n}") for n in range(3)]
    w.given += [lt(term_of(p), ONE), lt(term_of(q), ONE)]
    logs = [[w.scalar(f"l{c}{t}") for t in range(2)] for c in range(3)]

    def gradient(group: tuple[int, ...]) -> Any:
        x = w.inputs()
        logp, mask, rewards = x.logp.copy(), x.mask.copy(), x.rewards.copy()
        for i, c in enumerate(group):
            logp[i] = logs[c]
            mask[i] = [w.number(1 if t < LENGTHS[c] else 0) for t in range(2)]
            rewards[i] = r[c]
        return w.gradient(x.but(logp=logp, mask=mask, rewards=rewards).on_policy())

    try:
        expected = expectation(gradient, G, p, q)
        solver = Solver(w)
        for e, x in zip(expected, truth(r, p, q), strict=True):
            answer, detail = solver.holds(eq(term_of(e), term_of(x * Expr(term_of(kappa)))))
            if answer != "unsat":
                return f"z3: {detail if answer in ('unknown', 'undefined') else 'no proof'}"
        return ""
    except NotImplementedError as e:
        return str(e)


def _named(trial: Any) -> dict[str, Any]:
    rewards, p, q, logit = trial
    return {"rewards": list(rewards), "p": p, "q": q, "logit": logit}


PROPERTY = Property(
    "on-policy-unbiased",
    "on policy, the expected gradient over sampled groups is a constant multiple of the gradient of expected reward",
    decide=judged,
    harm=28,
)
