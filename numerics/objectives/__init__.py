"""The objectives: one module per loss, named like its function, in the calling convention of the auditor.

A new file that defines a function of its own name is a new objective: nothing else has to be edited. So is an entry point
`lossproof.objectives` of an installed package; it cannot replace one that is here.
`TABLE1`: the rows of Table 1 of arXiv 2601.05002 in closed form. May import torch and theory, not lossproof.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import cast

from numerics.objectives.common import Objective, call
from numerics.objectives.table1 import TABLE1, Row
from theory.plugins import installed, loaded

__all__ = ["TABLE1", "Objective", "Row", "call", "load", "names"]


def names() -> list[str]:
    """The objectives in this folder and of installed plug-ins, sorted."""
    return sorted({*(m.name for m in pkgutil.iter_modules(__path__) if _find(m.name) is not None), *installed("objectives")})


def load(name: str) -> Objective:
    """The objective of that name; LookupError, with the names there are, for any other, or one that does not load."""
    known = any(m.name == name for m in pkgutil.iter_modules(__path__))
    function = _find(name) if known else None
    if function is None and name in (plugins := installed("objectives")):
        return cast(Objective, loaded(plugins[name]))
    if function is None:
        raise LookupError(f"no objective {name!r}; there are: {', '.join(names())}")
    return function


def _find(name: str) -> Objective | None:
    """The function `name` that the module `name` defines, if it does."""
    function = getattr(importlib.import_module(f"{__name__}.{name}"), name, None)
    return function if inspect.isfunction(function) else None
