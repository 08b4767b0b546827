"""The properties of the contract, a module each. A new property is a new file here that defines `PROPERTY`."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..world import Claim


@dataclass(frozen=True)
class Property:
    """One statement about an objective.

    id, statement: as in the contract. claims: yields what must hold, in a symbolic or a concrete world. needs: canonical
    inputs without which it is not applicable. exists: a "there is" statement. decide: replaces the generic decision where
    a property needs its own (an exact enumeration, real optimiser steps). harm: order among findings, worst first.
    """

    id: str
    statement: str
    claims: Callable[[Any], list[Claim]] | None = None
    needs: tuple[str, ...] = ()
    exists: bool = False
    decide: Callable[..., Any] | None = None
    harm: int = 50


def load() -> dict[str, Property]:
    """All properties by id, in the contract's order where it has one."""
    found = {}
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        p = getattr(importlib.import_module(module.name), "PROPERTY", None)
        for one in p if isinstance(p, (list, tuple)) else [p] if p else []:
            found[one.id] = one
    known = [i for i in ORDER if i in found]
    return {i: found[i] for i in [*known, *sorted(set(found) - set(known))]}


ORDER = (
    "prefix-neutral prefix-neutral-off-policy length-neutral reward-aligned reward-shift-invariant reward-scale-invariant "
    "reward-scale-linear adamw-scale-invariant equal-rewards-silent difficulty-neutral uses-old-logp ratio-weighted "
    "clipped-silent clip-pessimistic sample-local permutation-equivariant padding-invariant padding-poison-safe "
    "duplication-invariant microbatch-invariant masked-completion-neutral on-policy-unbiased value-blind "
    "kl-pulls-to-reference kl-gradient-exact finite trust-region-kept"
).split()
