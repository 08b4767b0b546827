"""Theorem 1: is the group-relative advantage too small on hard prompts and too large on easy ones?

As printed it compares a number, E[Ahat_i | S] = 0, with a random variable, A_i = r_i - p, and fails. It holds on average
over the completions (`repaired`). Among the wrong, or among the right completions, the direction changes elsewhere than
at p = 1/2: at (1-p)^(G-1) = 1/G and at p^(G-1) = 1/G (`given_reward.repaired`).
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, num
from theory.kernel.terms import ONE, ZERO, lt, mul
from theory.language import equals, term
from theory.proposition import proposition, refuted
from theory.related.hadw.baseline import ADVANTAGE, COIN, DROPS, REWARD, bias, bias_sign, i, others
from theory.related.hadw.groups import BIAS, GROUP, LAW, SOURCE, Facts, G, One, Q, b, binomial, group, p, r
from theory.tactics import MINUS
from theory.tactics.logic import conjunction
from theory.tactics.replacing import through

half = sp.Rational(1, 2)

refuted(
    "hadw.theorem1",
    title="given S, the expected estimate is below the true advantage on hard prompts, above it on easy ones",
    source=f"{SOURCE}, Theorem 1, with A_i = r_i - p",
    printed="E[Ahat_i | S] < A_i if p < 1/2, > A_i if p > 1/2, = A_i iff p = 1/2",
    assumptions=GROUP | REWARD,
    statement=sp.And(
        sp.Implies(p < half, ADVANTAGE < r - p),
        sp.Implies(p > half, ADVANTAGE > r - p),
        sp.Equivalent(equals(ADVANTAGE, r - p), equals(p, half), evaluate=False),
    ),
    witness=COIN | {"r": 0},
    module=__name__,
    repair="hadw.theorem1.repaired",
    hints={"p": "unit", "r": "binary"},
    finding="The advantages of a group add up to 0, so E[Ahat_i | S] = 0 for every p; for a wrong completion of a hard "
    "prompt (G = 2, p = 1/4) A_i = -1/4 is below that, not above. Even at p = 1/2 it is ±1/2, not 0.",
)


@proposition(
    "hadw.theorem1.repaired",
    title="on average over the completions of groups with both outcomes, the true advantage is positive on hard "
    "prompts, negative on easy ones, and the estimate is 0",
    source=f"{SOURCE}, Theorem 1",
    printed="E[Ahat_i | S] = 0, and E[A_i | S] = E[phat | S] - p is > 0 if p < 1/2, < 0 if p > 1/2, = 0 if p = 1/2",
    assumptions=GROUP,
    statement=sp.And(
        equals(ADVANTAGE, 0),
        sp.Implies(p < half, BIAS > 0),
        sp.Implies(p > half, BIAS < 0),
        sp.Implies(equals(p, half), equals(BIAS, 0)),
    ),
    model=COIN,
    drops=DROPS | {LAW: {"G": 3, "p": "9/20", "b": binomial("1/8")}},
    hints={"p": "unit"},
    not_claimed="the direction among the right or among the wrong completions: hadw.theorem1.given_reward. That "
    "E[A_i | S] is E[phat | S] - p is hadw.lemma2.first_equality.repaired",
)
def theorem1(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(facts.chance_positive)
    zero = next(q for q in goal.claim.args if q.op == "eq")
    inside, known = facts.ctx.with_facts(facts.both_positive), bias(facts)
    out = [through(facts.chance, zero, lambda q: inside.equal(*q.args, *others(facts)))]
    for claim in (q for q in goal.claim.args if q.op == "imp"):
        out.append(k.imp_intro(claim.args[0], shifted(claim, bias_sign(facts, known, unshifted(claim)))))
    return conjunction(goal.claim, *out)


def unshifted(claim: Term) -> Term:
    """`.. → p < E` for `.. → 0 < E - p`, and so on."""
    premise, conclusion = claim.args
    at, value = term(p), term(BIAS + p)
    sides = (value, at) if conclusion.op == "eq" or conclusion.args[1] is ZERO else (at, value)
    return mk("imp", premise, mk(conclusion.op, *sides))


def shifted(claim: Term, th: Theorem) -> Theorem:
    premise, conclusion = claim.args
    known = k.imp_elim(th, k.assume(premise))
    if conclusion.op == "eq":
        return k.linear(*conclusion.args, [known], [ONE])
    return k.sos(conclusion, [(One, ONE, [known])], [], [])


# Given the own reward, the other G-1 completions decide whether the group is in S.
RIGHT_CHANCE, WRONG_CHANCE = sp.Sum(b(G - 1, i), (i, 0, G - 2)), sp.Sum(b(G - 1, i), (i, 1, G - 1))
RIGHT = sp.Sum(b(G - 1, i) * (i + 1) / G, (i, 0, G - 2)) / RIGHT_CHANCE - p  # E[A_i - Ahat_i | S, r_i = 1]
WRONG = sp.Sum(b(G - 1, i) * i / G, (i, 1, G - 1)) / WRONG_CHANCE - p  # E[A_i - Ahat_i | S, r_i = 0]

for own, value, witness, text in (
    ("wrong", WRONG, group(4, "2/5"), "P(S) among the wrong is 1 - (3/5)^3 = 98/125 and E[phat | S, r_i = 0] = "
     "(3/4)(2/5)(125/98) = 75/196 = 0.383, below p. The sign changes at p = 1 - 4^(-1/3) = 0.370, not at 1/2."),
    ("right", RIGHT, group(4, "3/5"), "by the mirror image E[phat | S, r_i = 1] = 121/196 = 0.617, above p. "
     "The sign changes at p = 4^(-1/3) = 0.630, not at 1/2."),
):  # fmt: skip
    refuted(
        f"hadw.theorem1.given_reward.{own}",
        title=f"the same among the {own} completions: estimates too small exactly if p < 1/2",
        source=f"{SOURCE}, Theorem 1 (reconstruction: read conditionally on the reward of completion i)",
        printed=f"E[Ahat_i | S, r_i = {int(own == 'right')}] < A_i if p < 1/2, > A_i if p > 1/2, = A_i if p = 1/2",
        assumptions=GROUP,
        statement=sp.And(
            sp.Implies(p < half, value > 0),
            sp.Implies(p > half, value < 0),
            sp.Implies(equals(p, half), equals(value, 0)),
        ),
        witness=witness,
        module=__name__,
        repair=f"hadw.theorem1.given_reward.{own}.repaired",
        hints={"p": "unit"},
        finding=f"G = 4, p = {witness['p']}: {text}",
    )


def given_reward(goal: Goal, own: str) -> Theorem:
    """The closed form from the moments of b(G-1, .); its sign is that of (1-p)^(G-1) - 1/G, or of 1/G - p^(G-1)."""
    facts, wrong = Facts(goal), own == "wrong"
    moments = others(facts)
    both, other, below, total = (
        (WRONG_CHANCE, facts.signs[0], facts.below[1], moments[1])
        if wrong
        else (RIGHT_CHANCE, facts.signs[1], facts.below[0], moments[0])
    )
    value = k.linear(term(both), total.concl.args[1], [total], [ONE])
    positive = k.sos(lt(ZERO, total.concl.args[1]), [(One, ONE, [below])], [], [])
    size = goal.prove(lt(ZERO, term(G)))
    goal.define(k.sos(lt(ZERO, term(both)), [(One, ONE, [positive])], [value], [ONE]), positive)
    inside = facts.ctx.with_facts(positive, size)
    equation = next(q for q in goal.claim.args if q.op == "eq")
    closed = through(value, equation, lambda q: inside.equal(*q.args, *moments))
    factors = [other, k.inv_positive(positive), k.inv_positive(size)]
    out = [closed]
    for claim in (q for q in goal.claim.args if q.op == "imp"):
        premise, conclusion = claim.args
        given = k.assume(premise)
        if premise.op == "eq":
            scale = mul(num(1 if wrong else -1), *(th.concl.args[1] for th in factors))
            th = k.linear(*conclusion.args, [closed, given], [ONE, scale])
        else:
            turn = ONE if conclusion.args[0] is ZERO else MINUS
            th = k.sos(conclusion, [(One, ONE, [given, *factors])], [closed], [turn])
        out.append(k.imp_intro(premise, th))
    return conjunction(goal.claim, *out)


NEAR_WRONG, NEAR_RIGHT = G * Q ** (G - 1), G * p ** (G - 1)


@proposition(
    "hadw.theorem1.given_reward.wrong.repaired",
    title="among the wrong completions, estimates are too small exactly if (1-p)^(G-1) > 1/G",
    source=f"{SOURCE}, Theorem 1 (reconstruction: read conditionally on r_i = 0)",
    printed="E[A_i - Ahat_i | S, r_i = 0] = p (G (1-p)^{G-1} - 1)/(G (1 - (1-p)^{G-1})), > 0 iff (1-p)^{G-1} > 1/G",
    assumptions=GROUP,
    statement=sp.And(
        equals(WRONG, p * (NEAR_WRONG - 1) / (G * (1 - Q ** (G - 1)))),
        sp.Implies(NEAR_WRONG > 1, WRONG > 0),
        sp.Implies(NEAR_WRONG < 1, WRONG < 0),
        sp.Implies(equals(NEAR_WRONG, 1), equals(WRONG, 0)),
    ),
    model=group(4, "2/5"),
    drops={LAW: group(4, "2/5", b=binomial("1/2")), "G ≥ 2": group(1, "1/4"), "0 < p < 1": group(2, "0")},
    hints={"p": "unit"},
    finding="The threshold is p = 1 - G^(-1/(G-1)): 1/2 for G = 2 alone, 0.370 for G = 4, 0.257 for G = 8, 0.169 for G = 16.",
)
def wrong(goal: Goal) -> Theorem:
    return given_reward(goal, "wrong")


@proposition(
    "hadw.theorem1.given_reward.right.repaired",
    title="among the right completions, estimates are too small exactly if p^(G-1) < 1/G",
    source=f"{SOURCE}, Theorem 1 (reconstruction: read conditionally on r_i = 1)",
    printed="E[A_i - Ahat_i | S, r_i = 1] = (1-p) (1 - G p^{G-1})/(G (1 - p^{G-1})), > 0 iff p^{G-1} < 1/G",
    assumptions=GROUP,
    statement=sp.And(
        equals(RIGHT, Q * (1 - NEAR_RIGHT) / (G * (1 - p ** (G - 1)))),
        sp.Implies(NEAR_RIGHT < 1, RIGHT > 0),
        sp.Implies(NEAR_RIGHT > 1, RIGHT < 0),
        sp.Implies(equals(NEAR_RIGHT, 1), equals(RIGHT, 0)),
    ),
    model=group(4, "3/5"),
    drops={LAW: group(4, "3/5", b=binomial("1/2")), "G ≥ 2": group(1, "1/4"), "0 < p < 1": group(2, "1")},
    hints={"p": "unit"},
    finding="The threshold is p = G^(-1/(G-1)): 1/2 for G = 2 alone, 0.630 for G = 4, 0.743 for G = 8, 0.831 for G = 16.",
)
def right(goal: Goal) -> Theorem:
    return given_reward(goal, "right")
