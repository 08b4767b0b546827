"""Search for counterexamples: any proposition, from its formal statement alone, in exact arithmetic.

Symbols and families are drawn by Hypothesis when the evaluator first asks for them. The assumptions steer the draws:
constant bounds become ranges, equations become definitions (so recursions, normalised weights and derivatives hold by
construction), and what is left is a filter. The budget is in evaluations, so that a verdict does not depend on load.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from flint import arb
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from theory.evaluate import Dual, Env, Undefined, every, fails, plus, show, sides, times, truth, value
from theory.kernel import Term
from theory.language import formula
from theory.proposition import Case, Proposition
from theory.verdict import Evidence

from .steady import steady
from .steering import EQUAL, LOW, Rule, Steering, first_of, holds, shifted
from .strategies import BY_NAME, INT_FAMILY_TAGS, MEMBERS, REAL_FAMILY_TAGS, Bounds, integers

GENERIC, QUARTERS = MEMBERS["generic"](Bounds()), [Fraction(k, 4) for k in range(-2, 3)]
INT_TAGS, REAL_TAGS = st.sampled_from(INT_FAMILY_TAGS), st.sampled_from(REAL_FAMILY_TAGS)
BUDGET = 25  # evaluations per claim in `lossproof check`; tests/refute spends more
WASTE = 5  # evaluations in all, per evaluation of the budget: the others do not satisfy the assumptions


class Undrawable(Undefined):
    """No value that fits the assumptions could be drawn: this says nothing about the claim."""


class Drawn(Env):
    """An environment whose values are drawn on demand and then kept."""

    def __init__(self, draw: Callable[[Any], Any], steering: Steering, hints: dict[str, str]):
        super().__init__({})
        self.draw, self.steering, self.hints = draw, steering, hints
        self.drawn: dict[Any, Any] = {}
        self.made: dict[Any, Rule] = {}  # what an assumed equation gave, and which
        self.sorts: dict[str, str] = {}
        self.busy: set[Any] = set()

    def var(self, name: str, sort: str) -> Any:
        return self.lookup(name, sort, ())

    def app(self, name: str, sort: str, args: tuple[Any, ...]) -> Any:
        self.sorts[name] = sort
        if any(isinstance(a, arb) for a in args[:-1]):
            raise Undrawable(f"{name} at an irrational index")
        if args and (name in self.steering.functions or isinstance(args[-1], (Dual, arb))):
            given = self.defined(name, args)
            return self.smooth(name, args) if given is None else given
        return self.lookup(name, sort, args)

    def lookup(self, name: str, sort: str, args: tuple[Any, ...]) -> Any:
        key = (name, *args)
        if key not in self.drawn:
            if key in self.busy or len(self.busy) > 60 or name.startswith("#"):
                raise Undrawable(f"{name} is defined through itself")
            self.busy.add(key)
            try:
                found = self.defined(name, args)
                if sort == "Z" and found is not None and not (isinstance(found, Fraction) and found.denominator == 1):
                    raise Undrawable(f"{name} is defined as {show(found)}, which is not an integer")
                self.drawn[key] = found if found is not None else self.fresh(name, sort, args)
            finally:
                self.busy.discard(key)
        return self.drawn[key]

    def fresh(self, name: str, sort: str, args: tuple[Any, ...]) -> Fraction:
        bounds, hint = self.within(name, args), self.hints.get(name)
        if hint:
            return self.draw(BY_NAME[hint](bounds))
        if not args:
            return self.draw(integers(bounds) if sort == "Z" else MEMBERS["generic"](bounds))
        tags = INT_TAGS if sort == "Z" else REAL_TAGS
        if ("tag", name) not in self.drawn:
            self.drawn["tag", name] = self.draw(tags)
        tag = self.drawn["tag", name]
        known = [x for key, x in self.drawn.items() if key[0] == name and len(key) > 1 and isinstance(x, Fraction)]
        if known and tag == "all-equal" or len(known) > 1 and tag == "ties":
            return known[0] if tag == "all-equal" else self.draw(st.sampled_from(known))
        if sort == "Z":
            return self.draw(integers(bounds)) if tag != "degenerate" else lowest(bounds)
        return self.draw(MEMBERS[tag](bounds))

    def within(self, name: str, args: tuple[Any, ...]) -> Bounds:
        """The bounds that the assumptions give at these arguments."""
        bounds = Bounds()
        for rule in self.steering.rules.get(name, ()):
            try:
                env = None if rule.kind == EQUAL else self.applied(rule, args)
                limit = value(rule.says, env) if env else None
            except Undefined:  # the bound depends on what it bounds: it stays a filter
                continue
            if isinstance(limit, Fraction):
                bounds = (bounds.with_low if rule.kind == LOW else bounds.with_high)(limit, rule.strict)
        return bounds

    def defined(self, name: str, args: tuple[Any, ...]) -> Any:
        """The value that an assumed equation gives, None if none does."""
        for rule in self.steering.rules.get(name, ()):
            try:
                env = self.applied(rule, args) if rule.kind == EQUAL else None
                if env:
                    found = value(rule.says, env)
                    if not (args and isinstance(args[-1], Dual | arb)):
                        self.made[name, *args] = rule
                    return found
            except Undrawable:  # defined through itself: some member of the circle is drawn, the others follow
                continue
            except Undefined as e:
                raise Undrawable(f"the definition of {name}: {e}") from e
        return None

    def applied(self, rule: Rule, args: tuple[Any, ...]) -> Env | None:
        """The environment in which a rule speaks of these arguments, None if it does not."""
        env: Env = self
        todo = list(rule.over)
        for pattern, actual in zip(rule.lhs.args[2:] if rule.lhs.op == "app" else (), args, strict=True):
            over = [v for v in todo if v in pattern.free]
            if over:
                shift = shifted(pattern, over[0])
                if shift is None or not isinstance(actual, (Fraction, Dual)):
                    return None
                env = env.bind(over[0], actual - shift)
                todo.remove(over[0])
            elif value(pattern, env) != actual:
                return None
        for v in todo:
            env = first_of(v, rule, env)
        return env if all(truth(c, env) is True for c in rule.conditions) else None

    def smooth(self, name: str, args: tuple[Any, ...]) -> Any:
        """A quadratic in the last argument, per value of the others; families of derivatives are its derivative."""
        base = self.steering.slopes.get(name, name)
        *index, x = args
        key = ("smooth", base, *index)
        if key not in self.drawn:
            rules = [rule for rule in self.steering.rules.get(base, ()) if rule.kind == LOW and rule.says.op == "num"]
            low = max((rule.says.args[0] for rule in rules), default=Fraction(-1))
            positive = low >= 0
            a = self.draw(st.sampled_from([Fraction(k, 2) + low for k in range(1, 5)]) if positive else GENERIC)
            b = self.draw(st.sampled_from(QUARTERS))
            c = self.draw(st.sampled_from(QUARTERS[3:] if positive else QUARTERS))
            self.drawn[key] = (a, b, c)  # b^2 < 4 (a - low) c where it is to stay above `low`
        a, b, c = self.drawn[key]
        if name in self.steering.slopes:
            return plus(b, times(2 * c, x))
        return plus(a, plus(times(b, x), times(c, times(x, x))))

    def case(self) -> Case:
        """The drawn values as a case of their own, for `theory.evaluate`; what was not drawn has no value in it."""

        def no_more(_: Any) -> Any:
            raise Undrawable("no value was drawn")

        frozen = Drawn(no_more, self.steering, self.hints)
        frozen.drawn = dict(self.drawn)

        def member(name: str, sort: str) -> Callable[..., Any]:
            return lambda *args: frozen.app(name, sort, args)

        symbols = {key[0]: x for key, x in self.drawn.items() if len(key) == 1}
        return symbols | {name: member(name, sort) for name, sort in self.sorts.items()}

    def report(self) -> dict[str, str]:
        """The drawn values by name, for people: families as {index: value}, functions as polynomials."""
        out: dict[str, Any] = {}
        for (name, *args), x in self.drawn.items():
            if name == "tag":
                continue
            if name == "smooth":
                f, *index = args
                out.setdefault(f, {})[",".join([*map(show, index), "x"])] = "{} + {} x + {} x^2".format(*x)
            elif args:
                out.setdefault(name, {})[",".join(map(show, args))] = show(x)
            else:
                out[name] = show(x)
        return out


def lowest(bounds: Bounds) -> Fraction:
    """The smallest integer in range: the degenerate length."""
    return Fraction(0 if bounds.low is None else floor(bounds.low) + 1 if bounds.low_open else ceil(bounds.low))


@dataclass
class Outcome:
    """What a search did: cases in which the assumptions held, evaluations in all, and the shrunk counterexample.

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
    except Undefined:
        return fails(claim, env)


class Broken(Exception):
    """The claim fails in this case."""


class Spent(KeyboardInterrupt):
    """The budget is spent: the one way to stop Hypothesis at once."""


def explore(p: Proposition, budget: int, start: int = 0, shrink: bool = True) -> Outcome:
    """Look for a case in which all assumptions hold and the claim fails. Deterministic for a given `start`.

    Without `shrink` the counterexample is the first one met: enough to know that there is one.
    """
    claim = formula(p.statement)
    assumptions = [formula(a) for a in p.assumptions.values()]
    steering = Steering()
    for a in assumptions:
        steering.read(a)
    for p_ in (claim, *assumptions):
        steering.find_functions(p_)
    outcome = Outcome(0, 0, None)

    @seed(start)
    @settings(
        max_examples=budget, database=None, deadline=None, report_multiple_bugs=False,
        phases=(Phase.generate, *([Phase.shrink] if shrink else [])), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def run(data: Any) -> None:
        if outcome.counterexample is None and outcome.evaluations >= WASTE * budget:
            raise Spent
        env = Drawn(data.conjecture_data.draw, steering, p.hints)  # not data.draw: nothing is printed
        outcome.evaluations += 1
        try:
            held = every(holds(a, env, env.made, steering) for a in assumptions)
            broken = held is not False and fails_here(claim, env)
        except Undefined:
            held = False
        assume(held is not False)
        outcome.satisfied += held is True
        outcome.undecided += held is None
        if broken and held:
            outcome.counterexample, outcome.violated, outcome.case = env.report(), sides(claim, env), env.case()
            raise Broken

    try:
        with steady():
            run()
    except (Broken, Spent, Unsatisfiable):  # a counterexample; the end; or no case in which the assumptions held
        pass
    return outcome


def search(p: Proposition, verdict: Any, budget: int = BUDGET, start: int = 0) -> Evidence:
    """The search as evidence: a proved claim must survive; a refuted one is looked for from scratch."""
    if p.reason or p.exists:
        return Evidence("search", "no search: the claim is not universal")
    refuted = str(getattr(verdict, "status", "")) == "refuted"
    outcome = explore(p, budget, start, shrink=not refuted)
    if refuted:
        found = "found again from scratch" if outcome.counterexample else f"not found again within {budget} evaluations"
        return Evidence("search", found)
    if outcome.counterexample:
        return Evidence("search", f"counterexample {outcome.counterexample}: {outcome.violated}", ok=False)
    if not outcome.satisfied:
        return Evidence("search", f"{budget} evaluations, none of which satisfied the assumptions")
    return Evidence("search", f"survived {budget} evaluations")
