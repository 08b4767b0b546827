"""The harness has its own mutants: provers and searchers that lie. Each must show in the rates that it measures."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from planted import Planted, Prover, bare, confirmed, proof_rate, refutation_rate
from planted_false import FALSE
from planted_true import TRUE

import numerics.evidence.search as searching
from numerics.evidence import trials
from numerics.evidence.explore import explore
from numerics.evidence.search import sample, search
from numerics.evidence.trials import Outcome
from theory import kernel as k
from theory.decide import Goal, decide
from theory.kernel import Refused, Theorem
from theory.kernel.terms import ONE, ZERO, le
from theory.proposition import Proposition
from theory.results.example import leave_one_out
from theory.verdict import Status, Verdict

SOME_FALSE, SOME_TRUE = FALSE[::4], TRUE[::4]
FINDABLE = [p for p in SOME_FALSE if not p.assumed]

# -- provers -----------------------------------------------------------------------------------------------------------


def honest(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def elsewhere(goal: Goal) -> Theorem:
    """A real theorem, of another claim."""
    return leave_one_out.proof(Goal(leave_one_out)) if leave_one_out.proof else k.linear(ONE, ONE, [], [])


def circular(goal: Goal) -> Theorem:
    return k.assume(goal.claim)


def hypothetical(goal: Goal) -> Theorem:
    """From something false that it assumes itself."""
    false = k.assume(le(ONE, ZERO))
    return k.absurd(false, k.negate(k.sos(k.terms.lt(ZERO, ONE), [(Fraction(1), ONE, [])], [], [])), goal.claim)


def stubborn(goal: Goal) -> Theorem:
    """Whatever the tactics last managed, as if it were the claim."""
    try:
        return goal.prove(goal.claim)
    except Refused:
        return k.linear(ONE, ONE, [], [])


LIARS: list[Prover] = [
    elsewhere,
    circular,
    hypothetical,
    stubborn,
    lambda goal: "proved",
    lambda goal: True,
]


@pytest.mark.parametrize("liar", LIARS, ids=["elsewhere", "circular", "hypothetical", "stubborn", "a word", "True"])
def test_a_lying_prover_proves_nothing_false(liar: Callable[[Goal], Any]) -> None:
    assert proof_rate(liar, FALSE) == 0


def test_the_proof_rate_is_not_always_0() -> None:
    assert proof_rate(honest, TRUE) > 0.3
    assert proof_rate(stubborn, TRUE) == proof_rate(honest, TRUE)


def test_a_prover_that_believes_is_seen_by_what_it_rests_on() -> None:
    """An axiom proves anything, and is named wherever the verdict is shown."""
    for p in SOME_FALSE:
        verdict = decide(bare(p, lambda goal: k.axiom("believed", goal.claim)))
        assert verdict.status is not Status.PROVED or verdict.axioms == ("axiom:believed",)


# -- searchers ---------------------------------------------------------------------------------------------------------


def never(p: Proposition, budget: int, start: int = 0) -> Outcome:
    return Outcome(budget, budget, None)


def always(p: Proposition, budget: int, start: int = 0) -> Outcome:
    return Outcome(1, 1, {"x": "0"}, "0 = 1 is false", {"x": Fraction(0)})


def boastful(p: Proposition, budget: int, start: int = 0) -> Outcome:
    """A counterexample without the values that would show it."""
    return Outcome(1, 1, {"x": "0"}, "0 = 1 is false")


def careless(p: Proposition, budget: int, start: int = 0) -> Outcome:
    """A real counterexample to the claim without its assumptions."""
    return sample(replace(p, assumptions={}), budget, start)


def test_a_searcher_that_never_finds_has_rate_0() -> None:
    assert refutation_rate(never, SOME_FALSE) == 0 and all(
        refutation_rate(honest, SOME_FALSE) >= 0.95 for honest in (explore, sample)
    )


@pytest.mark.parametrize("liar", [always, boastful], ids=lambda f: f.__name__)
def test_a_searcher_that_always_finds_is_not_believed(liar: Callable[..., Outcome]) -> None:
    """It is right where 0 happens to break the claim; nothing else is counted."""
    broken_at_0 = [p for p in SOME_FALSE if confirmed(p, always(p.proposition, 1))]
    assert refutation_rate(liar, SOME_FALSE) in (0, len(broken_at_0) / len(SOME_FALSE)) and len(broken_at_0) < 5


def test_a_searcher_that_always_finds_is_not_believed_of_true_claims() -> None:
    assert refutation_rate(always, TRUE) == 0


def test_a_searcher_that_ignores_assumptions_is_not_believed() -> None:
    assert refutation_rate(careless, [p for p in TRUE if p.assumed]) == 0


@pytest.mark.parametrize("searcher", [explore, sample])
def test_an_evaluator_that_calls_everything_false_is_caught(
    searcher: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search believes its own evaluation; the harness re-executes the case with another."""
    held = trials.truth

    def cynical(p: Any, env: Any) -> bool | None:
        return False if p in claims else held(p, env)

    claims = {trials.formula(p.statement) for p in SOME_TRUE}
    monkeypatch.setattr(trials, "truth", cynical)
    outcomes = [(p, searcher(p.proposition, 20)) for p in SOME_TRUE]
    assert all(outcome.counterexample is not None for _, outcome in outcomes)
    assert not any(confirmed(p, outcome) for p, outcome in outcomes)


PROVED, REFUTED = Verdict(Status.PROVED, "kernel"), Verdict(Status.REFUTED, "counterexample")


@pytest.mark.parametrize("liar", [always, boastful], ids=lambda f: f.__name__)
def test_a_counterexample_to_a_proved_claim_is_never_passed_over(liar: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "sample", liar)
    evidence = search(TRUE[0].proposition, PROVED)
    assert not evidence.ok and "counterexample" in evidence.detail


def test_what_is_not_found_is_not_said_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "sample", never)
    evidence = search(FALSE[0].proposition, REFUTED)
    assert "not found again" in evidence.detail


def test_a_search_that_saw_no_case_does_not_claim_to_have_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "sample", lambda p, budget, start=0: Outcome(0, budget, None))
    evidence = search(TRUE[0].proposition, PROVED)
    assert "survived" not in evidence.detail and "none of which satisfied the assumptions" in evidence.detail


def test_a_lying_searcher_and_a_lying_prover_do_not_agree_on_a_verdict() -> None:
    """Both lies at once: still nothing false is proved, and nothing true refuted."""
    planted: Planted = FALSE[0]
    assert decide(bare(planted, elsewhere)).status is Status.UNKNOWN
    assert decide(replace(TRUE[0].proposition, witness=always(TRUE[0].proposition, 1).case)).status is Status.UNKNOWN
