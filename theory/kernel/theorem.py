"""Theorems, and the one way to make them: a rule, which re-runs from its recorded parameters.

`Theorem(hyps, concl)` reads: for all values of the free variables and opaque functions, if all hyps hold then so does
concl. `trust` names what the derivation rests on besides the rules: solvers, schemas of opaque functions, axioms.
Python cannot hide a constructor, so the class guards against accidents only; trust comes from `replay`.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from .ring import canon
from .terms import Refused, Term, mk

class Theorem:
    __slots__ = ("hyps", "concl", "rule", "params", "trust")
    hyps: frozenset[Term]
    concl: Term
    rule: str
    params: tuple[Any, ...]
    trust: frozenset[str]
    def __init__(self, *_: object) -> None:
        raise Refused("Theorem", "to be made by a rule", "a direct call")
    def __setattr__(self, name: str, value: object) -> None:
        raise Refused("Theorem", "no change after it is made", name)
    def __repr__(self) -> str:
        return f"{', '.join(sorted(map(repr, self.hyps)))} |- {self.concl!r}"

RULES: dict[str, Callable[..., Theorem]] = {}
Sequent = tuple[Iterable[Term], Term] | tuple[Iterable[Term], Term, set[str]]

def rule(f: Callable[..., Sequent]) -> Callable[..., Theorem]:
    """Make a rule of a function that returns (hypotheses, conclusion[, trust]) or raises Refused."""
    name = f.__name__.rstrip("_")
    def apply(*given: Any) -> Theorem:
        params = frozen(name, given)
        try:
            hyps, concl, *own = f(*params)
        except (AttributeError, IndexError, TypeError, ValueError) as e:
            raise Refused(name, "parameters of the kinds that it takes", params, str(e)) from e
        trust = frozenset[str]().union(*own, *(th.trust for th in premises(params)))
        th = object.__new__(Theorem)
        for slot, value in zip(Theorem.__slots__, (frozenset(hyps), concl, name, params, trust), strict=True):
            object.__setattr__(th, slot, value)
        return th
    apply.__name__, apply.__doc__ = f.__name__, f.__doc__
    RULES[name] = apply
    return apply
def frozen(name: str, x: Any) -> Any:
    """Rule parameters as they are now, lists as tuples; only what a certificate records: sets would hide premises."""
    need(isinstance(x, (Theorem, Term, int, str, list, tuple, Fraction)), name, "theorems, terms, exact numbers, names, lists", x)
    return tuple(frozen(name, y) for y in x) if isinstance(x, (list, tuple)) else x
def premises(x: Any) -> list[Theorem]:
    """The theorems among (nested) rule parameters."""
    return [x] if isinstance(x, Theorem) else [th for y in x for th in premises(y)] if isinstance(x, tuple) else []
def same(a: Term, b: Term) -> bool:
    return a is b or canon(a) is canon(b)
def need(ok: object, rule_name: str, needed: object, known: object = "nothing", add: object = "") -> None:
    if not ok:
        raise Refused(rule_name, needed, known, add)
def find(rule_name: str, wanted: Term, facts: Sequence[Theorem]) -> Theorem:
    """The fact whose conclusion is `wanted`, up to ring arithmetic. Refuses where there is none."""
    known = [th for th in facts if same(th.concl, wanted)]
    need(known, rule_name, wanted, [th.concl for th in facts], f"a theorem that concludes {wanted}")
    return known[0]
def hyps_of(ths: Iterable[Theorem]) -> set[Term]:
    return set[Term]().union(*(th.hyps for th in ths))

def replay(cert: dict[str, Any]) -> Theorem:
    """Re-run every step of a certificate and compare what it yields with what is recorded; return the last theorem."""
    terms, made = list[Term](), list[Theorem]()
    def decode(x: Any) -> Any:
        if isinstance(x, dict):
            (kind, value), = x.items()
            return made[value] if kind == "th" else terms[value] if kind == "t" else Fraction(value)
        return [decode(y) for y in x] if isinstance(x, list) else x
    for op, *args in cert["terms"]:
        terms.append(mk(op, *map(decode, args)))
    for n, step in enumerate(cert["steps"]):
        need(step["rule"] in RULES, "replay", "a rule of the kernel", step["rule"])
        th = RULES[step["rule"]](*decode(step["params"]))
        agrees = th.concl is terms[step["concl"]] and th.hyps == {terms[h] for h in step["hyps"]}
        need(agrees, "replay", f"step {n} ({step['rule']}) to yield what is recorded", th)
        made.append(th)
    need(made and sorted(made[-1].trust) == cert["trust"], "replay", "the recorded trust marks", made[-1:])
    return made[-1]
