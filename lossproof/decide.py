"""Decides one property of one subject at one shape.

First the quick refuter: small cases through the original function. Then the proof: every claim of the property, over all
rewards, log-probabilities and lengths of the shape, as `unsat` of its negation. A candidate from the solver is re-executed
on the original function before it counts. What is left is searched at random and is `tested`, or `unknown` with the reason.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from math import isfinite
from typing import Any

import numpy as np

from theory.kernel import Term

from .advantage.cases import fitting
from .advantage.subject import Estimator
from .properties import Property
from .proving import NOTHING, Proof, prove
from .subject import NotApplicable, Subject
from .witness import Case, corners, drawn, noised, shapes_up_to, simpler
from .world import Claim, ConcreteWorld, violated

TRIALS = 200  # random cases where a proof is not to be had
AGAIN = 5  # runs on which a witness has to show the same numbers


@dataclass(frozen=True)
class Finding:
    """The verdict on one property, as in the contract's JSON."""

    id: str
    verdict: str
    statement: str
    scope: str = ""
    method: str = ""
    seconds: float = 0.0
    formula: str | None = None
    witness: dict[str, Any] | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def decide(p: Property, subject: Subject, G: int, T: int) -> Finding:
    """The verdict at the asked shape, or at the largest smaller one that can be decided; the scope says which."""
    start = time.perf_counter()
    try:
        finding = _decide(p, subject, G, T)
    except NotApplicable as e:
        finding = Finding(p.id, "not-applicable", p.statement, reason=str(e))
    where = scope_of(subject, finding.scope)
    witness = finding.witness and {"target": subject.name, **finding.witness}  # so that it can be replayed alone
    return replace(finding, scope=where, witness=witness, seconds=round(time.perf_counter() - start, 4))


def _decide(p: Property, subject: Subject, G: int, T: int) -> Finding:
    missing = [n for n in p.needs if not subject.takes(n)]
    kind = "estimator" if isinstance(subject, Estimator) else "objective"
    if missing:
        return Finding(p.id, "not-applicable", p.statement, reason=f"the {kind} does not take {', '.join(missing)}")
    if p.decide is not None:
        return p.decide(p, subject, G, T)
    assert p.claims is not None
    broken = refute(p, subject, few(G, T))
    if broken is not None:
        return refuted(p, subject, broken)
    reason = ""
    for g, t in dict.fromkeys([(G, T), (min(G, 4), min(T, 3)), (2, 2), (2, 1)]):
        if g > G or t > T:
            continue
        proof = prove(p, subject, g, t)
        if proof.candidate is not None:
            broken = refute(p, subject, [proof.candidate])
            if broken is not None:
                return refuted(p, subject, broken)
        elsewhere = ""
        if proof.needed is not None:
            reason = reason or proof.reason
            proof, elsewhere = apart_from_poles(p, subject, g, t, proof)
        if proof.proved:
            smaller = "" if (g, t) == (G, T) else f"; only at G = {g}, T <= {t}: larger shapes are undecided"
            where = scope(g, t) + smaller + branches(subject, g, t) + elsewhere
            return Finding(p.id, "proved", p.statement, where, proof.method)
        reason = reason or proof.reason
        if not proof.worth_smaller:
            break
    if reason.startswith(NOTHING):
        raise NotApplicable(reason)
    rng = random.Random(0)
    many = (c for g, t in shapes_up_to(G, T) for c in corners(g, t))
    random_ = (drawn(max(2, rng.randint(2, G)), rng.randint(1, T), rng) for _ in range(TRIALS))
    broken = refute(p, subject, chain(many, random_))
    if broken is not None:
        return refuted(p, subject, broken)
    if "paths" in reason or subject.escapes(G, T):
        return Finding(p.id, "unknown", p.statement, scope(G, T), reason=reason)
    return Finding(p.id, "tested", p.statement, scope(G, T), f"{TRIALS} random cases and the corner cases", reason=reason)


def apart_from_poles(p: Property, subject: Subject, G: int, T: int, proof: Proof) -> tuple[Proof, str]:
    """A proof for all rewards but those at which a denominator of the function is 0, and what is to be said of these.

    Only where the function, run there, gives a value that is not finite, and the claims hold all the same: the two sides are
    the same infinity, or both NaN.
    """
    where: list[Term] = []
    while proof.needed is not None and proof.candidate is not None and len(where) < 4:
        polynomial = proof.needed.op == "not" and proof.needed.args[0].op == "eq" and depends_on_rewards_alone(proof.needed)
        if not polynomial or not infinite(p, subject, proof.candidate):
            break
        where.append(proof.needed)
        proof = prove(p, subject, G, T, where=where)
    said = " and ".join(f"{d.args[0].args[0]!r:.80} != 0" for d in where)
    return proof, f"; where {said}: elsewhere its values are not finite, and alike on both sides" if where else ""


def depends_on_rewards_alone(t: Term) -> bool:
    return all(v.args[0].startswith(("reward_", "other_reward_")) for v in t.free)


def infinite(p: Property, subject: Subject, case: Case) -> bool:
    """Whether a claim has a value on the case that is not finite, and none is broken."""
    assert p.claims is not None
    world = ConcreteWorld(subject, case)
    with np.errstate(all="ignore"):
        claims = p.claims(world)
    sizes = [float(x) for c in claims if all(c.given) for x in (c.left, c.right)]
    return not world.outside and not all(map(isfinite, sizes)) and first_violation(p, subject, case) is None


def few(G: int, T: int) -> Iterator[Case]:
    """Before a proof is tried: the corners of the smallest shapes, and every fifth of the larger ones."""
    return (c for g, t in shapes_up_to(G, T) for c in islice(corners(g, t), 0, None, 1 if g * t <= 4 else 5))


def scope(G: int, T: int) -> str:
    return f"G = {G}, all lengths 1..{T}, {EVERY}"


EVERY, PAIRS, STEPS = (
    "all real rewards and log-probabilities",
    "all real log-probabilities, completions i < G // 2 preferred to i + G // 2",
    ", all masked tokens and noise levels",
)


def scope_of(subject: Subject, where: str) -> str:
    """A scope in the words of what the loss takes: pairs in place of rewards, a step of diffusion."""
    where = where.replace(EVERY, PAIRS) if subject.paired else where
    if isinstance(subject, Estimator) and subject.beside not in where:
        where = where.replace(EVERY, EVERY + subject.beside)
    return where.replace(EVERY, EVERY + STEPS) if subject.stepwise and STEPS not in where else where


def branches(subject: Subject, G: int, T: int) -> str:
    """The branches on data that were explored on both sides."""
    lines = sorted({line for trace in subject.paths(G, T) for _, _, line in trace.decisions})
    return f"; both sides of the branches at {', '.join(lines)}" if lines else ""


# -- refuting --------------------------------------------------------------------------------------------------------


def first_violation(p: Property, subject: Subject, case: Case) -> tuple[Claim, ConcreteWorld] | None:
    """The claim that the case breaks, if it is one that the property speaks of."""
    assert p.claims is not None
    world = ConcreteWorld(subject, case)
    try:
        with np.errstate(all="ignore"):
            claims = p.claims(world)
    except NotApplicable:
        raise
    except Exception:  # the function refuses this input: it says nothing about the property
        return None
    if world.outside:
        return None
    return next(((c, world) for c in claims if violated(c, world.scale)), None)


def refute(p: Property, subject: Subject, cases: Any) -> Case | None:
    """The first case that breaks a claim, made simpler while it still does."""
    for case in fitting(subject, chain.from_iterable(map(noised, cases)) if subject.stepwise else cases):
        if first_violation(p, subject, case) is None:
            continue
        shrinking = True
        while shrinking:
            shrinking = False
            for neighbour in simpler(case):
                if first_violation(p, subject, neighbour) is not None:
                    case, shrinking = neighbour, True
                    break
        return case
    return None


def refuted(p: Property, subject: Subject, case: Case) -> Finding:
    again = [first_violation(p, subject, case) for _ in range(AGAIN)]
    found = again[0]
    if found is None or len({repr(f and (f[0].says, float(f[0].left), float(f[0].right))) for f in again}) > 1:
        why = "called again on the same input, the function gives another value: it draws random numbers, or keeps state"
        return Finding(p.id, "unknown", p.statement, reason=why)
    claim, world = found
    witness: dict[str, Any] = {
        "property": p.id, "target": subject.name, "claim": claim.says, "relation": claim.relation,
        "left": float(claim.left), "right": float(claim.right), "scalars": world.scalars, "case": world.case,
        "group": claim.about.group(),
    }  # fmt: skip
    if claim.about.masked is not None:
        witness["group"]["masked"] = ["".join(str(int(m)) for m in row) for row in claim.about.masked]
    shape = f"G = {world.G}, T = {world.T}"
    return Finding(p.id, "refuted", p.statement, shape, "re-executed in float64 PyTorch", witness=witness)
