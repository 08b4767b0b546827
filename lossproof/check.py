"""The engine: decide each proposition, gather its evidence, search for counterexamples, replay its certificate.

A verdict only ever gets weaker here: whatever contradicts or fails to back a decision makes the claim `unknown`.
"""

import gc
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from time import perf_counter

import theory
import theory.proposition as registry
from theory.decide import decide
from theory.proposition import Proposition
from theory.verdict import Evidence, Status, Verdict

from .places import place
from .stated import EVIDENCE, stated

START = "fork" if "fork" in get_all_start_methods() else "spawn"
Checks = dict[str, list[Callable[[], Evidence]]]


@dataclass(frozen=True)
class Result:
    """The verdict on one proposition, with all its evidence, and the time that it took."""

    id: str
    verdict: Verdict
    seconds: float = 0.0


def load() -> tuple[dict[str, Proposition], list[str]]:
    """All propositions in paper order, and one sentence for each module that could not be imported."""
    stated_here = sorted(registry.load().values(), key=place)
    broken = {**registry.BROKEN, **{module: why for module, (why, _) in numeric_checks()[1].items()}}
    return {p.id: p for p in stated_here}, [f"{module} could not be imported: {why}" for module, why in broken.items()]


def select(ids: Iterable[str], known: Iterable[str]) -> list[str]:
    """The known ids that start with one of `ids` (all of them where none is given), in the order of `known`."""
    wanted = tuple(ids)
    return [id for id in known if not wanted or id.startswith(wanted)]


def run(ids: Sequence[str], jobs: int = 1, progress: Callable[[str], None] = lambda id: None) -> list[Result]:
    """Examine the propositions in `jobs` processes, calling progress(id) for each; replay all certificates."""
    results: dict[str, Result] = {}
    if jobs == 1:
        for id in ids:
            results[id] = _examine(id)
            progress(id)
    else:
        parts = together(ids)
        gc.freeze()  # what is here now is shared with the processes: no collection need look at it
        try:
            with ProcessPoolExecutor(jobs, mp_context=get_context(START)) as pool:
                waiting = {pool.submit(_examine_all, part): part for part in parts}
                for done in as_completed(waiting):
                    # a process that dies (killed for memory, say) costs its claims, not the run
                    lost = done.exception()
                    for result in [Result(id, _lost(lost)) for id in waiting[done]] if lost else done.result():
                        results[result.id] = result
                        progress(result.id)
        finally:
            gc.unfreeze()
    return replay([results[id] for id in ids], jobs)


def together(ids: Iterable[str]) -> list[list[str]]:
    """The claims in parts that share no numeric check, so that each check runs in one process; the largest part first."""
    parts: list[tuple[set[Callable[[], Evidence]], list[str]]] = []
    for id in ids:
        checks, members = set(numeric_checks()[0].get(id, ())), [id]
        for part in [p for p in parts if p[0] & checks]:
            parts.remove(part)
            checks, members = checks | part[0], part[1] + members
        parts.append((checks, members))
    return sorted((members for _, members in parts), key=len, reverse=True)


def _examine_all(ids: Sequence[str]) -> list[Result]:
    return [_examine(id) for id in ids]


def _examine(id: str) -> Result:
    if id not in registry.REGISTRY:  # a fresh process, or a module that states it in one process only
        load()
    return examine(registry.REGISTRY[id])


def examine(p: Proposition) -> Result:
    """Decide one proposition and confront it with its numeric checks and a search. Never raises."""
    start = perf_counter()
    try:
        verdict = decide(p)
        took = perf_counter() - start
        verdict = replace(verdict, evidence=tuple(replace(e, seconds=e.seconds or took) for e in verdict.evidence))
        if verdict.status is not Status.NOT_APPLICABLE:
            verdict = confront(p, verdict)
    except Exception as e:  # a bug in one claim's decision or evidence must not hide the verdicts on the others
        verdict = _lost(e)
    return Result(p.id, verdict, perf_counter() - start)


def confront(p: Proposition, verdict: Verdict) -> Verdict:
    """The verdict with numeric and search evidence; unknown where any of it disagrees or could not be gathered."""
    checks, broken = numeric_checks()
    found = [_numeric(check) for check in checks.get(p.id, ())]
    found += [
        Evidence("numeric", f"{module} could not be imported: {why}", ok=False)
        for module, (why, ids) in broken.items()
        if ids is None or p.id in ids
    ]
    found.append(_search(p, verdict))
    verdict = replace(verdict, evidence=(*verdict.evidence, *found))
    against = [f"its {e.kind} evidence failed: {e.detail}" for e in found if not e.ok]
    if not against and p.proof is None and p.witness is None:
        return replace(verdict, status=Status.TESTED, by="evidence", reason="")
    return doubted(verdict, *against, *_unbacked(verdict))


def _unbacked(verdict: Verdict) -> list[str]:
    """What a verdict must carry and does not. A decision procedure that lies is caught here."""
    if verdict.status is Status.PROVED and verdict.certificate is None and verdict.witness is None:
        return ["it was called proved without a certificate or an example"]
    if verdict.status is Status.REFUTED and verdict.witness is None:
        return ["it was called refuted without a witness"]
    return []


def doubted(verdict: Verdict, *reasons: str) -> Verdict:
    """The verdict made unknown for these reasons; the verdict itself where there are none."""
    if not reasons:
        return verdict
    told = [verdict.reason] if verdict.reason else []
    return replace(verdict, status=Status.UNKNOWN, by="", certificate=None, reason="; ".join([*told, *reasons]))


def _lost(e: BaseException | None) -> Verdict:
    return Verdict(Status.UNKNOWN, reason=f"{type(e).__name__}: {e}")


@cache
def numeric_checks() -> tuple[Checks, dict[str, tuple[str, frozenset[str] | None]]]:
    """The numeric checks by id, and each module of checks that failed to import: why, and the ids it speaks to.

    The ids are None where its source cannot even be read: then it may speak to any claim.
    """
    import numerics.evidence as home

    broken: dict[str, tuple[str, frozenset[str] | None]] = {}
    for module in pkgutil.walk_packages(home.__path__, home.__name__ + "."):
        try:
            import_module(module.name)
        except Exception as e:
            inner = module.name.removeprefix(home.__name__ + ".").split(".")
            path = Path(home.__path__[0]).joinpath(*inner).with_suffix(".py")
            try:
                ids: frozenset[str] | None = frozenset(stated(path, EVIDENCE))
            except (SyntaxError, ValueError, OSError):
                ids = None
            broken[module.name] = f"{type(e).__name__}: {e}", ids
    # by module: in which order they were imported depends on what else this process runs
    return {id: sorted(checks, key=lambda check: check.__module__) for id, checks in home.EVIDENCE.items()}, broken


@cache  # one check may speak to several claims
def _numeric(check: Callable[[], Evidence]) -> Evidence:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tensors are tiny: threads that wait for each other cost ten times the work
    try:
        return _timed("numeric", check)
    finally:
        torch.set_num_threads(threads)


def _search(p: Proposition, verdict: Verdict) -> Evidence:
    def searched() -> Evidence:
        from numerics.evidence.search import search

        return search(p, verdict)

    return _timed("search", searched)


def _timed(kind: str, gather: Callable[[], Evidence]) -> Evidence:
    start = perf_counter()
    try:
        evidence = gather()
    except Exception as e:  # evidence that could not be gathered backs nothing
        evidence = Evidence(kind, f"{type(e).__name__}: {e}", ok=False)
    return replace(evidence, seconds=perf_counter() - start)


def replay(results: Sequence[Result], jobs: int = 1) -> list[Result]:
    """Replay all certificates in fresh processes that import only the kernel; a claim one refuses is unknown."""
    certified = [r for r in results if r.verdict.certificate is not None]
    with ThreadPoolExecutor(jobs) as pool:
        parts = list(pool.map(_refused, [part for n in range(jobs) if (part := certified[n::jobs])]))
    refused = {id: why for part in parts for id, why in part.items()}
    return [replace(r, verdict=doubted(r.verdict, refused[r.id])) if r.id in refused else r for r in results]


def _refused(certified: Sequence[Result]) -> dict[str, str]:
    """Why each certificate fails that a fresh process does not accept."""
    refused: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = {r.id: Path(folder, f"{n}.json") for n, r in enumerate(certified)}
        for r in certified:
            paths[r.id].write_text(json.dumps({r.id: r.verdict.certificate}), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "theory.kernel.recheck", *map(str, paths.values())]
        env = {**os.environ, "PYTHONPATH": str(Path(theory.__path__[0]).parent)}  # this kernel, no other one
        done = subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
        said = done.stdout.splitlines()
        for id, path in paths.items():
            why = [line.partition(f"{path}: ")[2] for line in said if line.startswith(f"FAILED {path}: ")]
            if why or not any(line.startswith(f"ok {id}: ") for line in said):
                told = why or done.stderr.splitlines() or ["no answer"]
                refused[id] = f"the certificate was refused on replay: {told[-1]}"
    return refused
