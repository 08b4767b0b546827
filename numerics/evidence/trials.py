"""What a search for counterexamples does with each case that it draws, whoever chooses them."""

from dataclasses import dataclass
from typing import Any, Literal

from theory.evaluate import Env, Undefined, Unknown, every, sides, truth
from theory.kernel import Term
from theory.language import formula
from theory.proposition import Case, Proposition

from .drawn import Choose, Drawn, Undrawable
from .steering import Steering, holds

WASTE = 5  # evaluations in all, per evaluation of the budget: the others do not satisfy the assumptions


@dataclass
class Outcome:
    """What a search did: cases in which the assumptions held, evaluations in all, and the counterexample.

    `case` holds its exact values, for `theory.evaluate.Env`. `undecided` counts the cases in which it is not known
    whether the assumptions hold, because balls overlap: they refute nothing.
    """

    satisfied: int
    evaluations: int
    counterexample: dict[str, Any] | None
    violated: str = ""
    case: Case | None = None
    undecided: int = 0


def fails_here(claim: Term, env: Env) -> bool:
    """Whether the claim fails, or has no value. Raises Undrawable where a value that it needs cannot be drawn."""
    try:
        return truth(claim, env) is False
    except Undrawable:
        raise
    except Undefined as e:
        return not isinstance(e, Unknown)


class Trials:
    """The cases that were tried of one claim, and what came of them."""

    def __init__(self, p: Proposition, budget: int):
        self.claim, self.hints, self.budget = formula(p.statement), p.hints, budget
        self.assumptions = [formula(a) for a in p.assumptions.values()]
        self.steering = Steering()
        for a in self.assumptions:
            self.steering.read(a)
        for p_ in (self.claim, *self.assumptions):
            self.steering.find_functions(p_)
        self.outcome = Outcome(0, 0, None)

    @property
    def wasted(self) -> bool:
        return self.outcome.evaluations >= WASTE * self.budget

    def attempt(self, choose: Choose) -> Literal["broken", "survived", "outside"]:
        """Try one case: the claim fails there, it does not, or an assumption fails."""
        env, outcome = Drawn(choose, self.steering, self.hints), self.outcome
        outcome.evaluations += 1
        try:
            held = every(holds(a, env, env.made, self.steering) for a in self.assumptions)
            broken = held is not False and fails_here(self.claim, env)
        except Undefined:
            held = False
        if held is False:
            return "outside"
        outcome.satisfied += held is True
        outcome.undecided += held is None
        if not (broken and held):
            return "survived"
        outcome.counterexample, outcome.violated, outcome.case = env.report(), sides(self.claim, env), env.case()
        return "broken"
