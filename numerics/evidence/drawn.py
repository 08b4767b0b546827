"""Cases for a search: values of symbols and families, drawn when the evaluator first asks for them, then kept.

The assumptions steer the draws: constant bounds become ranges, equations become definitions (so recursions, normalised
weights and derivatives hold by construction), and what is left is a filter.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from flint import arb

from theory.evaluate import Env, reader, truth, truth_of
from theory.kernel import Term
from theory.numbers import EXACT, Dual, Number, Undefined, Unknown, dual, number, plain, plus, show, times, whole
from theory.proposition import Case

from .steering import EQUAL, LOW, Rule, Steering, first_of, shifted
from .strategies import BY_NAME, INT_FAMILY_TAGS, MEMBERS, REAL_FAMILY_TAGS, Bounds, Pools, integers

Choose = Callable[[int], int]  # an index below n, of a drawn list whose simplest member comes first
GENERIC = MEMBERS["generic"](Bounds())
QUARTERS = [number(Fraction(k, 4)) for k in (0, 1, -1, 2, -2)]


class Undrawable(Unknown):
    """No value that fits the assumptions could be drawn: this says nothing about the claim."""


class Drawn(Env):
    """An environment whose values are drawn on demand and then kept."""

    def __init__(self, choose: Choose, steering: Steering, hints: dict[str, str]):
        super().__init__({})
        self.choose, self.steering, self.hints = choose, steering, hints
        self.drawn: dict[Any, Any] = {}
        self.made: dict[Any, Rule] = {}  # what an assumed equation gave, and which
        self.sorts: dict[str, str] = {}
        self.busy: set[Any] = set()

    def one(self, of: Sequence[Any]) -> Any:
        return of[self.choose(len(of)) if len(of) > 1 else 0]

    def draw(self, of: Pools) -> Number:
        if not of:
            raise Undrawable("its bounds contradict each other")
        return self.one(self.one(of))

    def home(self, free: frozenset[Term]) -> Env:
        return Env({}) if self.busy else self  # what a half-worked-out definition went through is not kept

    def var(self, name: str, sort: str) -> Any:
        return self.lookup(name, sort, ())

    def app(self, name: str, sort: str, args: tuple[Any, ...]) -> Any:
        self.sorts[name] = sort
        if any(isinstance(a, arb) for a in args[:-1]):
            raise Undrawable(f"{name} at an irrational index")
        if args and (name in self.steering.functions or isinstance(args[-1], (Dual, arb))):
            given = self.defined(name, args)
            return self.function(name, args) if given is None else given
        return self.lookup(name, sort, args)

    def function(self, name: str, args: tuple[Any, ...]) -> Any:
        """The value of a drawn function. Where an equation gives it at this point alone, the slope must fit, too."""
        drawn = self.smooth(name, args)
        if isinstance(args[-1], Dual):
            there = self.defined(name, (*args[:-1], args[-1].value))
            if there is not None and truth_of("eq", there, dual(drawn).value) is not True:
                raise Undrawable(f"{name} is given at one point, not around it")
        return drawn

    def lookup(self, name: str, sort: str, args: tuple[Any, ...]) -> Any:
        key = (name, *args)
        if key not in self.drawn:
            if key in self.busy or len(self.busy) > 60 or name.startswith("#"):
                raise Undrawable(f"{name} is defined through itself")
            self.busy.add(key)
            try:
                found = self.defined(name, args)
                if sort == "Z" and found is not None and not whole(found):
                    raise Undrawable(f"{name} is defined as {show(found)}, which is not an integer")
                self.drawn[key] = found if found is not None else self.fresh(name, sort, args)
            finally:
                self.busy.discard(key)
        return self.drawn[key]

    def fresh(self, name: str, sort: str, args: tuple[Any, ...]) -> Number:
        bounds, hint = self.within(name, args), self.hints.get(name)
        if hint:
            return self.draw(BY_NAME[hint](bounds))
        if not args:
            return self.draw(integers(bounds) if sort == "Z" else MEMBERS["generic"](bounds))
        if ("tag", name) not in self.drawn:
            self.drawn["tag", name] = self.one(INT_FAMILY_TAGS if sort == "Z" else REAL_FAMILY_TAGS)
        tag = self.drawn["tag", name]
        known = [x for key, x in self.drawn.items() if key[0] == name and len(key) > 1 and type(x) in EXACT]
        if known and tag == "all-equal" or len(known) > 1 and tag == "ties":
            return known[0] if tag == "all-equal" else self.one(known)
        if sort == "Z":
            return self.draw(integers(bounds)) if tag != "degenerate" else lowest(bounds)
        return self.draw(MEMBERS[tag](bounds))

    def within(self, name: str, args: tuple[Any, ...]) -> Bounds:
        """The bounds that the assumptions give at these arguments."""
        bounds = Bounds()
        for rule in self.steering.rules.get(name, ()):
            try:
                env = None if rule.kind == EQUAL else self.applied(rule, args)
                limit = reader(rule.says)(env) if env else None
            except Undefined:  # the bound depends on what it bounds: it stays a filter
                continue
            if type(limit) in EXACT:
                bounds = (bounds.with_low if rule.kind == LOW else bounds.with_high)(plain(limit), rule.strict)
        return bounds

    def defined(self, name: str, args: tuple[Any, ...]) -> Any:
        """The value that an assumed equation gives, None if none does."""
        for rule in self.steering.rules.get(name, ()):
            try:
                env = self.applied(rule, args) if rule.kind == EQUAL else None
                if env:
                    found = reader(rule.says)(env)
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
                if shift is None or isinstance(actual, arb):
                    return None
                env = env.bind(over[0], plus(actual, number(-shift)))
                todo.remove(over[0])
            elif reader(pattern)(env) != actual:
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
            a = self.one([number(Fraction(k, 2) + low) for k in range(1, 5)]) if positive else self.draw(GENERIC)
            b = self.one(QUARTERS)
            c = self.one([x for x in QUARTERS if x > 0] if positive else QUARTERS)
            self.drawn[key] = (a, b, c)  # b^2 < 4 (a - low) c where it is to stay above `low`
        a, b, c = self.drawn[key]
        if name in self.steering.slopes:
            return plus(b, times(times(2, c), x))
        return plus(a, plus(times(b, x), times(c, times(x, x))))

    def case(self) -> Case:
        """The drawn values as a case of their own, for `theory.evaluate`; what was not drawn has no value in it."""

        def no_more(_: int) -> int:
            raise Undrawable("no value was drawn")

        frozen = Drawn(no_more, self.steering, self.hints)
        frozen.drawn = dict(self.drawn)

        def member(name: str, sort: str) -> Callable[..., Any]:
            return lambda *args: frozen.app(name, sort, tuple(map(number, args)))

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


def lowest(bounds: Bounds) -> int:
    """The smallest integer in range: the degenerate length."""
    return 0 if bounds.low is None else floor(bounds.low) + 1 if bounds.low_open else ceil(bounds.low)
