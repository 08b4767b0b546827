"""Random float64 trials of what was proved: the claims of a property on drawn cases, through the original function."""

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lossproof.decide import Finding, first_violation
from lossproof.properties import Property, clip, kl
from lossproof.subject import Subject
from lossproof.witness import drawn


def claims_of(p: Property, subject: Subject, finding: Finding) -> Any:
    """The claims behind a proved property, None where it has no random trial (a "there is", an enumeration)."""
    low, high = clip.bounds(subject)
    if p.id == "clipped-silent":
        epsilons = [Fraction(part.split(" = ")[1]) for part in (finding.formula or "").split(", ")]
        return clip.within(1 - epsilons[0], 1 + epsilons[1])
    if p.id == "clip-pessimistic":
        return lambda w: clip.beyond(w, low, high, False)
    if p.id == "ratio-weighted":
        return clip.weighted(low, high)
    if p.id == "kl-pulls-to-reference":
        return kl.pulls
    return p.claims


def broken(p: Property, subject: Subject, finding: Finding, G: int, T: int, trials: int, seed: int = 0) -> tuple[int, Any]:
    """How many trials were run, and the first case that breaks the claims."""
    claims = claims_of(p, subject, finding)
    if claims is None:
        return 0, None
    plain, rng = replace(p, decide=None, claims=claims), random.Random(seed)
    for n in range(trials):
        case = drawn(G, T, rng)
        if first_violation(plain, subject, case) is not None:
            return n + 1, case
    return trials, None
