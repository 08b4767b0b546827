"""Audits one target: every property decided in a process of its own, with a limit on time and memory.

What a process has decided is kept: a solver that hangs, crashes or eats memory costs one `unknown`.
"""

import gc
import multiprocessing as mp
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import torch

from .advantage import everything as of_estimators
from .advantage.subject import Estimator
from .batch import asks
from .decide import Finding, decide
from .properties import Property, everything
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
    fed: str = ""  # the estimator of the advantages, where one was named
    inert: list[Any] | None = None  # of a framework's target: its knobs that do nothing (frameworks.knobs.Inert)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": 1, "kind": self.kind, "target": self.target, "shapes": {"group": self.group, "length": self.length},
            "row": self.row, "matches": self.matches, "properties": [f.as_json() for f in self.findings],
        } | ({} if self.inert is None else {"inert_knobs": [k.as_json() for k in self.inert]})  # fmt: skip


def audit(
    subject: Subject | Estimator, group: int = 4, length: int = 3, only: list[str] | None = None,
    progress: Callable[[Finding], None] = lambda f: None, jobs: int = 2, also: Sequence[str] = (),
) -> Report:  # fmt: skip
    """Decide the properties: `only` these ids, or those of an ordinary audit and `also` these. Raises BadTarget for others."""
    kind = "advantage" if isinstance(subject, Estimator) else "objective"
    if group < 2 or length < 1:
        raise BadTarget(f"a group needs at least 2 completions of at least 1 token, got --group {group} --length {length}")
    properties = of_estimators() if kind == "advantage" else everything()
    unknown = [i for i in [*(only or []), *also] if i not in properties]
    if unknown:
        raise BadTarget(f"there is no property {unknown[0]!r} of an {kind}; `lossproof list properties` lists them")
    usual = [i for i, p in properties.items() if not p.on_request or i in also or asks(subject, p.about)]
    chosen = [properties[i] for i in (only or usual)]
    threads = torch.get_num_threads()
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
    torch.set_num_threads(threads)
    return Report(subject.name, kind, group, length, [found[p.id] for p in chosen])


def decided(properties: list[Property], subject: Subject | Estimator, G: int, T: int, jobs: int) -> Iterator[Finding]:
    """Findings as they come, from forked processes; a property that rests on others of these waits for them."""
    context = mp.get_context("fork")
    todo, found = list(properties), dict[str, Finding]()
    running = dict[Connection, tuple[Property, Any, float]]()
    gc.freeze()  # what is here now is shared with the processes: no collection need look at it
    try:
        while todo or running:
            open_ = {p.id for p in todo} | {p.id for p, _, _ in running.values()}
            ready_to_run = [p for p in todo if not open_ & set(p.rests_on)] or (todo if not running else [])
            for p in ready_to_run[: jobs - len(running)]:
                todo.remove(p)
                known = {i: found[i] for i in p.rests_on if i in found}
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(theirs, p, subject, G, T, known), daemon=True)
                process.start()
                theirs.close()
                running[ours] = (p, process, time.monotonic() + SECONDS)
            ready = wait(list(running), timeout=0.2)
            for connection in list(running):
                p, process, deadline = running[connection]
                if connection in ready:
                    finding = _received(connection, p, process)
                elif time.monotonic() > deadline:
                    finding = Finding(p.id, "unknown", p.statement, reason=f"no answer within {SECONDS:.0f} s")
                else:
                    continue
                process.kill()  # whatever it still does, its answer is here
                process.join()
                del running[connection]
                found[p.id] = finding
                yield finding
    finally:
        gc.unfreeze()
        for _, process, _ in running.values():  # where the caller has had enough
            process.kill()


def _received(connection: Connection, p: Property, process: Any) -> Finding:
    try:
        return cast(Finding, connection.recv())
    except (EOFError, OSError):  # nothing, or half an answer
        process.join(1)
        code = process.exitcode
        how = f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with code {code}"
        return Finding(p.id, "unknown", p.statement, reason=f"its process {how}")


def _work(connection: Connection, p: Property, subject: Any, G: int, T: int, known: dict[str, Finding]) -> None:
    if p.rests_on:
        assert p.decide is not None
        p = replace(p, decide=partial(p.decide, known=known))
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
    try:
        connection.send(finding)
    except Exception as e:  # nothing was sent: a finding is pickled as a whole first
        connection.send(Finding(p.id, "unknown", p.statement, reason=f"its finding cannot be sent: {e}"))
    connection.close()
