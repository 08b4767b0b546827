"""What a pytest item of the plugin does with its proposition. Apart from the plugin, because it imports SymPy."""

from dataclasses import astuple, dataclass
from importlib import import_module
from pathlib import Path

import theory.proposition as registry
from theory.proposition import Proposition
from theory.verdict import Status, Verdict

from . import records
from .check import Result, examine, replay
from .places import place
from .report import markdown
from .report.json import Entry, entry


@dataclass(frozen=True)
class Examined:
    """A claim's entry, what sorts it in paper order, its recorded verdict, and whether the file says anything untrue of it."""

    entry: Entry
    order: list[str | int]
    recorded: Status | None
    stale: bool


def examined(id: str, module: str, path: Path, line: int, record: Path | None) -> Examined:
    """Examine one claim. A module that does not import makes it unknown. Raises Unreadable."""
    try:
        reason = _misloaded(module, path)
    except Exception as e:  # whatever a module raises, only its own claims fail
        reason = f"{module} could not be imported: {type(e).__name__}: {e}"
    p = registry.REGISTRY.get(id)
    if p is None or reason:
        p = Proposition(id, title=module, source=str(path.name), printed="", statement=None, module=module)
        result = Result(id, Verdict(Status.UNKNOWN, reason=reason or f"{module} was imported, but did not register it"))
    else:
        (result,) = replay([examine(p)])
    recorded = records.read(record)
    text = record.read_text(encoding="utf-8") if record and recorded.get(id) is result.verdict.status else ""
    told = f"#### `{id}`" in text  # a table alone records verdicts, too
    stale = told and any(part not in text for part in markdown.parts(p, result.verdict, recorded))
    return Examined(entry(p, result.verdict, result.seconds), [*astuple(place(p)), line], recorded.get(id), stale)


def _misloaded(module: str, path: Path) -> str:
    """Import the module; why what was imported is not this file, '' if it is."""
    loaded = Path(import_module(module).__file__ or "")
    return "" if loaded.samefile(path) else f"{module} was imported from {loaded}, not from this file"


def failure(e: Entry, recorded: Status | None, stale: bool = False) -> str:
    """Why the item fails, for a reader who has to act on it; '' if the claim is decided, and as recorded."""
    verdict = Status(e["verdict"])
    if verdict is not Status.UNKNOWN and recorded in (None, verdict):
        return f"what {records.NAME} says of {e['id']} is out of date: lossproof check --write {records.NAME}" if stale else ""
    lines = [f"{e['id']}: {e['title']}", f"place      {e['source']}"]
    lines += [f"printed    {e['printed']}"] if e["printed"] else []
    lines += [f"verdict    {verdict}" + (f"; recorded as {recorded}" if recorded not in (None, verdict) else "")]
    lines += [f"reason     {part}" for part in (e["reason"] or "").split("; ") if part]
    if e["witness"]:
        lines.append("witness    " + ", ".join(f"{k} = {v}" for k, v in e["witness"].items()))
    lines.append(f"again      lossproof check {e['id']}")
    return "\n".join(lines)
