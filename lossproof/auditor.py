"""Audits one target: every property decided in a process of its own, with a limit on time and memory.

What a process has decided is kept: a solver that hangs, crashes or eats memory costs one `unknown`.
"""

import multiprocessing as mp
import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from .advantage import load as of_estimators
from .advantage.subject import Estimator
from .decide import Finding, decide
from .properties import Property, load
from .subject import BadTarget, Subject

SECONDS = 60.0  # per property
MEMORY = 6 * 2**30  # bytes of address space beyond what the parent uses


@dataclass
class Report:
    """The outcome of an audit, as in the contract's JSON."""

    target: str
    kind: str
    group: int
    length: int
    findings: list[Finding] = field(default_factory=list)
    row: dict[str, str] | None = None
    fitted: bool = False  # whether a row was looked for
    matches: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": 1, "kind": self.kind, "target": self.target, "shapes": {"group": self.group, "length": self.length},
            "row": self.row, "matches": self.matches, "properties": [f.as_json() for f in self.findings],
        }  # fmt: skip


def audit(
    subject: Subject | Estimator, group: int = 4, length: int = 3, only: list[str] | None = None,
    progress: Callable[[Finding], None] = lambda f: None, jobs: int = 2,
) -> Report:  # fmt: skip
    """Decide the properties (all, or `only` these ids). Raises BadTarget for shapes or ids that do not exist."""
    kind = "advantage" if isinstance(subject, Estimator) else "objective"
    if group < 2 or length < 1:
        raise BadTarget(f"a group needs at least 2 completions of at least 1 token, got --group {group} --length {length}")
    properties = of_estimators() if kind == "advantage" else load()
    unknown = [i for i in only or [] if i not in properties]
    if unknown:
        raise BadTarget(f"there is no property {unknown[0]!r} of an {kind}; `lossproof list properties` lists them")
    chosen = [properties[i] for i in (only or properties)]
    torch.set_num_threads(1)
    for direct in (False, True):
        if not direct or subject.takes("advantages"):
            try:
                directly: list[Any] = [direct] if direct else []
                subject.paths(group, length, *directly)  # recorded once, inherited by every process
            except Exception:  # each decision says for itself what could not be recorded
                break
    found: dict[str, Finding] = {}
    for finding in decided(chosen, subject, group, length, jobs):
        found[finding.id] = finding
        progress(finding)
    return Report(subject.name, kind, group, length, [found[p.id] for p in chosen])


def decided(properties: list[Property], subject: Subject | Estimator, G: int, T: int, jobs: int) -> Iterator[Finding]:
    """Findings as they come, from forked processes."""
    context = mp.get_context("fork")
    todo, running = list(reversed(properties)), dict[Connection, tuple[Property, Any, float]]()
    while todo or running:
        while todo and len(running) < jobs:
            p = todo.pop()
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(theirs, p, subject, G, T), daemon=True)
            process.start()
            theirs.close()
            running[ours] = (p, process, time.monotonic() + SECONDS)
        ready = wait(list(running), timeout=0.2)
        for connection in list(running):
            p, process, deadline = running[connection]
            if connection in ready:
                try:
                    finding = connection.recv()
                except EOFError:
                    process.join()
                    finding = Finding(p.id, "unknown", p.statement, reason=f"its process ended with code {process.exitcode}")
            elif time.monotonic() > deadline:
                process.kill()
                finding = Finding(p.id, "unknown", p.statement, reason=f"no answer within {SECONDS:.0f} s")
            else:
                continue
            process.join()
            del running[connection]
            yield finding


def _work(connection: Connection, p: Property, subject: Any, G: int, T: int) -> None:
    try:
        used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    except OSError:
        pass
    try:
        finding = decide(p, subject, G, T)
    except MemoryError:
        finding = Finding(p.id, "unknown", p.statement, reason="out of memory")
    except Exception as e:
        finding = Finding(p.id, "unknown", p.statement, reason=f"{type(e).__name__}: {e}")
    connection.send(finding)
    connection.close()
