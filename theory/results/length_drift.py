"""Which way token weights push the length: what a reward does not say about a completion, no weight adds on average.

Statement   Given the G completions of a group, let u_i be any numbers (weight ω_i times score of completion i in one
            parameter) and R(i, e) the rewards under noise e of weight q(e), with mean M_i. The expected update is
            E[ Σ_i u_i (R_i - mean R) ] = Σ_i u_i (M_i - mean M); and if all M_i are equal it is 0.
Place       Our own; against Sec. 3.1 of "Understanding R1-Zero-Like Training" (arXiv 2503.20783) and S4.b of arXiv
            2601.05002: 1/|o_i| alone lengthens or shortens nothing. Completions may share the noise.
Hypotheses  M_i is the mean of R(i, .), which is the definition of M. Rewards that are a function of the completion:
            one e with q = 1.
Proof       exchange the sums over e and i.
Not claimed anything beyond the first order in the step size; normalisation by σ(r), unless R is read as r_i/σ(r).
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, app, le, mul
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import UNNEEDED, proposition, shown
from theory.tactics import Context
from theory.tactics.logic import conjunction, swapped
from theory.tactics.prefix import exchange, put

G, E, i, j, e = integers("G E i j e")
mu = reals("mu")
q, u, R, M, r = (family(name) for name in ("q", "u", "R", "M", "r"))
MEANS = {"M is the mean reward of each completion": ForAll(i, 1, G, equals(M(i), sp.Sum(q(e) * R(i, e), (e, 1, E))))}


def expected_update(weight: sp.Expr) -> sp.Expr:
    """E[ Σ_i weight_i (R_i - mean R) ] over the noise."""
    return sp.Sum(q(e) * sp.Sum(weight * (R(i, e) - mean(R(j, e), j, G)), (i, 1, G)), (e, 1, E))


def means_for_rewards(ctx: Context, means: Theorem, weight: Term, index: Term) -> Theorem:
    """Σ_e q(e) Σ_i weight(i) R(i, e) = Σ_i weight(i) M(i), the weight free of e."""
    noise, size, last = term(e), term(G), term(E)
    reward = mul(weight, app("R", index, noise))
    by_noise = mk("sum", noise, ONE, last, mk("sum", index, ONE, size, mul(app("q", noise), reward)))
    within = ctx.assuming(le(ONE, index), le(index, size))
    averaged = within.at(means, index)
    swap = exchange(ctx, by_noise)
    total = swap.concl.args[1]
    inner = within.equal(subst(total.args[3], {total.args[0]: index}), mul(weight, averaged.concl.args[0]), swapped(averaged))
    rows = k.sum_congr(index, ONE, size, inner)
    left = mk("sum", noise, ONE, last, mul(app("q", noise), mk("sum", index, ONE, size, reward)))
    return k.linear(left, rows.concl.args[1], [ctx.equal(left, by_noise), swap, rows], [ONE] * 3)


NOISE = {"G": 2, "E": 2, "q": ["1/2", "1/2"], "u": [1, -2], "R": [[0, 1], [1, 0]], "M": ["1/2", "1/2"], "mu": "1/2"}


@proposition(
    "lossproof.length_drift",
    title="on average over the rewards only the mean reward of each completion moves a parameter; equal means move none",
    source="our own",
    printed="E[ Σ_i u_i (R_i - mean R) ] = Σ_i u_i (M_i - mean M), and it is 0 if every M_i = μ",
    assumptions={"a group has a member": G >= 1} | MEANS,
    statement=sp.And(
        equals(expected_update(u(i)), sp.Sum(u(i) * (M(i) - mean(M(j), j, G)), (i, 1, G))),
        sp.Implies(ForAll(i, 1, G, equals(M(i), mu)), equals(expected_update(u(i)), 0)),
    ),
    model=NOISE,
    drops={"a group has a member": UNNEEDED} | {name: NOISE | {"M": [1, 0]} for name in MEANS},
    not_claimed="anything beyond the first order in the step size",
)
def length_drift(goal: Goal) -> Theorem:
    equation, silent = sorted(goal.claim.args, key=lambda p: p.op != "eq")
    index = goal.fresh(goal.claim)
    means = goal.given["M is the mean reward of each completion"]
    facts = [means_for_rewards(goal, means, subst(weight, {term(i): index}), index) for weight in (term(u(i)), ONE)]
    general = goal.equal(*equation.args, *facts)
    inside = goal.assuming(silent.args[0])
    member = inside.assuming(le(ONE, index), le(index, term(G)))
    constant = member.at(inside.facts[-1], index)
    weighted = mul(subst(term(u(i)), {term(i): index}), constant.concl.args[0])
    sums = [k.sum_congr(index, ONE, term(G), put(constant, k.linear(f, f, [], []))) for f in (weighted, constant.concl.args[0])]
    nothing = inside.equal(equation.args[1], ZERO, *sums)
    both = k.linear(silent.args[1].args[0], ZERO, [general, nothing], [ONE, ONE])
    return conjunction(goal.claim, general, k.imp_intro(silent.args[0], both))


def tilted_update(weight: Any) -> sp.Expr:
    """Expected update of x, p(length) ∝ e^(-x length), at lengths 1, 2, 3 with probability 1/3 each, in groups of
    two.
    """

    def part(length: Any, other: Any) -> sp.Expr:
        return weight(length) / 2 * (2 - length) * (r(length) - r(other)) / 2

    return sp.Sum((part(i, j) + part(j, i)) / 9, (j, 1, 3), (i, 1, 3))


shown(
    "lossproof.length_drift.three",
    title="with three lengths there is a reward that does not correlate with length, which weights 1/|o| turn "
    "towards shorter outputs",
    source="our own",
    printed="Cov(|o|, r) = 0, the expected update with constant weights is 0, and with weights 1/|o| it is positive",
    statement=sp.And(
        equals(sp.Sum((i - 2) * r(i), (i, 1, 3)), 0),
        equals(tilted_update(lambda length: sp.Integer(1)), 0),
        tilted_update(lambda length: 1 / length) > 0,
    ),
    witness={"r": [1, 0, 1]},
    module=__name__,
    finding="Lengths 1, 2, 3 are equally likely and have rewards 1, 0, 1; a parameter x shifts the law by p(length) "
    "∝ e^(-x length), so the scores are 1, 0, -1. With weights 1/|o| the expected update in groups of two is half "
    "of Cov(S/|o|, r) = 2/9 - (2/9)(2/3) = 2/27, towards shorter outputs; with constant weights it is half of "
    "Cov(S, r) = 0.",
    not_claimed="that this direction is typical: the rewards 0, 1, 0 give -1/27, towards longer outputs",
)
