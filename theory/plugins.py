"""What installed packages add, through entry points: `lossproof.propositions`, `lossproof.objectives`, `lossproof.properties`.

Only the names are read until something is asked for. Imports the standard library alone.
"""

from importlib.metadata import EntryPoint, entry_points


class BrokenPlugin(LookupError):
    """An entry point that cannot be loaded; the message names it and says why."""


def installed(group: str) -> dict[str, EntryPoint]:
    """The entry points of `lossproof.<group>` by name; of two of the same name, that of the first package on the path."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"lossproof.{group}"):
        found.setdefault(point.name, point)
    return found


def loaded(point: EntryPoint) -> object:
    """What an entry point names. Raises BrokenPlugin."""
    try:
        return point.load()
    except Exception as e:  # whatever a plug-in raises is its own fault, and is said so
        package = point.dist.name if point.dist else "an unknown package"
        why = f"{type(e).__name__}: {e}"
        raise BrokenPlugin(f"the plug-in {point.name} = {point.value} of {package} cannot be loaded: {why}") from e
