"""Decides one property of one subject at one shape.

First the quick refuter: small cases through the original function. Then the proof: every claim of the property, over all
rewards, log-probabilities and lengths of the shape, as `unsat` of its negation. A candidate from the solver is re-executed
on the original function before it counts. What is left is searched at random and is `tested`, or `unknown` with the reason.
"""

import random
import time
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any

import z3

from theory.kernel import Term

from .properties import Property
from .smt import Encoder
from .subject import Subject
from .trace import TooManyPaths
from .witness import Case, corners, drawn, shapes_up_to, simpler
from .world import Claim, ConcreteWorld, SymbolicWorld, violated

WORK = 6_000_000  # z3's own count of its steps, per query: a limit that does not depend on the machine's load
QUERY_MS = 20_000  # and one that does, should the count stand still
TRIALS = 200  # random cases where a proof is not to be had


@dataclass(frozen=True)
class Finding:
    """The verdict on one property, as in the contract's JSON."""

    id: str
    verdict: str
    statement: str
    scope: str = ""
    method: str = ""
    seconds: float = 0.0
    formula: str | None = None
    witness: dict[str, Any] | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def decide(p: Property, subject: Subject, G: int, T: int) -> Finding:
    """The verdict at the asked shape, or at the largest smaller one that can be decided; the scope says which."""
    start = time.perf_counter()
    finding = _decide(p, subject, G, T)
    return replace(finding, seconds=round(time.perf_counter() - start, 4))


def _decide(p: Property, subject: Subject, G: int, T: int) -> Finding:
    missing = [n for n in p.needs if not subject.takes(n)]
    if missing:
        return Finding(p.id, "not-applicable", p.statement, reason=f"the objective does not take {', '.join(missing)}")
    if p.decide is not None:
        return p.decide(p, subject, G, T)
    assert p.claims is not None
    broken = refute(p, subject, (c for g, t in shapes_up_to(G, T) for c in corners(g, t)))
    if broken is not None:
        return refuted(p, subject, broken)
    reason = ""
    for g, t in dict.fromkeys([(G, T), (min(G, 4), min(T, 3)), (2, 2), (2, 1)]):
        if g > G or t > T:
            continue
        proof = prove(p, subject, g, t)
        if proof.candidate is not None:
            broken = refute(p, subject, [proof.candidate])
            if broken is not None:
                return refuted(p, subject, broken)
        if proof.proved:
            smaller = "" if (g, t) == (G, T) else f"; only at G = {g}, T <= {t}: larger shapes are undecided"
            return Finding(p.id, "proved", p.statement, scope(g, t) + smaller + branches(subject, g, t), proof.method)
        reason = reason or proof.reason
        if not proof.worth_smaller:
            break
    rng = random.Random(0)
    broken = refute(p, subject, (drawn(max(2, rng.randint(2, G)), rng.randint(1, T), rng) for _ in range(TRIALS)))
    if broken is not None:
        return refuted(p, subject, broken)
    if "paths" in reason or subject.escapes(G, T):
        return Finding(p.id, "unknown", p.statement, scope(G, T), reason=reason)
    return Finding(p.id, "tested", p.statement, scope(G, T), f"{TRIALS} random cases and the corner cases", reason=reason)


def scope(G: int, T: int) -> str:
    return f"G = {G}, all lengths 1..{T}, all real rewards and log-probabilities"


def branches(subject: Subject, G: int, T: int) -> str:
    """The branches on data that were explored on both sides."""
    lines = sorted({line for trace in subject.paths(G, T) for _, _, line in trace.decisions})
    return f"; both sides of the branches at {', '.join(lines)}" if lines else ""


# -- refuting --------------------------------------------------------------------------------------------------------


def first_violation(p: Property, subject: Subject, case: Case) -> tuple[Claim, ConcreteWorld] | None:
    """The claim that the case breaks, if it is one that the property speaks of."""
    assert p.claims is not None
    world = ConcreteWorld(subject, case)
    try:
        claims = p.claims(world)
    except Exception:  # the function refuses this input: it says nothing about the property
        return None
    if world.outside:
        return None
    return next(((c, world) for c in claims if violated(c, world.scale)), None)


def refute(p: Property, subject: Subject, cases: Any) -> Case | None:
    """The first case that breaks a claim, made simpler while it still does."""
    for case in cases:
        if first_violation(p, subject, case) is None:
            continue
        shrinking = True
        while shrinking:
            shrinking = False
            for neighbour in simpler(case):
                if first_violation(p, subject, neighbour) is not None:
                    case, shrinking = neighbour, True
                    break
        return case
    return None


def refuted(p: Property, subject: Subject, case: Case) -> Finding:
    found = first_violation(p, subject, case)
    assert found is not None
    claim, world = found
    witness = {
        "property": p.id, "target": subject.name, "claim": claim.says, "relation": claim.relation,
        "left": float(claim.left), "right": float(claim.right), "scalars": world.scalars, "case": case,
        "group": {"rewards": [float(r) for r in claim.about.rewards], "lengths": [int(n) for n in claim.about.mask.sum(1)]},
    }  # fmt: skip
    shape = f"G = {world.G}, T = {world.T}"
    return Finding(p.id, "refuted", p.statement, shape, "re-executed in float64 PyTorch", witness=witness)


# -- proving ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """The outcome of a proof attempt."""

    proved: bool
    method: str = ""
    reason: str = ""
    candidate: Case | None = None
    worth_smaller: bool = False


def prove(p: Property, subject: Subject, G: int, T: int, certify: bool = False) -> Proof:
    """All claims of a property at a shape, by `unsat`; a model of a negation comes back as a candidate case.

    `certify`: an `unsat` counts only where cvc5 confirms it.
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
        goals = [(world.condition(c.left, c.relation, c.right), [g for g in c.given if isinstance(g, Term)]) for c in claims]
    except TooManyPaths as e:
        return Proof(False, reason=str(e), worth_smaller=True)
    except NotImplementedError as e:
        return Proof(False, reason=str(e))
    solver = Solver(world, certify)
    for goal, given in goals:
        answer, detail = solver.holds(goal, given)
        if answer == "sat":
            return Proof(
                False,
                reason="the solver has a candidate that the float64 function does not confirm",
                candidate=case_of(detail, solver.encoder, G, T),
            )
        if answer == "undefined":
            reason = f"cannot show that this holds, without which the loss is undefined: {detail}"
            return Proof(False, reason=reason, worth_smaller=True)
        if answer != "unsat":
            return Proof(False, reason=f"z3: {detail} on one of {len(goals)} claims", worth_smaller=True)
    if solver.vacuous():
        return Proof(False, reason=f"no input of shape G = {G}, T = {T} is known to satisfy what the property asks for")
    second = f" and cvc5 {import_module('cvc5').__version__}" if certify else ""
    return Proof(True, f"unsat, z3 {z3.get_version_string()}{second}, {len(goals)} claims")


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


class Solver:
    """One encoder for all claims of a property. Tries first with 1/d and roots as arbitrary numbers, then exactly.

    Answers are "unsat" (proved), "sat" with a model, "undefined" with the condition that could not be shown, "unknown".
    """

    def __init__(self, world: SymbolicWorld, certify: bool = False):
        self.certify = certify  # ask cvc5 too
        self.encoder = Encoder(positive=frozenset(world.positive), marks=tuple(world.marks))
        self.assumed = list(dict.fromkeys(world.given))
        self.given = [self.encoder.encode(t) for t in self.assumed]
        self.parts: dict[Term, frozenset[Term]] = {}
        self.defined: dict[tuple[Term, tuple[Term, ...]], bool] = {}

    def holds(self, goal: Term, given: list[Term] | None = None) -> tuple[str, Any]:
        """Whether the goal follows, everything in it being defined."""
        extra = list(given or [])
        answer, detail = self.follows(goal, extra)
        if answer != "unsat":
            return answer, detail
        undefined = self.undefined([goal, *extra], extra)
        return ("undefined", undefined) if undefined else ("unsat", None)

    def follows(self, goal: Term, extra: list[Term]) -> tuple[str, Any]:
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

    def undefined(self, terms: list[Term], extra: list[Term]) -> str:
        """A division, root or log in these terms that may be undefined, '' if there is none.

        Inner ones first: a condition may use the facts of what it is made of, never those of what it is a condition for.
        """
        parts = list(dict.fromkeys(part for t in [*terms, *self.assumed] for part in self.partial(t)))
        for part in parts:  # what cancels when a term is normalised is looked at too
            self.encoder.encode(part)
        for key in self.encoder.known([*terms, *self.assumed, *parts]):
            condition = self.encoder.domains.get(key)
            if condition is None:
                continue
            apart = [t for t in extra if t.free & condition.free]
            if not (self._clear(key, condition, ()) or (apart and self._clear(key, condition, tuple(apart)))):
                return f"{condition!r:.80}"
        return ""

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

    def vacuous(self) -> bool:
        """Whether no input satisfies the assumptions."""
        solver = limited()
        solver.add(*self.given)
        return bool(solver.check() != z3.sat)


def case_of(model: Any, encoder: Encoder, G: int, T: int) -> Case:
    """A solver's model as a case: rewards and lengths as they are, log-probabilities so that the ratios come out."""

    def real(name: str, default: float = 0.0) -> float:
        q = model.eval(z3.Real(name), model_completion=True)
        try:
            return float(q.as_fraction())
        except AttributeError:
            return float(q.approx(12).as_fraction()) if hasattr(q, "approx") else default

    def table(name: str) -> list[list[float]]:
        return [[real(f"{name}_{i}_{t}") for t in range(T)] for i in range(G)]

    logp = [[-abs(x) - 0.5 for x in row] for row in table("logp")]
    old, ref = [row[:] for row in logp], [row[:] for row in logp]
    for key, symbol in encoder.opaque.items():
        if key.op == "app" and key.args[0] == "exp":
            value = model.eval(symbol, model_completion=True)
            size = float(value.as_fraction()) if hasattr(value, "as_fraction") else 1.0
            encoder.place(key, max(size, 1e-6), logp, old, ref)
    rewards = [real(f"reward_{i}") for i in range(G)]
    mask = [
        [1.0] + [1.0 if z3.is_true(model.eval(z3.Bool(f"mask_{i}_{t}"), model_completion=True)) else 0.0 for t in range(1, T)]
        for i in range(G)
    ]
    mean = sum(rewards) / G
    return {
        "logp": logp, "old_logp": old, "ref_logp": ref, "mask": mask, "entropy": table("entropy"), "rewards": rewards,
        "advantages": [[r - mean] for r in rewards], "phi": abs(real("phi", 2.0)) or 2.0, "c": real("c", 1.0) or 1.0,
    }  # fmt: skip
