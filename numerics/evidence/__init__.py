"""Numeric checks of propositions, each registered for the ids it speaks to, and the search for counterexamples.

A check is a function without arguments that returns an `Evidence` and is decorated with `@evidence("fontana2026.eq14")`.
May import theory, numerics, torch and Hypothesis; never lossproof.
"""

import importlib
import pkgutil
from collections.abc import Callable

from theory.verdict import Evidence

EVIDENCE: dict[str, list[Callable[[], Evidence]]] = {}


def evidence(*ids: str) -> Callable[[Callable[[], Evidence]], Callable[[], Evidence]]:
    """Register a numeric check for the propositions it speaks to."""

    def register(check: Callable[[], Evidence]) -> Callable[[], Evidence]:
        for id in ids:
            EVIDENCE.setdefault(id, []).append(check)
        return check

    return register


def load() -> dict[str, list[Callable[[], Evidence]]]:
    """Import every module of this package and of those below it, so that its checks are registered."""
    for module in pkgutil.walk_packages(__path__, __name__ + "."):
        importlib.import_module(module.name)
    return EVIDENCE
