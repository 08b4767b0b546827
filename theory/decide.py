"""Decides a proposition: runs its proof through the kernel, or re-executes its witness exactly.

A claim is `proved` only if the theorem concludes exactly the statement, from the stated assumptions alone; if every
denominator, log and root of the statement is defined under them; if the assumptions hold together in a stored model; and
if each assumption comes with a case in which dropping it breaks the claim, or says that none is known.
"""

from dataclasses import dataclass, field

from . import kernel as k
from .certificates import certificate
from .evaluate import Env, Undefined, fails, sides, truth
from .kernel import Refused, Term, Theorem, subst
from .kernel.terms import ONE, SCOPED, ZERO, le, lt, ne, neg
from .kernel.theorem import same
from .language import formula
from .proposition import UNNEEDED, Case, Proposition
from .tactics import Context
from .verdict import Evidence, Status, Verdict


@dataclass
class Goal(Context):
    """What a proof is given: `goal.claim` (the statement as a formula), `goal.given[name]` (an assumption as a theorem),
    and a `Context` over all assumptions. `goal.define(theorems)` hands over lemmas that the check of definedness needs."""

    claim: Term = field(default=ZERO)
    given: dict[str, Theorem] = field(default_factory=dict)
    lemmas: list[Theorem] = field(default_factory=list)

    def __init__(self, p: Proposition):
        self.claim = formula(p.statement)
        self.given = {name: k.assume(formula(a)) for name, a in p.assumptions.items()}
        self.lemmas = []
        super().__init__(self.given.values())

    def define(self, *theorems: Theorem) -> None:
        self.lemmas.extend(theorems)


def decide(p: Proposition) -> Verdict:
    """The verdict on a proposition, without numeric evidence. Never raises: what goes wrong is the reason of an unknown."""
    try:
        if p.reason:
            return Verdict(Status.NOT_APPLICABLE, by="-", reason=p.reason)
        return by_proof(p) if p.proof else by_witness(p)
    except Refused as e:
        return Verdict(Status.UNKNOWN, reason=str(e))
    except Exception as e:  # a broken proof or statement costs this claim, not the others
        return Verdict(Status.UNKNOWN, reason=f"{type(e).__name__}: {e}")


def by_proof(p: Proposition) -> Verdict:
    goal = Goal(p)
    # read before the proof runs: what it writes into its goal, lemmas for definedness apart, counts for nothing
    claim, assumed, facts = goal.claim, {name: th.concl for name, th in goal.given.items()}, list(goal.facts)
    assert p.proof is not None
    theorem = p.proof(goal)
    if not isinstance(theorem, Theorem):
        return Verdict(Status.UNKNOWN, reason=f"the proof of {p.id} returned {theorem!r}, which is no theorem")
    if not same(theorem.concl, claim):
        return Verdict(Status.UNKNOWN, reason=f"the theorem concludes {theorem.concl!r}, the statement is {claim!r}")
    extra = [h for h in theorem.hyps if not any(same(h, a) for a in assumed.values())]
    if extra:
        return Verdict(Status.UNKNOWN, reason=f"the theorem assumes more than the claim: {extra}")
    for th in goal.lemmas:
        extra = [h for h in th.hyps if not any(same(h, a) for a in assumed.values())]
        if extra:
            return Verdict(Status.UNKNOWN, reason=f"a lemma for definedness assumes more than the claim: {extra}")
    defined(claim, Context([*facts, *goal.lemmas]))
    problem = unsatisfied(p, claim, assumed) or unneeded(p, claim, assumed)
    if problem:
        return Verdict(Status.UNKNOWN, reason=problem)
    cert = certificate(theorem)
    rests_on = tuple(sorted(theorem.trust))
    detail = f"kernel derivation, {len(cert['steps'])} steps"
    smt = any(mark.startswith("smt:") for mark in rests_on)
    shown = Evidence("smt" if smt else "symbolic", detail)
    return Verdict(Status.PROVED, f"kernel, {len(cert['steps'])} steps", rests_on, (shown,), None, cert)


def by_witness(p: Proposition) -> Verdict:
    claim = formula(p.statement)
    if p.witness is None:
        return Verdict(Status.UNKNOWN, reason="neither a proof nor a witness is given")
    broken = broken_assumption({name: formula(a) for name, a in p.assumptions.items()}, p.witness)
    if broken:
        return Verdict(Status.UNKNOWN, reason=f"the witness does not satisfy the assumption: {broken}")
    env = Env(p.witness)
    values = {name: plain(v) for name, v in p.witness.items()}
    if p.exists:
        if truth(claim, env) is not True:
            return Verdict(Status.UNKNOWN, reason=f"the example does not satisfy the claim: {sides(claim, env)}")
        return Verdict(Status.PROVED, "example", (), (Evidence("symbolic", "example re-executed in exact rationals"),), values)
    if not fails(claim, env):
        return Verdict(Status.UNKNOWN, reason="the witness does not break the claim")
    values["violated"] = sides(claim, env)
    detail = f"counterexample re-executed exactly: {values['violated']}"
    return Verdict(Status.REFUTED, "counterexample", (), (Evidence("symbolic", detail),), values)


def broken_assumption(assumed: dict[str, Term], case: Case) -> str:
    """The name of an assumption that is not true in the case, '' if there is none."""
    for name, a in assumed.items():
        try:
            if truth(a, Env(case)) is not True:
                return name
        except Undefined as e:
            return f"{name} ({e})"
    return ""


def unsatisfied(p: Proposition, claim: Term, assumed: dict[str, Term]) -> str:
    """Why the stored model does not show that the assumptions can hold together, '' if it does."""
    if not assumed:
        return ""
    if p.model is None:
        return "no model is stored that satisfies all assumptions"
    broken = broken_assumption(assumed, p.model)
    if broken:
        return f"the stored model does not satisfy: {broken}"
    lacking = {v.args[0] for v in claim.free} - set(p.model)
    if lacking:
        return f"the stored model gives no value for {sorted(lacking)}"
    return "the claim fails in the stored model" if fails(claim, Env(p.model)) else ""


def unneeded(p: Proposition, claim: Term, assumed: dict[str, Term]) -> str:
    """Which assumption lacks a case that shows it is needed, '' if all have one (or say that none is known)."""
    unknown = set(p.drops) - set(assumed)
    if unknown:
        return f"drops names no assumption: {sorted(unknown)}"
    for name in assumed:
        case = p.drops.get(name)
        if case is None:
            return f"the assumption {name!r} has neither a case that breaks the claim without it nor {UNNEEDED!r}"
        if case == UNNEEDED:
            continue
        broken = broken_assumption({other: a for other, a in assumed.items() if other != name}, case)
        if broken:
            return f"the case that drops {name!r} breaks another assumption: {broken}"
        if not fails(claim, Env(case)):
            return f"dropping {name!r} does not break the claim in the stored case"
    return ""


def defined(t: Term, ctx: Context) -> list[Theorem]:
    """Theorems that say that every division, log, root and symbolic power in a formula is defined, where it stands."""
    if t.op == "imp":
        return [*defined(t.args[0], ctx), *defined(t.args[1], ctx.assuming(t.args[0]))]
    if t.op == "lim":  # defined from some point on is part of what the limit rule shows; its value must be defined
        return defined(t.args[3], ctx)
    if t.op == "ite":
        p, a, b = t.args
        return [*defined(p, ctx), *defined(a, ctx.assuming(p)), *defined(b, ctx.assuming(neg(p), flipped(p)))]
    if t.op in SCOPED:
        bound, body = t.args[0], t.args[SCOPED[t.op]]
        inside = ctx
        out = [th for n, a in enumerate(t.args) if isinstance(a, Term) and n not in (0, SCOPED[t.op]) for th in defined(a, ctx)]
        if t.op == "deriv":
            return [*out, *defined(subst(body, {bound: t.args[2]}), ctx)]
        v = ctx.fresh(t, sort=bound.args[1])
        if t.op == "sum":
            inside = ctx.assuming(le(t.args[1], v), le(v, t.args[2]))
        return [*out, *defined(subst(body, {bound: v}), inside)]
    out = [th for a in t.args if isinstance(a, Term) for th in defined(a, ctx)]
    if t.op == "inv":
        out.append(ctx.prove(ne(t.args[0], ZERO)))
    if t.op == "app" and t.args[0] in ("log", "sqrt"):
        out.append(ctx.prove((lt if t.args[0] == "log" else le)(ZERO, t.args[2])))
    if t.op == "app" and t.args[0] == "pow":
        out.append(ctx.prove(le(ZERO, t.args[3])))
    return out


def flipped(p: Term) -> Term:
    """The inequality that the negation of p is (p itself negated where p is none)."""
    if p.op in ("le", "lt"):
        return (lt if p.op == "le" else le)(p.args[1], p.args[0])
    return neg(p)


def plain(x: object) -> object:
    """A witness value as JSON data: exact rationals as strings, lists as lists, functions by their source of values."""
    if isinstance(x, (list, tuple)):
        return [plain(y) for y in x]
    if callable(x):
        return getattr(x, "__doc__", None) or "a function"
    return str(x)


__all__ = ["Goal", "ONE", "decide", "defined"]
