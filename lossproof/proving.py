"""Proves the claims of a property at a shape: every one by `unsat` of its negation, everything in it being defined."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import z3

from theory.kernel import Term
from theory.kernel.ring import UNIT, poly
from theory.kernel.terms import ZERO, mk, ne

from .alike import Alike, Forms
from .candidates import case_of
from .meanings.exact import FALSE, TRUE
from .properties import Property
from .smt import Encoder
from .subject import Subject
from .tidy import Tidy
from .trace import TooManyPaths
from .witness import Case
from .world import SymbolicWorld

WORK = 6_000_000  # z3's own count of its steps, per query: a limit that does not depend on the machine's load
QUERY_MS = 20_000  # and one that does, should the count stand still
NOTHING = "it says nothing"  # the reason where a property has no claim that ever applies


@dataclass(frozen=True)
class Proof:
    """The outcome of a proof attempt."""

    proved: bool
    method: str = ""
    reason: str = ""
    candidate: Case | None = None
    worth_smaller: bool = False
    needed: Term | None = None  # the condition without which the claims have no value; the candidate is a case where it fails


def prove(p: Property, subject: Subject, G: int, T: int, certify: bool = False, where: Sequence[Term] = ()) -> Proof:
    """All claims of a property at a shape, by `unsat`; a model of a negation comes back as a candidate case.

    `certify`: an `unsat` counts only where cvc5 confirms it. `where`: assumed beside what the property assumes.
    """
    assert p.claims is not None
    try:
        escapes = subject.escapes(G, T)
        if escapes:
            return Proof(False, reason=f"{escapes[0].what} at {escapes[0].line}")
        differs = subject.differs(G, T)
        if differs:
            return Proof(False, reason=differs)
        world = SymbolicWorld(subject, G, T)
        claims = p.claims(world)
        world.given += where
        goals = [(world.condition(c.left, c.relation, c.right), [g for g in c.given if isinstance(g, Term)]) for c in claims]
        tidy = Tidy()
        goals = [(goal, given) for goal, given in goals if FALSE not in map(tidy, given)]  # what never arises proves nothing
    except TooManyPaths as e:
        return Proof(False, reason=str(e), worth_smaller=True)
    except NotImplementedError as e:
        return Proof(False, reason=str(e))
    if not goals:
        return Proof(False, reason=f"{NOTHING} at G = {G}, T = {T}", worth_smaller=False)
    solver = Solver(world, certify)
    for goal, given in goals:
        answer, detail = solver.holds(goal, given)
        if answer == "sat":
            return Proof(
                False,
                reason="the solver has a candidate that the float64 function does not confirm",
                candidate=case_of(detail, solver.encoder, subject, G, T),
            )
        if answer == "undefined":
            reason = f"cannot show that this holds, without which the loss is undefined: {detail!r:.80}"
            model = solver.fails(detail)
            case = None if model is None else case_of(model, solver.encoder, subject, G, T)
            return Proof(False, reason=reason, worth_smaller=True, candidate=case, needed=detail)
        if answer != "unsat":
            return Proof(False, reason=f"z3: {detail} on one of {len(goals)} claims", worth_smaller=True)
    if solver.vacuous():
        return Proof(False, reason=f"no input of shape G = {G}, T = {T} is known to satisfy what the property asks for")
    second = f" and cvc5 {import_module('cvc5').__version__}" if solver.certify else ""
    return Proof(True, f"unsat, z3 {z3.get_version_string()}{second}, {len(goals)} claims")


@cache
def roots(t: Term) -> int:
    """How deep the square roots in a term are nested."""
    return (t.op == "app" and t.args[0] == "sqrt") + max((roots(a) for a in t.args if isinstance(a, Term)), default=0)


def limited() -> Any:
    solver = z3.SolverFor("QF_NRA")
    solver.set("timeout", QUERY_MS, "rlimit", WORK)
    return solver


def certify(solver: Any) -> bool:
    """Whether cvc5 agrees that what a z3 solver holds is unsatisfiable: the same query, as SMT-LIB text."""
    import cvc5

    second = cvc5.Solver(cvc5.TermManager())
    second.setOption("tlimit-per", str(QUERY_MS))
    parser = cvc5.InputParser(second)
    parser.setStringInput(
        cvc5.InputLanguage.SMT_LIB_2_6, "(set-logic QF_NRA)\n" + solver.to_smt2().replace("(check-sat)", ""), "query"
    )
    while not (command := parser.nextCommand()).isNull():
        command.invoke(second, parser.getSymbolManager())
    return bool(second.checkSat().isUnsat())


def factors(condition: Term) -> list[Term]:
    """A condition in parts: x y is not 0 where neither x nor y is."""
    if condition.op != "not" or condition.args[0].op != "eq" or condition.args[0].args[1] is not ZERO:
        return [condition]
    product = condition.args[0].args[0]
    return [p for f in product.args for p in factors(ne(f, ZERO))] if product.op == "mul" else [condition]


def evident(condition: Term) -> bool:
    """Whether a condition says that a positive number and mask entries do not add up to 0."""
    if condition.op != "not" or condition.args[0].op != "eq" or condition.args[0].args[1] is not ZERO:
        return False
    p = poly(condition.args[0].args[0])
    masks = all(a.op == "var" and a.args[1] == "Z" for m in p for a, _ in m)
    return masks and p.get(UNIT, 0) > 0 and all(c > 0 for c in p.values())


class Solver:
    """One encoder for all claims of a property. Tries first with 1/d and roots as arbitrary numbers, then exactly.

    Answers are "unsat" (proved), "sat" with a model, "undefined" with the condition that could not be shown, "unknown".
    """

    def __init__(self, world: SymbolicWorld, certify: bool = False):
        self.certify = certify or getattr(world.subject, "certify", False)  # ask cvc5 too
        self.encoder = Encoder(positive=frozenset(world.positive), marks=tuple(world.marks))
        self.assumed = list(dict.fromkeys(world.given))
        self.given = [self.encoder.encode(t) for t in self.assumed]
        self.parts: dict[Term, frozenset[Term]] = {}
        self.defined: dict[tuple[Term, tuple[Term, ...]], bool] = {}
        self.tidy, self.forms = Tidy(), Forms()
        self.alike = Alike(self.assumed, self.forms)
        self.proved: set[Any] = set()
        self.equal: dict[tuple[Term, Term], bool] = {}
        self.asked: list[Term] = []  # what `same` asked the solver: what it needs to be defined is a condition too

    def holds(self, goal: Term, extra: list[Term] | None = None) -> tuple[str, Any]:
        """Whether the goal follows, everything in it being defined."""
        extra = list(extra or [])
        key = self.alike.key(goal, extra, [part for t in (goal, *extra) for part in self.partial(t)])
        if key in self.proved:
            return "unsat", None
        plain, *given = tidied = [self.tidy(t) for t in (goal, *extra)]
        apart = goal.op == "eq" and roots(goal) > 1  # as a whole, roots of roots are too much for the solver
        answer, detail = ("unsat", None) if apart and self.same(*goal.args) else self.follows(plain, given)
        if answer != "unsat":
            return answer, detail
        undefined = self.undefined([goal, *extra], [*tidied, *self.asked], extra)
        if undefined is not None:
            return "undefined", undefined
        self.proved.add(key)
        return "unsat", None

    def follows(self, goal: Term, extra: list[Term]) -> tuple[str, Any]:
        if goal is TRUE or goal.op == "eq" and self.forms.of(goal.args[0]) == self.forms.of(goal.args[1]):
            return "unsat", None  # the two sides are the same expression
        claim, given = self.encoder.encode(goal), [self.encoder.encode(t) for t in extra]
        if z3.is_eq(claim) and claim.arg(0).eq(claim.arg(1)):
            return "unsat", None  # the two sides are the same expression
        negated = z3.Not(claim)
        near = self.near([goal, *extra])
        assumed = [self.encoder.encode(t) for t in near]
        known = self.encoder.known([goal, *extra, *near])
        answer: tuple[str, Any] = ("unknown", "")
        signs = [c for key in known for c in self.encoder.signs[key]]
        facts = [c for key in known for c in self.encoder.facts[key]]
        for constraints in (signs, signs + facts) if facts else (signs,):
            solver = limited()
            solver.add(*assumed, *given, *constraints, negated)
            outcome = solver.check()
            if outcome == z3.unsat:
                return (
                    ("unsat", None)
                    if not self.certify or certify(solver)
                    else ("unknown", "z3 says unsat, cvc5 does not confirm it")
                )
            answer = ("sat", solver.model()) if outcome == z3.sat else ("unknown", solver.reason_unknown())
        return answer

    def same(self, a: Term, b: Term) -> bool:
        """Whether two terms that are built alike are equal because their parts are; of parts, quotients are asked about."""
        if a is b:
            return True
        if (a, b) not in self.equal:
            alike = a.op == b.op and len(a.args) == len(b.args)
            self.equal[a, b] = alike and all(
                self.same(x, y) if isinstance(x, Term) else x == y for x, y in zip(a.args, b.args, strict=True)
            )
            if not self.equal[a, b] and alike and a.op == "mul" and any(x.op == "inv" for x in a.args):
                self.asked.append(self.tidy(mk("eq", a, b)))
                self.equal[a, b] = self.follows(self.asked[-1], [])[0] == "unsat"
        return self.equal[a, b]

    def undefined(self, terms: list[Term], tidied: list[Term], extra: list[Term]) -> Term | None:
        """What a division, root or log in these terms, as written or tidied, needs and may not have; None if there is none.

        Inner ones first: a condition may use the facts of what it is made of, never those of what it is a condition for.
        """
        parts = list(dict.fromkeys(part for t in [*terms, *self.assumed] for part in self.partial(t)))
        for part in parts:  # what cancels when a term is normalised is looked at too
            self.encoder.encode(part)
        encoded = [t for t in tidied if t in self.encoder.uses]
        for key in self.encoder.known([*encoded, *self.assumed, *parts]):
            condition = self.encoder.domains.get(key)
            if condition is None:
                continue
            apart = [t for t in extra if t.free & condition.free]
            if not (self._clear(key, condition, ()) or (apart and self._clear(key, condition, tuple(apart)))):
                return condition
        return None

    def near(self, terms: list[Term]) -> list[Term]:
        """The assumptions that share symbols with these terms, directly or through one another; the others cannot matter."""
        seen = frozenset[Term]().union(*(t.free for t in terms))
        rest, out = self.assumed, list[Term]()
        while new := [t for t in rest if t.free & seen or not t.free]:
            out += new
            seen = seen.union(*(t.free for t in new))
            rest = [t for t in rest if t not in new]
        return out

    def partial(self, t: Term) -> frozenset[Term]:
        """The divisions, roots and logs in a term as it was written."""
        if t not in self.parts:
            own = [t] if t.op == "inv" or (t.op == "app" and t.args[0] in ("sqrt", "log")) else []
            self.parts[t] = frozenset(own).union(*(self.partial(a) for a in t.args if isinstance(a, Term)))
        return self.parts[t]

    def _clear(self, key: Term, condition: Term, extra: tuple[Term, ...]) -> bool:
        """Whether a domain condition follows from the assumptions and from the facts of the terms inside it."""
        parts = factors(condition)
        if len(parts) > 1:
            return all(self._clear(p, p, extra) for p in parts)
        if evident(condition):
            return True
        if (key, extra) not in self.defined:
            self.defined[key, extra] = False
            self.encoder.encode(condition)
            known = self.encoder.known([condition])
            given = [self.encoder.encode(t) for t in [*self.near([condition, *extra]), *extra] if self._uses(t) <= set(known)]
            signs = [c for name in known for c in self.encoder.signs[name]]
            for constraints in (signs, signs + [c for name in known for c in self.encoder.facts[name]]):
                solver = limited()
                solver.add(*given, *constraints, z3.Not(self.encoder.encode(condition)))
                if solver.check() == z3.unsat and (not self.certify or certify(solver)):
                    self.defined[key, extra] = True
                    break
        return self.defined[key, extra]

    def _uses(self, t: Term) -> set[Term]:
        self.encoder.encode(t)
        return self.encoder.uses[t]

    def fails(self, condition: Term) -> Any:
        """A model of the assumptions in which a condition fails, None if none is found; few of its numbers are not 0,
        so that floats have a chance to hit it."""
        rewards = sorted((v for v in condition.free if "reward" in v.args[0]), key=repr)
        for free in [*([v] for v in rewards), rewards]:
            solver = limited()
            solver.add(
                *self.given,
                z3.Not(self.encoder.encode(condition)),
                *(self.encoder.encode(v) == 0 for v in rewards if v not in free),
            )
            if solver.check() == z3.sat:
                return solver.model()
        return None

    def vacuous(self) -> bool:
        """Whether no input satisfies the assumptions."""
        solver = limited()
        solver.add(*self.given)
        return bool(solver.check() != z3.sat)
