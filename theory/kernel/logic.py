"""Rules of logic, equality and case distinction."""

from collections.abc import Iterable

from .ring import canon
from .terms import FORMULAS, ZERO, Term, eq, le, lt, mk, ne, neg, subst
from .theorem import Sequent, Theorem, find, hyps_of, need, rule, same

def drop(th: Theorem, *ps: Term) -> set[Term]:
    """The hypotheses of th without ps."""
    return {h for h in th.hyps if not any(same(h, p) for p in ps)}

def fresh(rule_name: str, v: Term, among: Iterable[Term]) -> None:
    """v may stand for anything: a variable that is free in none of the terms and formulas."""
    need(v.op == "var", rule_name, "a variable", v)
    for p in among:
        need(v not in p.free, rule_name, f"{v} not free in {p}", p, "a fresh variable")

def formula(p: Term) -> Term:
    need(isinstance(p, Term) and p.op in FORMULAS, "formula", "a formula", p)
    return p
@rule
def assume(p: Term) -> Sequent:
    return [formula(p)], p
@rule
def restate(th: Theorem, goal: Term) -> Sequent:
    return find("restate", goal, [th]).hyps, goal
@rule
def cut(lemma: Theorem, th: Theorem) -> Sequent:
    return lemma.hyps | drop(th, lemma.concl), th.concl
@rule
def imp_intro(p: Term, th: Theorem) -> Sequent:
    return drop(th, p), mk("imp", p, th.concl)
@rule
def imp_elim(th: Theorem, premise: Theorem) -> Sequent:
    need(th.concl.op == "imp", "imp_elim", "an implication", th.concl)
    return th.hyps | find("imp_elim", th.concl.args[0], [premise]).hyps, th.concl.args[1]
@rule
def all_intro(v: Term, th: Theorem) -> Sequent:
    fresh("all_intro", v, th.hyps)
    return th.hyps, mk("all", v, th.concl)
@rule
def all_elim(th: Theorem, t: Term) -> Sequent:
    need(th.concl.op == "all", "all_elim", "a universal statement", th.concl)
    return th.hyps, subst(th.concl.args[1], {th.concl.args[0]: t})
@rule
def and_intro(ths: list[Theorem]) -> Sequent:
    return hyps_of(ths), mk("and", *(th.concl for th in ths))
@rule
def and_elim(th: Theorem, k: int) -> Sequent:
    need(th.concl.op == "and" and 0 <= k < len(th.concl.args), "and_elim", f"a conjunction with a part {k}", th.concl)
    return th.hyps, th.concl.args[k]
@rule
def cases(p: Term, yes: Theorem, no: Theorem) -> Sequent:
    return drop(yes, p) | drop(find("cases", yes.concl, [no]), neg(p)), yes.concl
@rule
def trichotomy(a: Term, b: Term, below: Theorem, tie: Theorem, above: Theorem) -> Sequent:
    hyps = drop(find("trichotomy", below.concl, [tie]), eq(a, b)) | drop(find("trichotomy", below.concl, [above]), lt(b, a))
    return hyps | drop(below, lt(a, b)), below.concl
@rule
def absurd(th: Theorem, contrary: Theorem, goal: Term) -> Sequent:
    return th.hyps | find("absurd", neg(th.concl), [contrary]).hyps, formula(goal)
@rule
def negate(th: Theorem) -> Sequent:
    """not a < b gives b <= a; not a <= b gives b < a; not not p gives p; a < b gives a != b and, for a = 0, b != 0."""
    p = th.concl.args[0] if th.concl.op == "not" else th.concl
    if p is not th.concl and p.op in ("lt", "le", "not"):
        return th.hyps, p.args[0] if p.op == "not" else (le if p.op == "lt" else lt)(p.args[1], p.args[0])
    need(th.concl.op == "lt", "negate", "a < b, or the negation of an inequality or a negation", th.concl)
    a, b = th.concl.args
    return th.hyps, ne(b, a) if canon(a) is ZERO else ne(a, b)
@rule
def rewrite(equation: Theorem, th: Theorem, hole: Term, template: Term) -> Sequent:
    """From a = b and template[a] to template[b]."""
    need(equation.concl.op == "eq", "rewrite", "an equation", equation.concl)
    a, b = equation.concl.args
    return equation.hyps | find("rewrite", subst(template, {hole: a}), [th]).hyps, subst(template, {hole: b})
@rule
def if_(condition: Theorem, a: Term, b: Term) -> Sequent:
    """The value of (a if p else b) where p, or not p, is known."""
    c, no = condition.concl, condition.concl.op == "not"
    return condition.hyps, eq(mk("ite", c.args[0] if no else c, a, b), b if no else a)
