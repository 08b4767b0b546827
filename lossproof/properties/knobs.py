"""knobs-live: does every option of the loss do something? An option that is parsed and never used is a silent bug."""

import functools
import inspect
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from ..batch import KNOWN
from ..compare import other
from ..decide import Finding, prove, scope
from ..subject import Subject
from ..witness import Case, corners, make, noised
from ..world import Claim, ConcreteWorld
from . import Property


def knobs(subject: Subject) -> dict[str, Any]:
    """Parameter -> default, of the options that are numbers or truth values."""
    parameters = inspect.signature(subject.objective).parameters.values()
    options = {p.name: p.default for p in parameters if p.name not in subject.inputs and p.name not in KNOWN}
    return {n: v for n, v in options.items() if isinstance(v, (bool, int, float))}


def values(default: Any) -> list[Any]:
    """What a knob is set to, besides its default."""
    if isinstance(default, bool):
        return [not default]
    swept = [default * 2, default * 10, default / 2 if isinstance(default, float) else default + 1, type(default)(0)]
    return [v for v in dict.fromkeys([*swept, type(default)(1)]) if v != default]


def turned(subject: Subject, knob: str, value: Any) -> Subject:
    """The same loss with one knob at another value."""
    loss = functools.partial(subject.objective, **{knob: value})
    return replace(subject, objective=loss, traces={}, refused={}, accepted={})


def tells(subject: Subject, variant: Subject, case: Case) -> bool:
    """Whether loss or gradient differ on an input; an exception is a difference, too."""
    a, b = ConcreteWorld(subject, case), ConcreteWorld(variant, case)
    x = a.free_reference(a.inputs())
    try:
        before = a.loss(x), a.gradient(x)
    except Exception:
        return False
    try:
        after = b.loss(x), b.gradient(x)
    except Exception:
        return True
    return not all(np.allclose(u, v, rtol=1e-9, atol=1e-12, equal_nan=True) for u, v in zip(before, after, strict=True))


def same(variant: Subject) -> Any:
    def claims(w: Any) -> list[Claim]:
        x = w.free_reference(w.inputs())
        w.not_all_equal(x.rewards)
        twin = other(w, variant)
        return [w.equal(twin.loss(x), w.loss(x), "the loss is"), *w.same_gradient(twin.gradient(x), w.gradient(x), "the weight")]

    return claims


def inputs(G: int, T: int) -> list[Case]:
    """Corner cases; ratios far beyond any clip, in both directions; and such as cancel within a completion."""
    mixed = [[0.3, 4.0][:T], [4.0, 0.3][:T], [0.3, 4.0][:T]][:G]
    far = [
        make([2, 0.5, 0][:G], [T, 1, T][:G], T, s, ref, spread=0.3) for s in (1e-3, 0.3, 4.0, 1e3, mixed) for ref in (1.0, 0.4)
    ]
    return [*corners(G, T), *far]


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    found = knobs(subject)
    if not found:
        return Finding(p.id, "not-applicable", p.statement, reason="the objective has no number or truth value with a default")
    cases, undecided = inputs(min(G, 3), min(T, 2)), list[str]()
    cases = [*chain.from_iterable(map(noised, cases))] if subject.stepwise else cases
    for knob, default in found.items():
        variants = {v: turned(subject, knob, v) for v in values(default)}
        if any(tells(subject, variant, case) for variant in variants.values() for case in cases):
            continue
        opposites = [replace(p, decide=None, claims=same(variant)) for variant in variants.values()]
        proofs = [prove(opposite, subject, min(G, 3), min(T, 2)) for opposite in opposites]
        if all(proof.proved for proof in proofs):
            swept = ", ".join(map(str, variants))
            claim = f"{knob} = {swept} gives for every input the loss and the gradient that {knob} = {default} gives"
            witness = {"property": p.id, "claim": claim, "case": cases[0]}
            return Finding(p.id, "refuted", p.statement, scope(min(G, 3), min(T, 2)), proofs[0].method, witness=witness)
        undecided.append(f"no input found on which {knob} matters; {next(q.reason for q in proofs if not q.proved)}")
    if undecided:
        return Finding(p.id, "unknown", p.statement, reason="; ".join(undecided))
    how = f"an input for each of {', '.join(found)} on which loss or gradient change, in float64"
    return Finding(p.id, "proved", p.statement, f"G <= {min(G, 3)}", how)


PROPERTY = Property(
    "knobs-live",
    "for every option (a parameter with a number or truth value as default) there is a value and an input that change loss or g, "
    "the other options being at their defaults",
    decide=judged,
    exists=True,
    harm=11,
    on_request=True,
)
