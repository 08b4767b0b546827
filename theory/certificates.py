"""Certificates: a theorem's derivation as plain JSON data, which `theory.kernel.recheck` replays.

Untrusted: whatever is written here is only believed once the kernel has re-run it.
"""

import hashlib
import json
from fractions import Fraction
from typing import Any

from .kernel import Refused, Term, Theorem


def certificate(theorem: Theorem) -> dict[str, Any]:
    """A table of terms, and the steps in order; a step names its premises and terms by their number."""
    terms: dict[Term, int] = {}
    table: list[Any] = []
    steps: list[Any] = []
    done: dict[int, int] = {}
    told: dict[str, int] = {}

    def code(x: Any) -> Any:
        if isinstance(x, Theorem):
            return {"th": visit(x)}
        if isinstance(x, Term):
            return {"t": term_id(x)}
        if isinstance(x, (list, tuple)):
            return [code(y) for y in x]
        if x is None or type(x) in (int, str, bool):
            return x
        if isinstance(x, Fraction):
            return {"q": str(x)}
        raise Refused("certificate", "exact parameters", x)

    def term_id(t: Term) -> int:
        if t not in terms:
            row = [t.op, *(code(a) for a in t.args)]
            terms[t] = len(table)
            table.append(row)
        return terms[t]

    def visit(th: Theorem) -> int:
        if id(th) not in done:
            params = code(th.params)
            hyps = sorted(term_id(h) for h in sorted(th.hyps, key=repr))
            step = {"rule": th.rule, "params": params, "hyps": hyps, "concl": term_id(th.concl)}
            done[id(th)] = told.setdefault(json.dumps(step), len(steps))
            if done[id(th)] == len(steps):  # a step that was derived twice is told once
                steps.append(step)
        return done[id(th)]

    visit(theorem)
    return {"schema": 1, "terms": table, "steps": steps, "trust": sorted(theorem.trust)}


def digest(cert: dict[str, Any]) -> str:
    """A short hash of the certificate, for reports."""
    return hashlib.sha256(json.dumps(cert, sort_keys=True).encode()).hexdigest()[:12]
