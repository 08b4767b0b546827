"""Search for counterexamples by Hypothesis, which shrinks what it finds to the simplest values."""

from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from theory.proposition import Proposition

from .steady import steady
from .trials import Outcome, Trials


@cache
def below(n: int) -> st.SearchStrategy[int]:
    return st.sampled_from(range(n))


class Broken(Exception):
    """The claim fails in this case."""


class Spent(KeyboardInterrupt):
    """The budget is spent: the one way to stop Hypothesis at once."""


def explore(p: Proposition, budget: int, start: int = 0, shrink: bool = True) -> Outcome:
    """Look for a case in which all assumptions hold and the claim fails. Deterministic for a given `start`.

    Without `shrink` the counterexample is the first one met: enough to know that there is one.
    """
    trials = Trials(p, budget)

    @seed(start)
    @settings(
        max_examples=budget, database=None, deadline=None, report_multiple_bugs=False,
        phases=(Phase.generate, *([Phase.shrink] if shrink else [])), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def run(data: Any) -> None:
        if trials.outcome.counterexample is None and trials.wasted:
            raise Spent
        draw = data.conjecture_data.draw  # not data.draw: nothing is printed
        ended = trials.attempt(lambda n: draw(below(n)))
        assume(ended != "outside")
        if ended == "broken":
            raise Broken

    try:
        with steady():
            run()
    except (Broken, Spent, Unsatisfiable):  # a counterexample; the end; or no case in which the assumptions held
        pass
    return trials.outcome
