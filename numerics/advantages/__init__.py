"""Advantage estimators: one module each, named like its function. Takes rewards (G,), or reward_components (G, K), and what else
it wants: group (G,) ids, mask, squared_norms (docs/inputs.md).

A new file that defines a function of its own name is a new estimator. May import torch, not lossproof.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable

from torch import Tensor

Estimator = Callable[..., Tensor]


def names() -> list[str]:
    """The estimators in this folder, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if _find(m.name) is not None)


def load(name: str) -> Estimator:
    """The estimator of that name; LookupError, with the names there are, for any other."""
    function = _find(name) if any(m.name == name for m in pkgutil.iter_modules(__path__)) else None
    if function is None:
        raise LookupError(f"no advantage estimator {name!r}; there are: {', '.join(names())}")
    return function


def _find(name: str) -> Estimator | None:
    function = getattr(importlib.import_module(f"{__name__}.{name}"), name, None)
    return function if inspect.isfunction(function) else None
