"""What a proposition is, and the registry that finds every proposition of `theory`.

A proposition is stated once, in SymPy, and decided in one of four ways: a kernel derivation (`@proposition(...)` over a
function that returns the theorem), a counterexample (`refuted(...)`), an example for a "there is" claim
(`shown(...)`), or the reason why it cannot be judged (`not_applicable(...)`).
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from .kernel import Theorem
from .plugins import BrokenPlugin, installed, loaded

Case = dict[str, Any]  # names of symbols and families -> exact values: int, Fraction, "1/3", lists (from 1), callables
UNNEEDED = "not known to be needed"


@dataclass(frozen=True)
class Proposition:
    """A claim, where it stands, and how it is decided.

    id: `<source>.<label>`. title: the claim in one line. source: place in the paper. printed: its formula as the paper
    prints it. statement: the claim in SymPy, read for all values of its free symbols. assumptions: name -> SymPy
    proposition; `unstated` names those that the paper does not state. model: a case in which all assumptions hold.
    drops: assumption -> a case that satisfies the others and breaks the claim, or UNNEEDED. repair: id of the corrected
    statement. finding: two sentences on how the claim fails, with numbers. not_claimed: what the reader must not infer.
    hints: symbol -> strategy tag for the search ("unit", "ratio", "square", ...). evidence_only: for claims about
    code that no formula settles alone.
    """

    id: str
    title: str
    source: str
    printed: str
    statement: Any
    assumptions: dict[str, Any] = field(default_factory=dict)
    unstated: tuple[str, ...] = ()
    proof: "Callable[[Any], Theorem] | None" = None
    witness: Case | None = None
    exists: bool = False
    model: Case | None = None
    drops: dict[str, Any] = field(default_factory=dict)
    repair: str | None = None
    finding: str = ""
    not_claimed: str = ""
    hints: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    module: str = ""

    @property
    def paper(self) -> str:
        return self.id.partition(".")[0]

    @property
    def label(self) -> str:
        return self.id.partition(".")[2]


REGISTRY: dict[str, Proposition] = {}
BROKEN: dict[str, str] = {}  # module -> why it could not be imported


def register(p: Proposition) -> Proposition:
    if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+", p.id):
        raise ValueError(f"proposition id {p.id!r} is not of the form source.label in lower case")
    if p.id in REGISTRY and REGISTRY[p.id].module != p.module:
        raise ValueError(f"proposition id {p.id!r} is taken by {REGISTRY[p.id].module}")
    REGISTRY[p.id] = p
    return p


def proposition(id: str, **stated: Any) -> Callable[[Callable[[Any], Theorem]], Proposition]:
    """Decorate the proof of a universal claim: a function of a `Goal` that returns a theorem of the kernel."""

    def of(proof: Callable[[Any], Theorem]) -> Proposition:
        return register(Proposition(id=id, proof=proof, module=proof.__module__, **stated))

    return of


def refuted(id: str, *, witness: Case, module: str, **stated: Any) -> Proposition:
    """A universal claim that fails at `witness`."""
    return register(Proposition(id=id, witness=witness, module=module, **stated))


def shown(id: str, *, witness: Case, module: str, **stated: Any) -> Proposition:
    """A "there is" claim, shown by `witness`."""
    return register(Proposition(id=id, witness=witness, exists=True, module=module, **stated))


def not_applicable(id: str, *, reason: str, module: str, **stated: Any) -> Proposition:
    """A claim that no proof or experiment here can settle."""
    return register(Proposition(id=id, statement=sp.true, reason=reason, module=module, **stated))


def load() -> dict[str, Proposition]:
    """Import every module of `theory` and of installed proposition packs; a module that fails is named in BROKEN."""
    import theory

    names = [m.name for m in pkgutil.walk_packages(theory.__path__, "theory.") if not m.name.startswith("theory.kernel")]
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as e:
            BROKEN[name] = f"{type(e).__name__}: {e}"
    for point in installed("propositions").values():
        try:
            loaded(point)
        except BrokenPlugin as e:
            BROKEN[point.value] = str(e)
    return REGISTRY
