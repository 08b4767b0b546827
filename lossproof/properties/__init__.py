"""The properties of an objective, a module each. A new property is a new file here that defines `PROPERTY`.

An installed package adds its own through an entry point `lossproof.properties`; it cannot replace one that is here.
"""

import importlib
import pkgutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from theory.plugins import BrokenPlugin, installed, loaded

from ..world import Claim


@dataclass(frozen=True)
class Property:
    """One statement about an objective.

    id, statement: as in the contract. claims: yields what must hold, in a symbolic or a concrete world. needs: canonical
    inputs without which it is not applicable. exists: a "there is" statement. decide: replaces the generic decision where
    a property needs its own (an exact enumeration, real optimiser steps). harm: order among findings, worst first.
    rests_on: ids whose findings, where there are any, its `decide` is given as `known`.
    on_request: decided where it is named (`--only`, `--require`), or where one of the inputs in `about` is asked for.
    """

    id: str
    statement: str
    claims: Callable[[Any], list[Claim]] | None = None
    needs: tuple[str, ...] = ()
    exists: bool = False
    decide: Callable[..., Any] | None = None
    harm: int = 50
    rests_on: tuple[str, ...] = ()
    on_request: bool = False
    about: tuple[str, ...] = ()


def load() -> dict[str, Property]:
    """The properties of an ordinary audit by id, in the contract's order where it has one."""
    return {i: p for i, p in everything().items() if not p.on_request}


def everything() -> dict[str, Property]:
    """All properties by id: those of an ordinary audit, those of installed plug-ins, then those on request."""
    found: dict[str, Property] = {}
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        _add(found, getattr(importlib.import_module(module.name), "PROPERTY", None), module.name)
    for point in installed("properties").values():
        try:
            _add(found, loaded(point), point.value)
        except (BrokenPlugin, ValueError) as e:
            warnings.warn(str(e), stacklevel=2)
    known = [i for i in ORDER if i in found]
    return {i: found[i] for i in [*known, *sorted(set(found) - set(known), key=lambda i: (found[i].on_request, i))]}


def _add(found: dict[str, Property], stated: Any, where: str) -> None:
    """What a module or a plug-in states: a property, several, or none. Raises ValueError for an id that is taken."""
    for p in stated if isinstance(stated, (list, tuple)) else [stated] if stated else []:
        if p.id in found:
            raise ValueError(f"the property {p.id!r} of {where} is left out: there is one of that id")
        found[p.id] = p


ORDER = (
    "prefix-neutral prefix-neutral-off-policy length-neutral reward-aligned reward-shift-invariant reward-scale-invariant "
    "reward-scale-linear adamw-scale-invariant equal-rewards-silent difficulty-neutral uses-old-logp ratio-weighted "
    "clipped-silent clip-pessimistic sample-local permutation-equivariant padding-invariant padding-poison-safe "
    "duplication-invariant microbatch-invariant masked-completion-neutral on-policy-unbiased value-blind "
    "kl-pulls-to-reference kl-gradient-exact finite trust-region-kept"
).split()
