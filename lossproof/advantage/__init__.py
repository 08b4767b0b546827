"""The properties of an advantage estimator, and the subject they are decided on. A new property is a new file here."""

import importlib
import pkgutil

from ..properties import Property

ORDER = (
    "adv-centred adv-shift-invariant adv-scale-invariant adv-scale-linear adv-zero-on-equal adv-monotone "
    "adv-bounded adv-group-local adv-permutation-equivariant adv-singleton-zero adv-padding-invariant adv-finite"
).split()


def load() -> dict[str, Property]:
    """The properties of an ordinary audit of an estimator by id, in the contract's order."""
    return {i: p for i, p in everything().items() if not p.on_request}


def everything() -> dict[str, Property]:
    """All properties of estimators by id; those on request come last."""
    found = {}
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        p = getattr(importlib.import_module(module.name), "PROPERTY", None)
        for one in p if isinstance(p, (list, tuple)) else [p] if p else []:
            found[one.id] = one
    return {i: found[i] for i in [*(i for i in ORDER if i in found), *sorted(set(found) - set(ORDER))]}
