"""A shared prefix is left alone by every reward exactly if the token weights there are constant.

Statement   For weights w_i on a prefix that all G completions share, and A_i = r_i - mean r:
            (1) with r = w, Σ_i w_i A_i = Σ_i (w_i - mean w)²; so (2) if that is 0, every w_i is mean w.
            (3) If every w_i is C, Σ_i w_i A_i = 0 for all rewards.
            (4) If completion j alone has reward 1 and the others 0, Σ_i w_i A_i = w_j - mean w: 0/1 rewards suffice to
            tell that the weights are not constant.
Place       Our own; it sharpens cases 1 (iii) and 2 of Appendix B.2 of arXiv 2601.05002.
Hypotheses  none; an empty group has empty sums.
Proof       (1), (3) clear denominators; (2) a sum of squares is 0 only if each is; (4) all terms but that of j are 0.
Not claimed that particular rewards do not cancel: w = (1, 2, 3) with A = (1, -2, 1) does.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, le, neg
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import proposition
from theory.tactics import Context
from theory.tactics.logic import conjunction
from theory.tactics.order import squeezed
from theory.tactics.prefix import around, member_below_sum, plain, put

G, i, j, m = integers("G i j m")
C = reals("C")
w, r = family("w"), family("r")
One = Fraction(1)


def aggregate(rewards: sp.Expr) -> sp.Expr:
    """W_agg = Σ_i w_i (r_i - mean r)."""
    return sp.Sum(w(i) * (rewards - mean(rewards, i, G)), (i, 1, G))


mean_w = mean(w(i), i, G)
J_ALONE = sp.And(j >= 1, j <= G, equals(r(j), 1), ForAll(i, 1, G, sp.Implies(sp.Ne(i, j), equals(r(i), 0))))


@proposition(
    "lossproof.prefix_neutral",
    title="on a prefix of all completions the update cancels for all rewards exactly if the weights are constant",
    source="our own",
    printed="Σ_i w_i (w_i - mean w) = Σ_i (w_i - mean w)² = 0 ⇒ w_i = mean w;  w_i = C ⇒ Σ_i w_i A_i = 0;  r = 1{i "
    "= j} ⇒ Σ_i w_i A_i = w_j - mean w",
    statement=sp.And(
        equals(aggregate(w(i)), sp.Sum((w(i) - mean_w) ** 2, (i, 1, G))),
        sp.Implies(equals(aggregate(w(i)), 0), ForAll(m, 1, G, equals(w(m), mean_w))),
        sp.Implies(ForAll(i, 1, G, equals(w(i), C)), equals(aggregate(r(i)), 0)),
        sp.Implies(J_ALONE, equals(aggregate(r(i)), w(j) - mean_w)),
    ),
    hints={"r": "binary"},
    not_claimed="that the update is not 0 for each reward where w is not constant",
)
def prefix_neutral(goal: Goal) -> Theorem:
    (identity,) = (q for q in goal.claim.args if q.op == "eq")
    squares = or_empty(goal, identity, lambda ctx: ctx.equal(*identity.args))
    parts = {"eq": only_constant, "all": constant, "and": one_success}  # by the form of the premise
    implications = [q.args for q in goal.claim.args if q.op == "imp"]
    proofs = [k.imp_intro(p, parts[p.op](goal.assuming(p), q, squares)) for p, q in implications]
    return conjunction(goal.claim, squares, *proofs)


def or_empty(ctx: Context, claim: Term, prove: Callable[[Context], Theorem]) -> Theorem:
    """An equation between sums over the group: proved for G >= 1, and 0 = 0 for an empty group."""
    some = le(ONE, term(G))
    below = k.negate(k.assume(neg(some)))
    empty = [k.sum_empty(side, [below]) for side in claim.args if side.op == "sum"]
    return k.cases(some, prove(ctx.assuming(some)), ctx.equal(*claim.args, *empty))


def only_constant(ctx: Context, claim: Term, squares: Theorem) -> Theorem:
    """(w_m - mean w)² is at most the sum of all these squares, which is 0."""
    v = ctx.fresh(claim)
    member = subst(claim.args[1], {claim.args[0]: v})
    inside = ctx.assuming(member.args[0])
    largest = member_below_sum(
        inside, squares.concl.args[1], v, lambda ctx, f: k.sos(le(ZERO, f), [(One, f.args[0], [])], [], [])
    )
    nothing = k.linear(squares.concl.args[1], ZERO, [squares, ctx.facts[-1]], [k.num(-1), ONE])
    below = k.sos(le(largest.concl.args[0], ZERO), [(One, ONE, [largest])], [nothing], [k.num(-1)])
    equal = squeezed(Context([below]), *member.args[1].args)
    return k.all_intro(v, k.imp_intro(member.args[0], equal))


def constant(ctx: Context, claim: Term, squares: Theorem) -> Theorem:
    """C for w_i in each term; then the advantages add up to 0."""
    total, zero = claim.args

    def cancelled(members: Context) -> Theorem:
        index = members.fresh(claim)
        inside = members.assuming(le(ONE, index), le(index, term(G)))
        f = subst(total.args[3], {total.args[0]: index})
        value = put(inside.at(ctx.facts[-1], index), k.linear(f, f, [], []))
        return members.equal(total, zero, k.sum_congr(index, *total.args[1:3], value))

    return or_empty(ctx, claim, cancelled)


def one_success(ctx: Context, claim: Term, squares: Theorem) -> Theorem:
    """Σ_i r_i = 1 and Σ_i w_i r_i = w_j: every other term is 0."""
    total, target = claim.args
    rewarded, others = (
        next(th for th in ctx.facts if th.concl.op == "eq"),
        next(th for th in ctx.facts if th.concl.op == "all"),
    )
    index, at_j = ctx.fresh(claim), term(j)

    def only_j(f: sp.Expr) -> Theorem:
        s = term(sp.Sum(f, (i, 1, G)))
        split, *outer = around(ctx, s, at_j)
        zeros = []
        for part in outer:
            inside = ctx.assuming(le(part.args[1], index), le(index, part.args[2]))
            here = inside.with_facts(plain(inside).unequal(index, at_j))
            body = subst(part.args[3], {part.args[0]: index})
            nothing = put(here.at(others, index), k.linear(body, body, [], []))
            zeros.append(ctx.equal(part, ZERO, k.sum_congr(index, *part.args[1:3], nothing)))
        return k.linear(s, subst(term(f), {term(i): at_j}), [split, *zeros], [ONE] * 3)

    return ctx.equal(total, target, *(only_j(f) for f in (r(i), w(i) * r(i))), rewarded)
