"""The conditional baseline: E[phat | S] in closed form (Eq. 32), its distance from p (Lemma 2), and on which side it lies.

Proofs: the sums over 1..G-1 are those over 0..G less their ends (1-p)^G and p^G; the sign of the bias is that of
p (1-p) ((1-p)^(G-1) - p^(G-1)).
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, num, var
from theory.kernel.terms import ONE, ZERO, add, app, eq, le, lt, mul, sub
from theory.language import equals, integers, term
from theory.proposition import proposition, refuted
from theory.related.hadw.groups import (
    BASELINE,
    BIAS,
    GROUP,
    LAW,
    SOURCE,
    A,
    Facts,
    G,
    One,
    Q,
    b,
    binomial,
    chance,
    group,
    p,
    r,
)  # fmt: skip
from theory.tactics import MINUS
from theory.tactics.binomial import power_grows
from theory.tactics.logic import conjunction
from theory.tactics.powers import power_step
from theory.tactics.replacing import through

i = integers("i")
COIN = group(2, "1/4")
UNLIKE = {"G": 3, "p": "1/4", "b": binomial("1/2")}
DROPS = {LAW: UNLIKE, "G ≥ 2": group(1, "1/4"), "0 < p < 1": group(2, "1")}


def closed_form(facts: Facts) -> Theorem:
    """E[phat | S] = p (1 - p^(G-1)) / P(S)."""
    total = facts.chance
    claim = term(BASELINE), term(p * (1 - p ** (G - 1)) / A)
    inside = facts.ctx.with_facts(facts.both_positive)
    return through(total, eq(*claim), lambda simpler: inside.equal(*simpler.args, facts.correct, facts.steps[0]))


@proposition(
    "hadw.eq32",
    title="the mean accuracy of groups with both outcomes, in closed form",
    source=f"{SOURCE}, App. D.1, Eq. 32",
    printed="E[phat | S] = p (1 - p^{G-1}) / (1 - (1-p)^G - p^G)",
    assumptions=GROUP,
    statement=equals(BASELINE, p * (1 - p ** (G - 1)) / A),
    model=COIN,
    drops=DROPS,
    hints={"p": "unit"},
)
def eq32(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(facts.chance_positive, facts.both_positive)
    return closed_form(facts)


def bias(facts: Facts) -> tuple[Theorem, Theorem]:
    """E[phat | S] = p + p (1-p) ((1-p)^(G-1) - p^(G-1)) / P(S), and 0 < 1/P(S), P(S) written with the power G-1."""
    powers = p * p ** (G - 1) + Q * Q ** (G - 1)
    opened = k.linear(term(chance()), term(1 - powers), [facts.chance, *facts.steps], [ONE, MINUS, MINUS])
    positive = k.sos(lt(ZERO, term(1 - powers)), [(One, ONE, [facts.both_positive])], facts.steps, [ONE, ONE])
    target = p + p * Q * (Q ** (G - 1) - p ** (G - 1)) / (1 - powers)
    inside = facts.ctx.with_facts(positive)
    equation = eq(term(BASELINE), term(target))
    value = through(opened, equation, lambda q: inside.equal(*q.args, facts.correct, *facts.steps))
    return value, k.inv_positive(positive)


def bias_sign(facts: Facts, known: tuple[Theorem, Theorem], claim: Term) -> Theorem:
    """From `bias`: `p < 1/2 → p < E[phat | S]`, `1/2 < p → E[phat | S] < p` or `p = 1/2 → E[phat | S] = p`."""
    premise, conclusion = claim.args
    (value, size), inside = known, facts.ctx.assuming(premise)
    if premise.op == "eq":
        half = k.assume(premise)
        hole = var("hole")
        power = app("pow", facts.p, facts.fewer)
        mirrored = k.linear(facts.p, facts.q, [half], [num(2)])
        same = k.rewrite(mirrored, k.linear(power, power, [], []), hole, eq(power, app("pow", hole, facts.fewer)))
        factor = mul(facts.p, facts.q, size.concl.args[1])
        return k.imp_intro(premise, k.linear(*conclusion.args, [value, same], [ONE, mul(MINUS, factor)]))
    low = premise.args[0] is facts.p
    smaller, larger = (facts.p, facts.q) if low else (facts.q, facts.p)
    grows = power_grows(inside, smaller, larger, facts.fewer)
    th = k.sos(conclusion, [(One, ONE, [*facts.signs, size, grows])], [value], [ONE if low else MINUS])
    return k.imp_intro(premise, th)


DIRECTION = sp.And(
    sp.Implies(p < sp.Rational(1, 2), BASELINE > p),
    sp.Implies(p > sp.Rational(1, 2), BASELINE < p),
    sp.Implies(equals(p, sp.Rational(1, 2)), equals(BASELINE, p)),
)

refuted(
    "hadw.eq32.direction",
    title="on hard prompts the conditional baseline lies below p",
    source=f"{SOURCE}, App. D.1, the sentence after Eq. 32",
    printed="E[phat | S] < p when p < 1/2",
    assumptions=GROUP,
    statement=sp.Implies(p < sp.Rational(1, 2), BASELINE < p),
    witness=COIN,
    module=__name__,
    repair="hadw.eq32.direction.repaired",
    hints={"p": "unit"},
    finding="In a group of two with both outcomes one completion is right, so phat = 1/2, which is above p = 1/4. The "
    "formula of Eq. 32 says the same; only the sentence after it has the directions swapped.",
)


@proposition(
    "hadw.eq32.direction.repaired",
    title="the conditional baseline lies above p on hard prompts, below p on easy ones, and on p only at p = 1/2",
    source=f"{SOURCE}, App. D.1",
    printed="E[phat | S] > p if p < 1/2, < p if p > 1/2, = p if p = 1/2",
    assumptions=GROUP,
    statement=DIRECTION,
    model=COIN,
    drops=DROPS | {"G ≥ 2": group(1, "1/4"), LAW: {"G": 3, "p": "9/20", "b": binomial("1/8")}},
    hints={"p": "unit"},
)
def direction(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(facts.chance_positive)
    known = bias(facts)
    return conjunction(goal.claim, *(bias_sign(facts, known, claim) for claim in goal.claim.args))


# E[Ahat_i | S]: completion i is right with probability p, R - r_i of the G-1 others are
OWN_RIGHT = sp.Sum(b(G - 1, i) * (1 - (i + 1) / G), (i, 0, G - 2))
OWN_WRONG = sp.Sum(b(G - 1, i) * (0 - i / G), (i, 1, G - 1))
ADVANTAGE = (p * OWN_RIGHT + Q * OWN_WRONG) / chance()
REWARD = {"r_i is 0 or 1": equals(r**2, r)}
LEMMA2 = (p * Q**G + p ** (G + 1) - p**G) / A


@proposition(
    "hadw.lemma2",
    title="how far the mean accuracy of groups with both outcomes is from p, in closed form",
    source=f"{SOURCE}, Lemma 2, Eq. 34, its second equation",
    printed="E[phat | S] - p = (p (1-p)^G + p^{G+1} - p^G) / (1 - (1-p)^G - p^G)",
    assumptions=GROUP,
    statement=equals(BIAS, LEMMA2),
    model=COIN,
    drops=DROPS,
    hints={"p": "unit"},
)
def lemma2(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(facts.chance_positive, facts.both_positive)
    inside = facts.ctx.with_facts(facts.both_positive)
    following = power_step(inside, facts.p, facts.size)  # p^(G+1) = p p^G
    return through(facts.chance, goal.claim, lambda q: inside.equal(*q.args, facts.correct, following))


refuted(
    "hadw.lemma2.first_equality",
    title="the true advantage less the expected estimate is the bias of the baseline, for every completion",
    source=f"{SOURCE}, Lemma 2, Eq. 34, with A_i = r_i - p and Ahat_i = r_i - phat",
    printed="A_i - E[Ahat_i | S] = E[phat | S] - p",
    assumptions=GROUP | REWARD,
    statement=equals(r - p - ADVANTAGE, BIAS),
    witness=COIN | {"r": 0},
    module=__name__,
    repair="hadw.lemma2.first_equality.repaired",
    hints={"p": "unit", "r": "binary"},
    finding="G = 2, p = 1/4: given S the two advantages are 1/2 and -1/2, so E[Ahat_i | S] = 0, and for a wrong "
    "completion the left side is 0 - 1/4 = -1/4, while the right side is 1/2 - 1/4 = +1/4.",
)


@proposition(
    "hadw.lemma2.first_equality.repaired",
    title="given S the true advantage has the mean E[phat | S] - p, and the estimate has the mean 0",
    source=f"{SOURCE}, Lemma 2, Eq. 34",
    printed="E[A_i - Ahat_i | S] = E[phat | S] - p, E[Ahat_i | S] = 0",
    assumptions=GROUP,
    statement=sp.And(equals(ADVANTAGE, 0), equals((p * sp.Sum(b(G - 1, i), (i, 0, G - 2))) / chance() - p, BIAS)),
    model=COIN,
    drops=DROPS | {LAW: {"G": 3, "p": "1/4", "b": binomial("1/2")}},
    hints={"p": "unit"},
    not_claimed="that the same holds among the right, or among the wrong completions: hadw.theorem1.given_reward. The "
    "second equation reads P(r_i = 1 | S) - p, that is E[A_i | S]",
)
def centred(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(facts.chance_positive)
    zero, mean = sorted(goal.claim.args, key=lambda q: q.args[1] is not ZERO)
    moments = others(facts)
    inside = facts.ctx.with_facts(facts.both_positive)
    return conjunction(
        goal.claim,
        through(facts.chance, zero, lambda q: inside.equal(*q.args, *moments)),
        through(facts.chance, mean, lambda q: inside.equal(*q.args, *moments, facts.correct, *facts.steps)),
    )


def others(facts: Facts) -> list[Theorem]:
    """Sums of b(G-1, j) and j b(G-1, j) over 0..G-2 and over 1..G-1, in closed form."""
    law, n, ctx = facts.law, facts.fewer, facts.ctx
    right, wrong = law.all_correct(n), law.none_correct(n)
    out = []
    for full, weight in ((law.total(n), lambda j: ONE), (law.first(n), lambda j: j)):
        s = full.concl.args[0]
        bound, _, _, f = s.args
        last = k.sum_step(s, [ctx.prove(le(ZERO, n))])
        front = mk("sum", bound, ZERO, sub(n, ONE), f)
        w = mul(MINUS, weight(n))
        out.append(k.linear(front, add(full.concl.args[1], mul(w, right.concl.args[1])), [full, last, right], [ONE, MINUS, w]))
        split = k.sum_split(s, ZERO, [ctx.prove(le(MINUS, ZERO)), ctx.prove(le(ZERO, n))])
        first = k.sum_step(mk("sum", bound, ZERO, ZERO, f), [ctx.prove(le(ZERO, ZERO))])
        none = k.sum_empty(mk("sum", bound, ZERO, MINUS, f), [ctx.prove(lt(MINUS, ZERO))])
        w = mul(MINUS, weight(ZERO))
        value = add(full.concl.args[1], mul(w, wrong.concl.args[1]))
        out.append(k.linear(mk("sum", bound, ONE, n, f), value, [full, split, first, none, wrong], [ONE, MINUS, MINUS, MINUS, w]))
    return out
