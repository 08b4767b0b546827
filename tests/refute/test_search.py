"""The search on every claim of the registry: what is proved survives, what is refuted is found again from scratch."""

from functools import cache
from typing import Any

import pytest

from numerics.evidence.explore import explore
from numerics.evidence.search import sample
from numerics.evidence.trials import WASTE, Outcome
from theory.evaluate import Env, Undefined, fails, sides, truth
from theory.kernel import Term
from theory.language import formula
from theory.proposition import Proposition, load

BUDGET = 100  # evaluations that satisfy the assumptions; a fifth of it to see a proved claim with large formulas survive
LARGE = 120
PLAIN = 2000  # plain draws, where Hypothesis finds nothing: they cost a tenth

UNIVERSAL = {id: p for id, p in sorted(load().items()) if not p.reason and not p.exists}
PROVED = [id for id, p in UNIVERSAL.items() if p.proof is not None]
REFUTED = [id for id, p in UNIVERSAL.items() if p.witness is not None]

# id -> why no search finds its counterexample
RARE = "hardly any drawn numbers satisfy its equations, and few of those break it"
NOT_FINDABLE: dict[str, str] = {
    "disco.difficulty.eliminated": "no drawn family of functions adds up to 1 together with its slopes",
    "dpo.coverage": "hardly any drawn comparison graph is as sparse as the claim needs",
    "drgrpo.unbiased": RARE,
    "gdpo.distinct_groups": "no drawn family runs over all nine differences",
    "kl_estimators.sequence.k3_loss.divergence": RARE,
}

# id -> why no drawn case satisfies its assumptions
SLOPES = "no drawn family of functions adds up to 1 together with its slopes"
VACUOUS: dict[str, str] = {
    "clip_entropy.logit_gradient": "no drawn family of functions of θ has exp of one as its slope",
    "disco.group.gradient": SLOPES,
    "disco.group.gradient.every_size": SLOPES,
    "disco.logit": SLOPES,
    "disco.logit.dr_grpo": SLOPES,
    "disco.logit.grpo": SLOPES,
    "disco.penalty.kept.repaired": "no drawn function of θ is 0 with its slope wherever the constraint holds",
    "hadw.lemma5": "its ζ is the root of a logarithm, which no drawn fraction is",
    "length_impossibility.theorem6": "f and c are given by the same equations, and none of them is drawn first",
}

# id -> why it is not known of any drawn case whether the assumptions hold
UNDECIDED: dict[str, str] = {}


def size(t: Term) -> int:
    return 1 + sum(size(a) for a in t.args if isinstance(a, Term))


def budget(p: Proposition) -> int:
    written = [p.statement, *p.assumptions.values()]
    return BUDGET if p.witness is not None or sum(size(formula(q)) for q in written) <= LARGE else BUDGET // 5


@cache
def searched(id: str) -> Outcome:
    """The outcome of a search; of a refuted claim, of another one where the first finds no counterexample."""
    p = UNIVERSAL[id]
    outcome = explore(p, budget(p), shrink=False)  # tests/refute/test_shrinking.py shrinks
    return outcome if p.proof or outcome.counterexample else sample(p, BUDGET if id in NOT_FINDABLE else PLAIN)


@pytest.mark.parametrize("id", PROVED)
def test_a_proved_claim_survives(id: str) -> None:
    outcome = searched(id)
    assert outcome.counterexample is None, f"{id} is proved, yet {outcome.counterexample}: {outcome.violated}"
    assert outcome.evaluations <= WASTE * budget(UNIVERSAL[id])
    check_that_something_was_tried(id, outcome)


@pytest.mark.parametrize("id", PROVED)
def test_a_proved_claim_survives_plain_draws(id: str) -> None:
    """Others than those of `lossproof check`."""
    outcome = sample(UNIVERSAL[id], BUDGET // 2, start=1)
    assert outcome.counterexample is None, f"{id} is proved, yet {outcome.counterexample}: {outcome.violated}"


@pytest.mark.parametrize("id", REFUTED)
def test_a_refuted_claim_is_found_again(id: str) -> None:
    outcome = searched(id)
    if id in NOT_FINDABLE:
        assert outcome.counterexample is None, "it is found now: take it off the list"
        return
    assert outcome.case is not None, f"{id} was not refuted within {outcome.evaluations} evaluations"
    check_that_something_was_tried(id, outcome)
    holds_up(UNIVERSAL[id], outcome)


def holds_up(p: Proposition, outcome: Outcome) -> None:
    """The counterexample, re-executed apart from the search: nothing breaks an assumption, the claim fails."""
    assert outcome.case is not None
    env = Env(outcome.case)
    for name, a in p.assumptions.items():
        assert truth(formula(a), env) is not False, name  # None: an equation of balls, or about all reals
    assert fails(formula(p.statement), env)
    assert sides(formula(p.statement), env) == outcome.violated


def check_that_something_was_tried(id: str, outcome: Outcome) -> None:
    """No vacuous search: some of the cases satisfied all assumptions."""
    if id in VACUOUS or id in UNDECIDED:
        assert outcome.satisfied == 0, "some cases satisfy its assumptions now: take it off the list"
        assert (outcome.undecided > 0) == (id in UNDECIDED)
    else:
        assert outcome.satisfied > 0, outcome


def test_the_lists_of_exceptions_are_short_and_about_the_registry() -> None:
    listed = [*NOT_FINDABLE, *VACUOUS, *UNDECIDED]
    assert set(listed) <= set(UNIVERSAL) and all([*NOT_FINDABLE.values(), *VACUOUS.values(), *UNDECIDED.values()])
    assert len(NOT_FINDABLE) <= len(REFUTED) / 10 and len(VACUOUS) + len(UNDECIDED) <= len(UNIVERSAL) / 20


@pytest.mark.parametrize("id", REFUTED)
def test_the_stored_witness_is_in_the_scope_of_the_search(id: str) -> None:
    """The witness that decides the claim satisfies the very assumptions that steer the search."""
    p = UNIVERSAL[id]
    env = Env(p.witness or {})
    assert all(truth(formula(a), env) is True for a in p.assumptions.values()) and fails(formula(p.statement), env)


@pytest.mark.parametrize("id", PROVED)
def test_the_stored_model_is_no_counterexample(id: str) -> None:
    p = UNIVERSAL[id]
    if p.model is not None:
        try:
            held: Any = truth(formula(p.statement), Env(p.model))
        except Undefined as e:
            held = str(e)
        assert held is not False, held
