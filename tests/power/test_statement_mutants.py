"""A proof proves its statement, not any statement: small edits of a proved statement must not stay provable.

Three mutants per proved proposition; its own proof is run on each. One that is proved although a search finds a case
against it is a soundness alarm. One that is proved and survives the search is weaker than the statement, or says the
same: few may be (measured: 6 of 286; signs, factors and bounds of sums that are 0 anyway).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import sympy as sp
from mutants import mutants

from numerics.evidence.search import sample
from theory.decide import Goal
from theory.evaluate import Env, Undefined, truth
from theory.kernel import Theorem
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, formula, integers, reals
from theory.proposition import Proposition, load

PER_CLAIM, BUDGET, SHARE = 3, 100, 0.2
ROOM = {  # module -> why more of its mutants stay true
    "theory.related.hadw.uniform": "bounds of given numbers with room to spare, by a proof that settles any such bound",
    "theory.results.lift_clip": "what it says beyond the clip bound is true at the bound, too",
}
PROVED = {id: p for id, p in sorted(load().items()) if p.proof is not None}
MODULES = sorted({p.module for p in PROVED.values()})

KILLED, SURVIVED, UNDEFINED, ALARM = "killed", "survived", "undefined", "proved although false"


def fate(p: Proposition, mutant: Any) -> str:
    """What p's own proof makes of the mutant."""
    q = replace(p, statement=mutant)
    assert p.proof is not None
    try:
        goal = Goal(q)
        theorem = p.proof(goal)
    except Exception:  # a proof may break in any way on a statement that is not its own
        return KILLED
    assumed = [formula(a) for a in p.assumptions.values()]
    if not isinstance(theorem, Theorem) or not same(theorem.concl, formula(mutant)):
        return KILLED
    if any(not any(same(h, a) for a in assumed) for h in theorem.hyps):
        return KILLED
    case = sample(q, BUDGET).case
    if case is None:
        return SURVIVED
    try:
        return ALARM if truth(formula(mutant), Env(case)) is False else UNDEFINED
    except Undefined:  # the kernel's 1/0 is some number: `decide` refuses it for want of definedness
        return UNDEFINED


@cache
def fates(module: str) -> list[tuple[str, str, str, str]]:
    """(id, kind of edit, mutant, fate) for each mutant of the module."""
    found = []
    for id, p in PROVED.items():
        if p.module == module:
            found += [(id, kind, str(m), fate(p, m)) for kind, m in mutants(id, p.statement, PER_CLAIM)]
    return found


@pytest.mark.parametrize("module", MODULES)
def test_mutants_of_proved_statements_do_not_follow(module: str, record_property: Callable[[str, object], None]) -> None:
    alarms = [row for row in fates(module) if row[3] == ALARM]
    assert not alarms, alarms
    survivors = [row for row in fates(module) if row[3] != KILLED]
    record_property("mutants", len(fates(module)))
    record_property("survivors", [f"{id} ({kind})" for id, kind, _, _ in survivors])
    share = 0.7 if module in ROOM else SHARE
    assert len(survivors) <= max(2, share * len(fates(module))), survivors


# -- the measure itself ------------------------------------------------------------------------------------------------

x, y = reals("x y")
G, i = integers("G i")
r = family("r")


def test_every_kind_of_edit_is_made() -> None:
    statement = sp.And(
        sp.Sum(r(i), (i, 1, G)) / G <= x + y, equals(x - 2 * y, x * r(1)), sp.Implies(x < y, ForAll(i, 1, G, r(i) <= 3))
    )
    kinds = [kind for kind, _ in mutants("a claim", statement, 100)]
    assert set(kinds) == {"strictness", "strict inequality", "constant", "sign", "bound", "factor"}
    assert len(kinds) >= 12
    assert mutants("a claim", statement, 4) == mutants("a claim", statement, 4)


def claim(statement: Any, proof: Any) -> Proposition:
    return Proposition("tiny.claim", "a claim", "-", "-", statement, proof=proof)


def test_a_proof_of_anything_raises_the_alarm() -> None:
    """An unsound rule, played by an axiom that the search contradicts."""
    from theory.kernel import axiom

    p = claim(x <= x + y**2, lambda goal: axiom("any", goal.claim))
    assert fate(p, sp.Lt(x + 1, x, evaluate=False)) in (ALARM, KILLED)
    assert fate(p, x <= y) == ALARM


def test_a_weaker_statement_survives() -> None:
    p = claim(sp.Implies(x < y, x < y + 1), lambda goal: goal.prove(goal.claim))
    assert fate(p, sp.Implies(x < y, x <= y + 2)) == SURVIVED
    assert fate(p, sp.Implies(x < y, x < y - 1)) == KILLED


def test_a_proof_that_does_not_look_at_the_claim_kills() -> None:
    other = formula(sp.Implies(x < y, x <= y))
    assert fate(claim(x <= y, lambda goal: goal.prove(other)), x < y) == KILLED


def test_a_proof_under_a_further_assumption_kills() -> None:
    from theory.kernel import assume

    assert fate(claim(x <= y, lambda goal: assume(goal.claim)), x < y) == KILLED
