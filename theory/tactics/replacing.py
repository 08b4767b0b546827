"""A goal proved with equals in the place of equals."""

from collections.abc import Callable

from .. import kernel as k
from ..kernel import Term, Theorem, subst, var
from .logic import replaced, swapped


def through(equation: Theorem, goal: Term, prove: Callable[[Term], Theorem]) -> Theorem:
    """The goal, from what it says with b in the place of a, for a = b; a stands outside of binders, also under 1/a."""
    a, b = equation.concl.args
    hole = var("hole")
    template = replaced(goal, a, hole)
    return k.rewrite(swapped(equation), prove(subst(template, {hole: b})), hole, template)
