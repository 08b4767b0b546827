"""Where a proposition stands: its source (a module or package of `theory`), and the section it belongs to."""

import sys
from dataclasses import dataclass

from theory.proposition import Proposition


@dataclass(frozen=True, order=True)
class Place:
    """Sorts in paper order: by package, then by the section's rank in the package's SECTIONS."""

    package: str
    rank: int
    title: str
    heading: str


def place(p: Proposition) -> Place:
    """The place of a proposition: a module with a TITLE is a source of its own, else its package is the source.

    A module that SECTIONS does not name comes last, under its own name.
    """
    if title := getattr(sys.modules.get(p.module), "TITLE", ""):
        return Place(p.module, 0, title, "Its claims")
    package, _, module = p.module.rpartition(".")
    home = sys.modules.get(package)
    sections: dict[str, str] = getattr(home, "SECTIONS", {})
    rank = list(sections).index(module) if module in sections else len(sections)
    return Place(package, rank, getattr(home, "TITLE", package), sections.get(module, module))
