"""What the assumptions of a claim say about how to draw its symbols and families, read from their formulas.

Inequalities with a symbol or family on one side become ranges, equations become definitions, a fixed sum of a family
fixes its last member, and derivatives make functions of families. Whatever is missed here stays a filter.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from theory.evaluate import Env, value
from theory.kernel import Term, mk
from theory.kernel.ring import UNIT, poly
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
            low, high = p.args
            self.add(LOW, high, low, over, conditions, p.op == "lt")
            self.add(HIGH, low, high, over, conditions, p.op == "lt")
        elif p.op == "eq":
            left, right = p.args
            if name_of(left):
                self.add(EQUAL, left, right, over, conditions)
            elif is_sum_of_family(left):
                i, lo, hi, member = left.args
                last = mk("app", *(hi if a is i else a for a in member.args))
                rest = sub(right, mk("sum", i, lo, sub(hi, ONE), member))
                self.add(EQUAL, last, rest, over, (*conditions, le(lo, hi)))
            else:
                self.add(EQUAL, right, left, over, conditions)
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
            return env.bind(v, value(c.args[0].args[0], env))
    return env


@cache
def shifted(t: Term, v: Term) -> Fraction | None:
    """The number c such that t = v + c, None if there is none."""
    difference = poly(sub(t, v))
    return difference.get(UNIT, Fraction(0)) if set(difference) <= {UNIT} else None
