"""The recorded verdicts: what `paper_checks.md` says of each claim, and where it differs from what was established."""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from theory.verdict import Status

from .stated import ID

NAME = "paper_checks.md"
ROW = re.compile(rf"^\| `({ID.pattern})` \| .* \| (?P<verdict>[^|]*) \| [^|]* \| [^|]* \|$")


class Unreadable(Exception):
    """The file of recorded verdicts cannot be read; the message says why."""


def locate() -> Path | None:
    """`paper_checks.md` in the current folder, else beside the `theory` package, else None."""
    spec = find_spec("theory")
    homes = [Path.cwd(), *(Path(p).parent for p in (spec and spec.submodule_search_locations) or ())]
    return next((home / NAME for home in homes if (home / NAME).exists()), None)


def read(path: Path | None) -> dict[str, Status]:
    """The verdicts in the tables of the file, by id; none without a file. Raises Unreadable."""
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise Unreadable(f"{path.name} cannot be read: {e}") from e
    recorded = {}
    for number, line in enumerate(lines, 1):
        if row := ROW.match(line):
            try:
                recorded[row[1]] = Status(row["verdict"])
            except ValueError:
                known = ", ".join(Status)
                raise Unreadable(f"{path.name}, line {number}: {row['verdict']!r} is none of {known}") from None
    return recorded


def changes(recorded: Mapping[str, Status], established: Mapping[str, Status]) -> list[str]:
    """One sentence for each checked claim whose verdict is not the recorded one."""
    pairs = [(id, recorded[id], now) for id, now in established.items() if id in recorded]
    return [f"{id} is recorded as {old}, but is now {now}" for id, old, now in pairs if old is not now]


def missing(recorded: Mapping[str, Status], registered: Mapping[str, object]) -> list[str]:
    """One sentence for each recorded claim that nothing states any more."""
    return [f"{id} is recorded as {old}, but no module states it" for id, old in recorded.items() if id not in registered]
