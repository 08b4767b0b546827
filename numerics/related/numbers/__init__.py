"""Every number that the notes on the related papers quote as checked, computed again by code of our own: `docs/numbers.md`.

A module per source lists `ROWS`; `python -m numerics.related.numbers` writes the document. May import what evidence may.
"""

import importlib
import pkgutil

from .row import Row


def load() -> list[Row]:
    """The rows of all modules, by source."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(__path__, __name__ + ".") if not module.name.endswith("__main__")
    )
    return [row for name in names for row in getattr(importlib.import_module(name), "ROWS", [])]
