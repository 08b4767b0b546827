"""One run of `lossproof check`: what to check, print and write, and whether the recorded verdicts still hold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from theory.verdict import Status

from . import records
from .check import Result, load, run, select
from .report import markdown
from .report.json import Entry, entry
from .report.json import write as write_json


@dataclass
class Outcome:
    """The entries of what was checked; then, in sentences, what failed and what was misused."""

    entries: list[Entry] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    misuse: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 2 if self.misuse else 1 if self.failures else 0


def check(
    ids: Sequence[str],
    json: Path | None = None,
    write: Path | None = None,
    jobs: int = 1,
    progress: Callable[[str, int], None] = lambda id, total: None,
) -> Outcome:
    """Check the claims whose id starts with one of `ids`, all for none. Whatever is wrong, the rest is still done."""
    registry, broken = load()
    known = [id for id in ids if select([id], registry)]
    misuse = [_unknown(id, registry) for id in ids if id not in known]
    chosen = select(known, registry) if known or not ids else []
    path = records.locate()
    recorded, unreadable = _recorded(path)

    jobs = min(jobs, 1 + len(chosen) // 8)  # a process takes as long to start as a few claims take to check
    results = run(chosen, jobs, lambda id: progress(id, len(chosen)))
    entries = [entry(registry[r.id], r.verdict, r.seconds) for r in results]
    established = {r.id: r.verdict.status for r in results}
    out = Outcome(entries, [*broken], misuse + unreadable)
    out.failures += [f"{id} is undecided" for id, status in established.items() if status is Status.UNKNOWN]
    out.failures += records.changes(recorded, established)
    if not ids:
        out.failures += records.missing(recorded, registry)

    if write:
        out.misuse += _refusal(write, registry, established, broken) or _attempt(
            write, lambda: write.write_text(markdown.render(registry, results), encoding="utf-8")
        )
    elif not ids and path and not (unreadable or out.failures) and not _current(path, registry, results):
        out.failures.append(f"{path.name} is out of date; renew it: lossproof check --write {path.name}")
    if json:
        out.misuse += _attempt(json, lambda: write_json(json, entries))
    return out


def _recorded(path: Path | None) -> tuple[dict[str, Status], list[str]]:
    try:
        return records.read(path), []
    except records.Unreadable as e:
        return {}, [str(e)]


def _current(path: Path, registry: markdown.Registry, results: Sequence[Result]) -> bool:
    return path.read_text(encoding="utf-8") == markdown.render(registry, results)


def _unknown(id: str, known: Iterable[str]) -> str:
    near = get_close_matches(id, known, n=3, cutoff=0.5)
    return f"no claim's id starts with {id!r}; " + (f"near: {', '.join(near)}" if near else "see: lossproof list")


def _refusal(path: Path, registry: markdown.Registry, established: dict[str, Status], broken: list[str]) -> list[str]:
    """Why the file is not written: it would lose what it records of claims that were not checked in this run."""
    if broken:
        return [f"{path} is not written: a module could not be imported, and its claims would be lost"]
    lost = [id for id in _recorded(path if path.exists() else None)[0] if id in registry and id not in established]
    return [f"{path} is not written: it also records claims not checked now, e.g. {lost[0]}"] if lost else []


def _attempt(path: Path, action: Callable[[], object]) -> list[str]:
    try:
        action()
    except OSError as e:
        return [f"{path} cannot be written: {e.strerror or e}"]
    return []
