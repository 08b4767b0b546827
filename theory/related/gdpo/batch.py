"""Eq. 6: the sum of advantages, normalised over the batch.

Statement   The sum of Eq. 5 has the mean 0 over every batch, so Eq. 6 is a division by std + ε and nothing else: it keeps order,
            sign and ties. The variance of the sum is n + 2 Σ_{k<l} corr(r_k, r_l) in a group: n where rewards are not
            correlated, n² where they are the same. The same group gets other values in another batch.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import not_applicable, proposition, shown
from theory.tactics import MINUS, Context
from theory.tactics.logic import conjunction
from theory.tactics.powers import by_induction
from theory.tactics.prefix import exchange

SECTION = "Section 3.1, Eq. 6"
B, G, N, n, c, j, h, m, e, t = integers("B G N n c j h m e t")
mu, s, eps, x, y = reals("mu s eps x y")
r, sd, w, A, C = (family(name) for name in ("r", "sd", "w", "A", "C"))
advantage = w(m) * (r(c, m, j) - mean(r(c, m, h), h, G)) / sd(c, m)


@proposition(
    "gdpo.eq6.batch_mean",
    title="the mean that Eq. 6 subtracts is 0 for every batch, whatever the weights and the deviations",
    source="our own",
    printed="mean over the batch of Σ_k w_k A_k = 0, so Eq. 6 divides by std + ε and does nothing else",
    assumptions={
        "rollouts": G >= 1,
        "deviations are positive": ForAll(c, 1, B, ForAll(m, 1, n, sd(c, m) > 0)),
        "a batch": B >= 1,
    },
    statement=equals(sp.Sum(advantage, (m, 1, n), (j, 1, G), (c, 1, B)) / (B * G), 0),
    model=(ONE_PROMPT := {"B": 1, "G": 2, "n": 1, "w": [1], "r": [[[0, 1]]], "sd": [[1]]}),
    drops={
        "rollouts": ONE_PROMPT | {"G": 0},
        "deviations are positive": ONE_PROMPT | {"sd": [[0]]},
        "a batch": ONE_PROMPT | {"B": 0},
    },
    not_claimed="that this helps or harms training",
)
def batch_mean(goal: Goal) -> Theorem:
    """Each reward of each group is centred: exchange the sums over rollouts and rewards."""
    last, prompts = term(n), term(B)
    prompt = goal.fresh(goal.claim)
    at_prompt = goal.assuming(le(ONE, prompt), le(prompt, prompts))
    group = subst(term(sp.Sum(advantage, (m, 1, n), (j, 1, G))), {term(c): prompt})
    swap = exchange(at_prompt, group)
    reward = at_prompt.fresh(group, goal.claim)
    at_reward = at_prompt.assuming(le(ONE, reward), le(reward, last))
    outer = swap.concl.args[1]
    centred = at_reward.equal(subst(outer.args[3], {outer.args[0]: reward}), ZERO)
    nothing = at_prompt.equal(outer, ZERO, k.sum_congr(reward, ONE, last, centred))
    total = k.sum_congr(prompt, ONE, prompts, k.linear(group, ZERO, [swap, nothing], [ONE, ONE]))
    return goal.equal(*goal.claim.args, total)


@proposition(
    "gdpo.eq6.order",
    title="Eq. 6 keeps ties and order within a batch, so the number of distinct advantages stays",
    source=SECTION,
    printed="(x - μ)/(s + ε) = (y - μ)/(s + ε) ⇔ x = y, and < ⇔ <",
    assumptions={"s + ε > 0": s + eps > 0},
    statement=sp.And(
        sp.Equivalent(equals((x - mu) / (s + eps), (y - mu) / (s + eps)), equals(x, y), evaluate=False),
        sp.Implies(x < y, (x - mu) / (s + eps) < (y - mu) / (s + eps)),
    ),
    model={"x": 0, "y": 1, "mu": 0, "s": 1, "eps": 0},
    drops={"s + ε > 0": {"x": 0, "y": 1, "mu": 0, "s": 0, "eps": 0}},
    not_claimed="the same across batches: gdpo.eq6.batch_dependent",
)
def keeps_order(goal: Goal) -> Theorem:
    """Multiply with s + ε."""
    below, up = term(s + eps), goal.given["s + ε > 0"]
    unit = k.field(mul(below, inv(below)), ONE, [k.negate(up)])
    parts = []
    for p in goal.claim.args:
        if p.op == "and":
            for q in p.args:
                premise = k.assume(q.args[0])
                forwards = same_sides(q.args[1], x, y)
                cofactors = [below, add(term(y), mul(MINUS, term(x)))] if forwards else [inv(below)]
                th = k.linear(*q.args[1].args, [premise, unit] if forwards else [premise], cofactors)
                parts.append(k.imp_intro(premise.concl, th))
        else:
            premise = k.assume(p.args[0])
            th = k.sos(p.args[1], [(Fraction(1), ONE, [premise, k.inv_positive(up)])], [], [])
            strict = k.imp_intro(premise.concl, th)
    both = next(p for p in goal.claim.args if p.op == "and")
    return conjunction(goal.claim, conjunction(both, *parts), strict)


def same_sides(p: Term, a: sp.Expr, b: sp.Expr) -> bool:
    return {*p.args} == {term(a), term(b)}


@proposition(
    "gdpo.eq6.scale",
    title="after Eq. 6 the batch has the variance (s/(s + ε))², for every number of rewards: near 1 unless s is as small as ε",
    source=SECTION,
    printed="the scale is kept independent of the number of rewards",
    assumptions={
        "two advantages": N >= 2,
        "s is the deviation of the batch": equals(sp.Sum(A(t) ** 2, (t, 1, N)), s**2 * (N - 1)),
        "s + ε > 0": s + eps > 0,
    },
    statement=equals(sp.Sum((A(t) / (s + eps)) ** 2, (t, 1, N)) / (N - 1), (s / (s + eps)) ** 2),
    model={"N": 2, "A": [1, -1], "s": 2, "eps": 0} | {"N": 3, "A": [1, -1, 0], "s": 1},
    drops={
        "two advantages": {"N": 1, "A": [0], "s": 1, "eps": 0},
        "s is the deviation of the batch": {"N": 3, "A": [1, -1, 0], "s": 2, "eps": 0},
        "s + ε > 0": {"N": 3, "A": [0, 0, 0], "s": 0, "eps": 0},
    },
    not_claimed="anything if the deviation is not taken of the batch that is normalised",
)
def scale(goal: Goal) -> Theorem:
    below = goal.given["s + ε > 0"]
    square = k.sos(lt(ZERO, term((s + eps) ** 2)), [(Fraction(1), ONE, [below, below])], [], [])
    goal.define(square)
    return goal.with_facts(square).equal(*goal.claim.args, goal.given["s is the deviation of the batch"])


def correlation(e: sp.Expr, m: sp.Expr) -> sp.Expr:
    """Of two standardised rewards."""
    return sp.Sum(A(e, j) * A(m, j), (j, 1, G)) / (G - 1)


@proposition(
    "gdpo.variance",
    title="the variance of the sum of n standardised rewards is n + 2 Σ_{k<l} corr(r_k, r_l): n if uncorrelated, n² if the same, "
    "0 for two opposite ones",
    source="our own",
    printed="Var_G(Σ_k A_k) = n + 2 Σ_{k<l} corr_G(r_k, r_l)",
    assumptions={
        "two rollouts": G >= 2,
        "n >= 0": n >= 0,
        "standardised": ForAll(m, 1, n, equals(sp.Sum(A(m, j) ** 2, (j, 1, G)), G - 1)),
    },
    statement=equals(
        sp.Sum(sp.Sum(A(m, j), (m, 1, n)) ** 2, (j, 1, G)) / (G - 1),
        n + 2 * sp.Sum(correlation(e, m), (e, 1, m - 1), (m, 1, n)),
    ),
    model={"G": 3, "n": 2, "A": [[1, -1, 0], [-1, 0, 1]]},
    drops={
        "two rollouts": {"G": 1, "n": 1, "A": [[0]]},
        "n >= 0": {"G": 2, "n": -1, "A": []},
        "standardised": {"G": 2, "n": 1, "A": [[0, 0]]},
    },
)
def variance_of_sum(goal: Goal) -> Theorem:
    """By induction: one more reward adds its own square and twice its products with those before."""
    size = term(G)

    def at(claim: sp.Expr, top: Term) -> Term:
        return subst(term(claim), {term(n): top})

    squares = sp.Sum(sp.Sum(A(m, j), (m, 1, n)) ** 2, (j, 1, G))
    own = sp.Sum(A(m, j) ** 2, (j, 1, G), (m, 1, n))
    products = sp.Sum(A(e, j) * A(m, j), (j, 1, G), (e, 1, m - 1), (m, 1, n))

    def claim(top: Term) -> Term:
        return eq(at(squares, top), at(own + 2 * products, top))

    def step(inside: Context, i: Term) -> Theorem:
        more = add(i, ONE)
        row = inside.fresh(i, goal.claim)
        member = inside.assuming(le(ONE, row), le(row, size))
        front, last = subst(at(sp.Sum(A(m, j), (m, 1, n)), i), {term(j): row}), app("A", more, row)
        whole = subst(at(sp.Sum(A(m, j), (m, 1, n)), more), {term(j): row})
        grows = k.sum_step(whole, [member.prove(le(ONE, more))])
        square = member.equal(
            mk("pow", whole, 2), add(mk("pow", front, 2), mul(k.num(2), front, last), mk("pow", last, 2)), grows
        )
        rows = k.sum_congr(row, ONE, size, square)
        double = mk("sum", row, ONE, size, mk("sum", term(e), ONE, i, mul(app("A", term(e), row), last)))
        swap = exchange(inside, double)
        product = mk("sum", row, ONE, size, mul(front, last))
        crossed = k.linear(product, swap.concl.args[1], [inside.equal(product, double), swap], [ONE, ONE])
        steps = [k.sum_step(at(f, more), [inside.prove(le(ONE, more))]) for f in (own, products)]
        return inside.equal(*claim(more).args, rows, k.assume(claim(i)), *steps, crossed)

    row = goal.fresh(goal.claim)
    nothing = k.sum_empty(subst(at(sp.Sum(A(m, j), (m, 1, n)), ZERO), {term(j): row}), [goal.prove(lt(ZERO, ONE))])
    rows = k.sum_congr(row, ONE, size, goal.equal(mk("pow", nothing.concl.args[0], 2), ZERO, nothing))
    base = goal.equal(*claim(ZERO).args, rows, *(k.sum_empty(at(f, ZERO), [goal.prove(lt(ZERO, ONE))]) for f in (own, products)))
    th = by_induction(goal, claim, base, step, term(n))
    reward = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, reward), le(reward, term(n)))
    ones = k.sum_congr(reward, ONE, term(n), inside.at(goal.given["standardised"], reward))
    return goal.equal(*goal.claim.args, th, ones)


shown(
    "gdpo.eq6.batch_dependent",
    title="the same group gets larger advantages from Eq. 6 if the other group of the batch has none",
    source="our own",
    printed="A_1 = C_1, A_1/std(A) < C_1/std(C)",
    statement=sp.And(
        equals(A(1), C(1)),
        equals(A(2), C(2)),
        A(1) / sp.sqrt(sp.Sum(A(t) ** 2, (t, 1, 4)) / 3) < C(1) / sp.sqrt(sp.Sum(C(t) ** 2, (t, 1, 4)) / 3),
    ),
    witness={"A": [1, -1, 1, -1], "C": [1, -1, 0, 0]},
    module=__name__,
    finding="Beside a group with the advantages (1, -1) the group (1, -1) is divided by √(4/3) and gets 0.866; beside a group of "
    "equal rewards, (0, 0), it is divided by √(2/3) and gets 1.225.",
)

not_applicable(
    "gdpo.eq6.convergence",
    title="without Eq. 6 training occasionally fails to converge",
    source="Appendix A, not at hand",
    printed="(measured in training runs)",
    reason="an outcome of training runs of language models, which this project does not repeat",
    module=__name__,
)
