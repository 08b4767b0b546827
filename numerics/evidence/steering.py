"""What the assumptions of a claim say about how to draw its symbols and families, read from their formulas.

Inequalities with a symbol or family on one side become ranges, equations become definitions, a fixed sum of a family
fixes its last member, and derivatives make functions of families. Whatever is missed here stays a filter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from flint import arb

from theory.evaluate import Env, every, range_of, reader, span, truth
from theory.kernel import Term, mk
from theory.kernel.ring import UNIT, Poly, difference, poly, term
from theory.kernel.terms import ONE, is_int, le, sub

Terms = tuple[Term, ...]
LOW, HIGH, EQUAL = "low", "high", "equal"


@dataclass
class Rule:
    """For all values of `over` with `conditions`: `lhs`, a symbol or a family at some index, equals a term, or is at
    least (`kind` low) or at most (high) that term, or strictly so."""

    kind: str
    lhs: Term
    says: Term
    over: Terms
    conditions: Terms
    strict: bool = False


@dataclass
class Steering:
    """The rules by the name of what they speak of."""

    rules: dict[str, list[Rule]] = field(default_factory=dict)
    slopes: dict[str, str] = field(default_factory=dict)  # family of derivatives -> family of functions
    functions: set[str] = field(default_factory=set)  # families of a real argument

    def read(self, p: Term, over: Terms = (), conditions: Terms = ()) -> None:
        if p.op == "all":
            self.read(p.args[1], (*over, p.args[0]), conditions)
        elif p.op == "imp":
            self.read(p.args[1], over, (*conditions, p.args[0]))
        elif p.op == "and":
            for q in p.args:
                self.read(q, over, conditions)
        elif p.op in ("le", "lt"):
            for atom, bound, rises in solved(difference(p.args[1], p.args[0])):  # 0 <= the difference
                self.add(LOW if rises else HIGH, atom, bound, over, conditions, p.op == "lt")
        elif p.op == "eq":
            left, right = p.args
            if name_of(left):
                self.add(EQUAL, left, right, over, conditions)
            elif is_sum_of_family(left):
                i, lo, hi, member = left.args
                last = mk("app", *(hi if a is i else a for a in member.args))
                rest = sub(right, mk("sum", i, lo, sub(hi, ONE), member))
                self.add(EQUAL, last, rest, over, (*conditions, le(lo, hi)))
            elif name_of(right):
                self.add(EQUAL, right, left, over, conditions)
            else:
                for atom, rest, _ in list(solved(difference(left, right)))[:1]:
                    self.add(EQUAL, atom, rest, over, conditions)
        elif p.op == "deriv" and name_of(p.args[1]) and name_of(p.args[3]):
            self.slopes[name_of(p.args[3])] = name_of(p.args[1])

    def add(self, kind: str, lhs: Term, says: Term, over: Terms, conditions: Terms, strict: bool = False) -> None:
        if name := name_of(lhs):
            self.rules.setdefault(name, []).append(Rule(kind, lhs, says, over, conditions, strict))

    def find_functions(self, t: Term) -> None:
        """Families of a real argument, their last one: functions, which must be the same at every value of it."""
        if t.op == "app" and (name := name_of(t)) and len(t.args) > 2 and not is_int(t.args[-1]):
            self.functions.add(name)
        for a in t.args:
            if isinstance(a, Term):
                self.find_functions(a)


def name_of(t: Term) -> str:
    """The name of a symbol or family, '' for anything else."""
    opaque = t.op == "app" and t.args[0] in ("exp", "log", "sqrt", "pow")
    return t.args[0] if t.op in ("var", "app") and not opaque and not t.args[0].startswith("#") else ""


def solved(p: Poly) -> Iterator[tuple[Term, Term, bool]]:
    """For each symbol or member that p is linear in: it, where p = 0, and whether p rises with it."""
    for m, c in sorted(p.items(), key=lambda mc: repr(sorted(map(repr, mc[0])))):
        atoms = [a for a, n in m if n == 1]
        alone = len(m) == 1 and atoms and name_of(atoms[0])
        if alone and not any(a is atoms[0] for other in p if other != m for a, _ in other):
            yield atoms[0], term({n: -x / c for n, x in p.items() if n != m}), c > 0


def is_sum_of_family(t: Term) -> bool:
    """Whether t is a sum of members of one family, over one of its arguments."""
    if t.op != "sum" or not name_of(t.args[3]):
        return False
    i, _, hi, member = t.args
    return sum(a is i for a in member.args[2:]) == 1 and sum(i in a.free for a in member.args[2:]) == 1


def first_of(v: Term, rule: Rule, env: Env) -> Env:
    """The environment with a variable that the left side does not fix at the start of its range."""
    for c in rule.conditions:
        if c.op == "and" and len(c.args) == 2 and c.args[0].op == "le" and c.args[0].args[1] is v:
            return env.bind(v, reader(c.args[0].args[0])(env))
    return env


@cache
def shifted(t: Term, v: Term) -> Fraction | None:
    """The number c such that t = v + c, None if there is none."""
    rest = poly(sub(t, v))
    return rest.get(UNIT, Fraction(0)) if set(rest) <= {UNIT} else None


def holds(p: Term, env: Env, made: Mapping[Any, Rule], steering: Steering) -> bool | None:
    """Whether an assumption holds. What was drawn by an equation (`made`: value -> rule) satisfies it by construction,
    where balls could not tell; so do the slopes and signs of functions that were drawn. None where it is not known."""

    def inner(q: Term, at: Env = env) -> bool | None:
        return holds(q, at, made, steering)

    if p.op == "and":
        return every(inner(q) for q in p.args)
    if p.op == "imp":
        premise = truth(p.args[0], env)
        conclusion = True if premise is False else inner(p.args[1])
        return conclusion if premise is not None or conclusion else None
    if p.op == "all" and p.args[0].args[1] == "R":
        here = inner(p.args[1], env.bind(p.args[0], 0))
        return False if here is False else True if here and by_construction(innermost(p), steering) else None
    if p.op == "all" and (bounds := range_of(p)):
        return every(inner(p.args[1].args[1], env.bind(p.args[0], k)) for k in span(*bounds, env))
    found = truth(p, env)
    if found is None and p.op == "deriv" and by_construction(p, steering):
        return True
    if found is None and p.op == "eq" and any(was_made(a, b, env, made) for a, b in (p.args, p.args[::-1])):
        return True
    return found


def was_made(left: Term, right: Term, env: Env, made: Mapping[Any, Rule]) -> bool:
    """Whether the value on the left was drawn by this very equation."""
    if not name_of(left):
        return False
    key = (left.args[0], *(reader(a)(env) for a in left.args[2:]))
    rule = None if any(isinstance(a, arb) for a in key) else made.get(key)
    return rule is not None and (rule.lhs, rule.says) == (left, right)


def by_construction(p: Term, steering: Steering) -> bool:
    """Whether every function that is drawn satisfies p, wherever: a named slope, or a constant lower bound."""
    if p.op == "deriv":
        return steering.slopes.get(name_of(p.args[3])) == name_of(p.args[1]) != ""
    below = p.op in ("le", "lt") and p.args[0].op == "num" and p.args[0].args[0] >= 0
    return bool(below and name_of(p.args[1]) in steering.functions)


def innermost(p: Term) -> Term:
    while p.op in ("all", "imp"):
        p = p.args[1]
    return p
