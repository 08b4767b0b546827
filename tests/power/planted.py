"""What a planted claim is, and the expressions that planted claims share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from numerics.evidence.trials import Outcome
from theory.decide import decide
from theory.evaluate import Env, Undefined, fails, truth
from theory.language import family, formula, int_family, integers, mean, reals
from theory.proposition import Proposition
from theory.verdict import Status

x, y, z, s, A, e, b = reals("x y z s A epsilon b")
G, i, j, t, n = integers("G i j t n")
r, w, f, g = (family(name) for name in "rwfg")
length = int_family("length")

R, W = sp.Sum(r(i), (i, 1, G)), sp.Sum(w(i), (i, 1, G))
R_SQUARED = sp.Sum(r(i) ** 2, (i, 1, G))
M = R / G
VAR = mean((r(i) - M) ** 2, i, G)
SOME, TWO = G >= 1, G >= 2
WIDTH = [e > 0, e < 1]
DECAY = [b > 0, b < 1]


def clip(ratio: Any, width: Any = e) -> sp.Expr:
    return sp.Min(sp.Max(ratio, 1 - width), 1 + width)


def surrogate(ratio: Any, advantage: Any, width: Any = e) -> sp.Expr:
    """GRPO's inner term."""
    return sp.Min(ratio * advantage, clip(ratio, width) * advantage)


@dataclass(frozen=True)
class Planted:
    """A claim of known truth. `case`: where a false one fails."""

    name: str
    family: str
    statement: Any
    assumed: list[Any] = field(default_factory=list)
    case: dict[str, Any] | None = None
    hints: dict[str, str] = field(default_factory=dict)

    @property
    def proposition(self) -> Proposition:
        stated = {f"assumption {n}": a for n, a in enumerate(self.assumed, 1)}
        return Proposition(
            "planted.claim", self.name, self.family, "-", self.statement, stated, witness=self.case, hints=self.hints
        )


# -- the harness: how rates are measured, so that a liar can be put in the place of what is measured -------------------

Searcher = Callable[[Proposition, int, int], Outcome]
Prover = Callable[[Any], Any]


def confirmed(p: Planted, outcome: Outcome) -> bool:
    """Whether a search found a counterexample that holds up when `theory.evaluate` re-executes it."""
    if outcome.counterexample is None or outcome.case is None:
        return False
    env = Env(outcome.case)
    try:
        assumed = all(truth(formula(a), env) is True for a in p.assumed)
    except Undefined:
        return False
    return assumed and fails(formula(p.statement), env)


def refutation_rate(search: Searcher, claims: Iterable[Planted], budget: int = 300) -> float:
    found = [confirmed(p, search(p.proposition, budget, 0)) for p in claims]
    return sum(found) / len(found)


def proof_rate(prove: Prover, claims: Iterable[Planted]) -> float:
    """The share of claims that `decide` calls proved with this prover; assumptions without a model are left out."""
    tried = [decide(bare(p, prove)).status is Status.PROVED for p in claims]
    return sum(tried) / len(tried)


def bare(p: Planted, prove: Prover) -> Proposition:
    """The claim without its assumptions: as an implication, so that no model is asked for."""
    statement = sp.Implies(sp.And(*p.assumed), p.statement) if p.assumed else p.statement
    return Proposition("planted.claim", p.name, p.family, "-", statement, proof=prove)
