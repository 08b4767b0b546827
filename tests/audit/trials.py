"""Random float64 trials of what was proved: the claims of a property on drawn cases, through the original function."""

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from batched import BatchedWorld

from lossproof.advantage.subject import Estimator
from lossproof.decide import Finding, first_violation
from lossproof.properties import Property, adamw_scale, clip, kl, unbiased
from lossproof.subject import Subject
from lossproof.witness import Case, drawn, noised


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


def broken(p: Property, subject: Any, finding: Finding, G: int, T: int, number: int, seed: int = 0) -> tuple[int, Any]:
    """How many drawn cases were run, and the first that breaks what was found of the property, None if none does.

    All at once where `torch.func.vmap` can run the function; a case that breaks a claim there has to break it in plain PyTorch.
    Runs of an optimiser and expectations over groups are repeated `number // 100` times.
    """
    rng = random.Random(seed)
    if p.id in REPEATED:
        case = REPEATED[p.id](p, subject, finding, G, T, number // 100, rng)
        return number // 100, case
    claims = p.claims if isinstance(subject, Estimator) else claims_of(p, subject, finding)
    if claims is None:
        return 0, None
    plain, cases = replace(p, decide=None, claims=claims), [drawn(G, T, rng) for _ in range(number)]
    if getattr(subject, "stepwise", False):
        cases = [rng.choice([*noised(case)]) for case in cases]
    suspects = cases
    if isinstance(subject, Subject):
        try:
            suspects = suspected(subject, claims, cases)
        except RuntimeError:  # vmap cannot run it: a branch on data, an .item()
            suspects = cases = cases[: max(1, number // 10)]
    return len(cases), next((case for case in suspects if first_violation(plain, subject, case) is not None), None)


def suspected(subject: Subject, claims: Any, cases: list[Case]) -> list[Case]:
    world = BatchedWorld(subject, cases)
    with np.errstate(all="ignore"):
        bad = world.broken(claims(world))
    return [case for case, one in zip(cases, bad, strict=True) if one]


def same_parameters(p: Property, subject: Subject, finding: Finding, G: int, T: int, number: int, rng: random.Random) -> Any:
    cases = (drawn(G, T, rng) for _ in range(number))
    ordinary = [c for c in cases if np.ptp(c["rewards"]) > 1e-2]  # AdamW with eps = 0 makes any rounding as large as the rate
    return adamw_scale.differing(p, subject, ordinary)


def same_factor(p: Property, subject: Subject, finding: Finding, G: int, T: int, number: int, rng: random.Random) -> Any:
    kappa = float(Fraction((finding.formula or "").removeprefix("factor ")))
    for _ in range(number):
        rewards, policy = tuple(rng.gauss(0, 2) for _ in range(3)), (rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.95))
        expected, exact = unbiased.numbers(subject, min(G, 3), rewards, *policy)
        if not np.allclose(expected, kappa * np.array(exact), rtol=1e-7, atol=1e-9):
            return {"rewards": rewards, "policy": policy}
    return None


REPEATED: dict[str, Any] = {"adamw-scale-invariant": same_parameters, "on-policy-unbiased": same_factor}
