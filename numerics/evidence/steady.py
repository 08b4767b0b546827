"""The same draws in every process: Hypothesis mixes in constants that it finds in the modules that happen to be loaded.

What a search finds is printed in `paper_checks.md`; so it may depend on the claim and the versions, and on nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from hypothesis.internal.conjecture import providers


@contextmanager
def steady() -> Iterator[None]:
    """Within, Hypothesis draws without constants of loaded modules. Versions that know no such constants need nothing."""
    if not hasattr(providers, "_get_local_constants"):
        yield
        return
    internal: Any = providers
    none = type(internal.GLOBAL_CONSTANTS)()
    cache = type(internal.CONSTANTS_CACHE)(1024)
    with patch.object(internal, "_get_local_constants", lambda: none), patch.object(internal, "CONSTANTS_CACHE", cache):
        yield
