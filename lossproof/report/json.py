"""`check --json`, in the contract's format: one entry per proposition, of JSON data only."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def entry(p: Any, verdict: Any, seconds: float) -> Entry:
    """The contract's keys; then the printed formula, what decided it, what it rests on, its certificate's hash, ..."""
    from sympy import sstr

    from theory.certificates import digest

    return {
        "id": p.id,
        "title": p.title,
        "source": p.source,
        "verdict": str(verdict.status),
        "repair": p.repair,
        "assumptions": [f"{name}: {sstr(a)}" for name, a in p.assumptions.items()],
        "axioms": list(verdict.axioms),
        "evidence": [{k: v for k, v in asdict(e).items() if k != "ok"} for e in verdict.evidence],
        "witness": verdict.witness,
        "printed": p.printed,
        "by": verdict.by,
        "rests_on": list(verdict.rests_on),
        "certificate": digest(verdict.certificate) if verdict.certificate else None,
        "reason": verdict.reason or None,
        "seconds": seconds,
    }


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Write the file. Raises OSError."""
    path.write_text(json.dumps({"schema": 1, "propositions": entries}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
