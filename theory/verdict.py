"""The one verdict type: what was decided, on what it rests, and the evidence for it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The contract's vocabulary. Only `proved` and `refuted` are decided; `unknown` is never green."""

    PROVED = "proved"
    REFUTED = "refuted"
    TESTED = "tested"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence. `kind` is symbolic, smt, numeric, search or coq; `seconds` never enters generated files."""

    kind: str
    detail: str
    seconds: float = 0.0
    ok: bool = True


@dataclass(frozen=True)
class Verdict:
    """What is known of one proposition.

    status: the decision. by: a few words on what decided it ("kernel, 14 steps", "witness", ...). rests_on: schemas of
    opaque functions, oracles and axioms the kernel's theorem used. witness: the values of a counterexample (or of the
    example of a "there is" claim), exact, as strings. certificate: the kernel's derivation as JSON data, or None.
    reason: why it is unknown or not applicable.
    """

    status: Status
    by: str = ""
    rests_on: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    witness: dict[str, Any] | None = None
    certificate: dict[str, Any] | None = field(default=None, repr=False)
    reason: str = ""

    @property
    def axioms(self) -> tuple[str, ...]:
        return tuple(mark for mark in self.rests_on if mark.startswith("axiom:"))

    @property
    def oracles(self) -> tuple[str, ...]:
        return tuple(mark for mark in self.rests_on if mark.startswith("smt:"))
