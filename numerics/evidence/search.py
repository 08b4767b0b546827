"""Search for counterexamples: any proposition, from its formal statement alone, in exact arithmetic.

Symbols and families are drawn by Hypothesis when the evaluator first asks for them. The assumptions steer the draws:
constant bounds become ranges, equations become definitions (so recursions, normalised weights and derivatives hold by
construction), and what is left is a filter. The budget is in evaluations, so that a verdict does not depend on load.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from theory.evaluate import Dual, Env, Undefined, fails, show, sides, truth, value
from theory.kernel import Term
from theory.kernel.ring import poly
from theory.kernel.terms import sub
from theory.language import formula
from theory.proposition import Proposition
from theory.verdict import Evidence

from .strategies import BY_NAME, INT_FAMILY_TAGS, MEMBERS, REAL_FAMILY_TAGS, Bounds, integers

BUDGET = 60  # evaluations per claim in `lossproof check`; tests/refute spends ten times as many


@dataclass
class Definition:
    """`lhs = rhs` for all values of `over` that satisfy `conditions`: tells the value of the family or symbol on the left."""

    lhs: Term
    rhs: Term
    over: tuple[Term, ...]
    conditions: tuple[Term, ...]


@dataclass
class Steering:
    """What the assumptions say about how to draw."""

    bounds: dict[str, Bounds] = field(default_factory=dict)
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    slopes: dict[str, str] = field(default_factory=dict)  # family of derivatives -> family of functions

    def read(self, p: Term, over: tuple[Term, ...] = (), conditions: tuple[Term, ...] = ()) -> None:
        if p.op == "all":
            self.read(p.args[1], (*over, p.args[0]), conditions)
        elif p.op == "imp":
            self.read(p.args[1], over, (*conditions, p.args[0]))
        elif p.op == "and":
            for q in p.args:
                self.read(q, over, conditions)
        elif p.op in ("le", "lt"):
            self.bound(*p.args, is_open=p.op == "lt")
        elif p.op == "eq" and (name := name_of(p.args[0])):
            self.definitions.setdefault(name, []).append(Definition(p.args[0], p.args[1], over, conditions))
        elif p.op == "deriv" and name_of(p.args[1]) and name_of(p.args[3]):
            self.slopes[name_of(p.args[3])] = name_of(p.args[1])

    def bound(self, low: Term, high: Term, is_open: bool) -> None:
        if low.op == "num" and (name := name_of(high)):
            self.bounds[name] = self.bounds.get(name, Bounds()).with_low(low.args[0], is_open)
        if high.op == "num" and (name := name_of(low)):
            self.bounds[name] = self.bounds.get(name, Bounds()).with_high(high.args[0], is_open)


def name_of(t: Term) -> str:
    """The name of a symbol or family, '' for anything else."""
    opaque = t.op == "app" and t.args[0] in ("exp", "log", "sqrt", "pow")
    return t.args[0] if t.op in ("var", "app") and not opaque and not t.args[0].startswith("#") else ""


class Drawn(Env):
    """An environment whose values are drawn on demand and then kept."""

    def __init__(self, draw: Callable[[Any], Any], steering: Steering, hints: dict[str, str]):
        super().__init__({})
        self.draw, self.steering, self.hints = draw, steering, hints
        self.drawn: dict[Any, Any] = {}
        self.busy: set[Any] = set()

    def var(self, name: str, sort: str) -> Any:
        return self.lookup(name, sort, ())

    def app(self, name: str, sort: str, args: tuple[Any, ...]) -> Any:
        if args and isinstance(args[-1], Dual) or name in self.steering.slopes or name in self.steering.slopes.values():
            return self.smooth(name, args)
        return self.lookup(name, sort, args)

    def lookup(self, name: str, sort: str, args: tuple[Any, ...]) -> Any:
        key = (name, *args)
        if key not in self.drawn:
            if key in self.busy or len(self.busy) > 60:
                raise Undefined(f"{name} is defined through itself")
            self.busy.add(key)
            try:
                found = self.defined(name, args)
            finally:
                self.busy.discard(key)
            self.drawn[key] = found if found is not None else self.fresh(name, sort, args)
        return self.drawn[key]

    def fresh(self, name: str, sort: str, args: tuple[Any, ...]) -> Fraction:
        bounds, hint = self.steering.bounds.get(name, Bounds()), self.hints.get(name)
        if hint:
            return self.draw(BY_NAME[hint](bounds))
        if not args:
            return self.draw(integers(bounds) if sort == "Z" else MEMBERS["generic"](bounds))
        tags = INT_FAMILY_TAGS if sort == "Z" else REAL_FAMILY_TAGS
        tag = self.drawn.setdefault(("tag", name), self.draw(st.sampled_from(tags)))
        known = [x for key, x in self.drawn.items() if key[0] == name and len(key) > 1]
        if known and tag == "all-equal" or len(known) > 1 and tag == "ties":
            return known[0] if tag == "all-equal" else self.draw(st.sampled_from(known))
        if sort == "Z":
            return self.draw(integers(bounds)) if tag != "degenerate" else (bounds.low or Fraction(0)) + bounds.low_open
        return self.draw(MEMBERS[tag](bounds))

    def defined(self, name: str, args: tuple[Any, ...]) -> Any:
        """The value that an assumed equation gives, None if none does."""
        for d in self.steering.definitions.get(name, ()):
            env: Env = self
            solved = True
            for pattern, actual in zip(d.lhs.args[2:] if d.lhs.op == "app" else (), args, strict=True):
                over = [v for v in d.over if v in pattern.free]
                if over:
                    shift = poly(sub(pattern, over[0]))
                    solved = solved and set(shift) <= {frozenset()} and isinstance(actual, Fraction)
                    env = env.bind(over[0], actual - shift.get(frozenset(), Fraction(0))) if solved else env
                else:
                    solved = solved and value(pattern, self) == actual
            if solved and all(truth(c, env) is True for c in d.conditions):
                return value(d.rhs, env)
        return None

    def smooth(self, name: str, args: tuple[Any, ...]) -> Any:
        """A quadratic in the last argument, per value of the others; families of derivatives are its derivative."""
        base = self.steering.slopes.get(name, name)
        *index, x = args
        key = ("smooth", base, *index)
        if key not in self.drawn:
            low = self.steering.bounds.get(base, Bounds())
            positive = low.low is not None and low.low >= 0
            a = self.draw(st.sampled_from([Fraction(k, 2) for k in range(1, 5)])) if positive else self.draw(MEMBERS["generic"](Bounds()))
            b, c = (self.draw(st.sampled_from([Fraction(k, 4) for k in range(-2, 3)])) for _ in range(2))
            self.drawn[key] = (a, b, c)
        a, b, c = self.drawn[key]
        if name in self.steering.slopes:
            return b + x * (2 * c) if not isinstance(x, Dual) else x * (2 * c) + b
        return x * b + x * x * c + a

    def report(self) -> dict[str, str]:
        """The drawn values by name, for people: families as {index: value}."""
        out: dict[str, Any] = {}
        for (name, *args), x in self.drawn.items():
            if name in ("tag", "smooth"):
                continue
            if args:
                out.setdefault(name, {})[",".join(map(show, args))] = show(x)
            else:
                out[name] = show(x)
        return out


@dataclass
class Outcome:
    """What a search did: cases in which the assumptions held, evaluations in all, and the shrunk counterexample."""

    satisfied: int
    evaluations: int
    counterexample: dict[str, Any] | None
    violated: str = ""


def explore(p: Proposition, budget: int, start: int = 0) -> Outcome:
    """Look for a case in which all assumptions hold and the claim fails. Deterministic for a given `start`."""
    claim = formula(p.statement)
    assumptions = [formula(a) for a in p.assumptions.values()]
    steering = Steering()
    for a in assumptions:
        steering.read(a)
    outcome = Outcome(0, 0, None)

    @seed(start)
    @settings(
        max_examples=budget, database=None, deadline=None, report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def run(data: Any) -> None:
        env = Drawn(lambda s: data.draw(s), steering, p.hints)
        outcome.evaluations += 1
        try:
            held = all(truth(a, env) is not False for a in assumptions)
        except Undefined:
            held = False
        assume(held)
        outcome.satisfied += 1
        if fails(claim, env):
            outcome.counterexample, outcome.violated = env.report(), sides(claim, env)
            raise AssertionError

    try:
        run()
    except AssertionError:
        pass
    return outcome


def search(p: Proposition, verdict: Any, budget: int = BUDGET, start: int = 0) -> Evidence:
    """The search as evidence: a proved claim must survive; a refuted one is looked for from scratch."""
    if p.reason or p.exists:
        return Evidence("search", "no search: the claim is not universal")
    outcome = explore(p, budget, start)
    refuted = str(getattr(verdict, "status", "")) == "refuted"
    if refuted:
        found = "found again from scratch" if outcome.counterexample else f"not found again within {budget} evaluations"
        return Evidence("search", found)
    if outcome.counterexample:
        return Evidence("search", f"counterexample {outcome.counterexample}: {outcome.violated}", ok=False)
    if not outcome.satisfied:
        return Evidence("search", f"{budget} evaluations, none of which satisfied the assumptions")
    return Evidence("search", f"survived {budget} evaluations")
