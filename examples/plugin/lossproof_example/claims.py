"""A proposition of the plug-in's own: what centring does to a group of two."""

from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import equals, reals
from theory.proposition import proposition

TITLE = "An example plug-in"

a, b = reals("a b")


@proposition(
    "example.centred_pair",
    title="in a group of two, the centred reward is half the difference",
    source="our own",
    printed="a - (a + b)/2 = (a - b)/2",
    statement=equals(a - (a + b) / 2, (a - b) / 2),
    not_claimed="anything about larger groups",
)
def centred_pair(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)
