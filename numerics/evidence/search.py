"""Search for counterexamples: any proposition, from its formal statement alone, in exact arithmetic.

`sample` chooses the cases by a plain generator of numbers: that is quick, and tells whether there is a counterexample.
`explore.explore` has Hypothesis choose them, and ends with a small one. The budget is in evaluations, so that a verdict
does not depend on load.
"""

from typing import Any

from theory.proposition import Proposition
from theory.verdict import Evidence

from .choices import Choices
from .explore import explore
from .trials import Outcome, Trials

BUDGET = 50  # cases per claim in `lossproof check`; tests/refute spends more


def sample(p: Proposition, budget: int, start: int = 0) -> Outcome:
    """Look for a case in which all assumptions hold and the claim fails, at random; the simplest of all comes first."""
    trials, choices = Trials(p, budget), Choices(start)
    outcome = trials.outcome
    while outcome.counterexample is None and outcome.satisfied + outcome.undecided < budget and not trials.wasted:
        choices.start()
        trials.attempt(choices.choose)
        choices.end()
        if choices.exhausted:
            break
    return outcome


def search(p: Proposition, verdict: Any, budget: int = BUDGET, start: int = 0) -> Evidence:
    """The search as evidence: a proved claim must survive; a refuted one is looked for from scratch."""
    if p.reason or p.exists:
        return Evidence("search", "no search: the claim is not universal")
    outcome = sample(p, budget, start)
    if str(getattr(verdict, "status", "")) == "refuted":
        found = "found again from scratch" if outcome.counterexample else f"not found again within {budget} evaluations"
        return Evidence("search", found)
    if outcome.counterexample:
        small = explore(p, budget, start)
        outcome = small if small.counterexample else outcome
        return Evidence("search", f"counterexample {outcome.counterexample}: {outcome.violated}", ok=False)
    if not outcome.satisfied:
        return Evidence("search", f"{outcome.evaluations} evaluations, none of which satisfied the assumptions")
    return Evidence("search", f"survived {outcome.satisfied} evaluation{'s' * (outcome.satisfied != 1)}")
