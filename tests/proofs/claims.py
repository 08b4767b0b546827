"""What the tables of this folder share: symbols, tiny propositions, and values read through the translation."""

from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings

from theory.evaluate import Env, truth, value
from theory.kernel import Theorem
from theory.language import family, formula, int_family, integers, reals, term
from theory.proposition import Proposition
from theory.tactics import Context

s, x, y, z = reals("s x y z")
G, i, j, n = integers("G i j n")
r, f, g = (family(name) for name in "rfg")
length = int_family("length")


def steady(examples: int) -> settings:
    """Hypothesis without luck or clocks: the same examples in every run, on every machine."""
    quiet = list(HealthCheck)
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=quiet)


def claim(statement: Any, **stated: Any) -> Proposition:
    """A proposition of our own, outside of the registry."""
    return Proposition("tiny.claim", "a tiny claim", "a test", "-", statement, **stated)


def valued(e: Any, **values: Any) -> Any:
    """The value of a SymPy expression, by `theory.evaluate`."""
    return value(term(e), Env(values))


def holds(p: Any, **values: Any) -> bool | None:
    """The truth of a SymPy proposition, by `theory.evaluate`."""
    return truth(formula(p), Env(values))


def attempt(statement: Any, *assumed: Any) -> Theorem:
    """What `Context.prove` makes of a statement under assumptions: a theorem, or Refused."""
    from theory.kernel import assume

    return Context([assume(formula(a)) for a in assumed]).prove(formula(statement))


def q(text: Any) -> Fraction:
    return Fraction(text)
