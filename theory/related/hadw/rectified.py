"""The rectified baseline c phat (Lemmas 1 and 3-6): for which c its conditional mean lies within ε of p.

Hoeffding's inequality is an assumption here. P(S) is smallest at the ends of [Δ, 1-Δ], by induction on G.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, app, inv, le, lt, mul
from theory.language import ForAll, family, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.related.hadw.baseline import BASELINE, closed_form
from theory.related.hadw.groups import GROUP, LAW, SOURCE, A, Facts, G, One, binomial, chance, group, j, p
from theory.tactics import MINUS
from theory.tactics.logic import conjunction

eps, delta, Delta, zeta, c, c_low, c_high = reals("eps delta Delta zeta c c_low c_high")
factor = family("c")
LOW = (p - eps) * A / (p * (1 - p ** (G - 1)))
HIGH = (p + eps) * A / (p * (1 - p ** (G - 1)))
A_DELTA = 1 - (1 - Delta) ** G - Delta**G
ONE_EIGHTH = group(2, "1/4", eps="1/8", c="1/2")


def corrected(goal: Goal, factor: Term, low: Theorem, high: Theorem) -> list[Theorem]:
    """p - ε < c E[phat | S] < p + ε from the bounds on c."""
    facts = Facts(goal)
    both = facts.both_positive
    open_ = k.sos(lt(ZERO, term(1 - p ** (G - 1))), [(One, ONE, [facts.below[0]])], [], [])
    goal.define(facts.chance_positive, both, open_)
    value, inside = closed_form(facts), facts.ctx.with_facts(both, open_)
    scale = [facts.signs[0], open_, k.inv_positive(both)]
    product = mul(*(th.concl.args[1] for th in scale))
    out = []
    for bound, end, target, turn in ((low, term(LOW), term(p - eps), ONE), (high, term(HIGH), term(p + eps), MINUS)):
        cleared = inside.equal(mul(end, product), target)
        middle = mul(factor, term(BASELINE))
        claim = lt(target, middle) if bound is low else lt(middle, target)
        out.append(k.sos(claim, [(One, ONE, [bound, *scale])], [value, cleared], [mul(turn, factor), turn]))
    return out


@proposition(
    "hadw.lemma3",
    title="a factor c between the two bounds brings the conditional mean of c phat within ε of p",
    source=f"{SOURCE}, Lemma 3",
    printed="(p-ε) P(S)/(p (1-p^{G-1})) < c < (p+ε) P(S)/(p (1-p^{G-1})) ⇒ E[c phat | S] ∈ (p-ε, p+ε)",
    assumptions=GROUP | {"c is above its lower bound": c > LOW, "c is below its upper bound": c < HIGH},
    statement=sp.And(p - eps < c * BASELINE, c * BASELINE < p + eps),
    model=ONE_EIGHTH,
    drops={
        LAW: group(3, "1/4", eps="1/8", c="4/5") | {"b": binomial("3/4")},
        "G ≥ 2": UNNEEDED,
        "0 < p < 1": UNNEEDED,
        "c is above its lower bound": ONE_EIGHTH | {"c": 0},
        "c is below its upper bound": ONE_EIGHTH | {"c": 1},
    },
    hints={"p": "unit"},
    not_claimed="anything for a c that depends on the group, which the paper takes for a constant: hadw.lemma1.random",
)
def lemma3(goal: Goal) -> Theorem:
    bounds = goal.given["c is above its lower bound"], goal.given["c is below its upper bound"]
    return conjunction(goal.claim, *corrected(goal, term(c), *bounds))


@proposition(
    "hadw.lemma1",
    title="a factor between c_low and c_high does so, if the interval over which they are taken contains p",
    source=f"{SOURCE}, Lemmas 1 and 6: c_low is a supremum and c_high an infimum over I_t, which contains p with "
    "probability 1-δ (hadw.lemma5)",
    printed="p ∈ I_t, c_low < c < c_high ⇒ E[c phat | S] ∈ (p-ε, p+ε)",
    assumptions=GROUP
    | {
        "c_low is at least its value at p": c_low >= LOW,
        "c_high is at most its value at p": c_high <= HIGH,
        "c_low < c < c_high": sp.And(c_low < c, c < c_high),
    },
    statement=sp.And(p - eps < c * BASELINE, c * BASELINE < p + eps),
    model=ONE_EIGHTH | {"c_low": "1/4", "c_high": "3/4"},
    drops={
        LAW: group(3, "1/4", eps="1/8", c="4/5", c_low="3/10", c_high="9/10") | {"b": binomial("3/4")},
        "G ≥ 2": UNNEEDED,
        "0 < p < 1": UNNEEDED,
        "c_low is at least its value at p": ONE_EIGHTH | {"c_low": -1, "c": 0, "c_high": "3/4"},
        "c_high is at most its value at p": ONE_EIGHTH | {"c_low": "1/4", "c": 1, "c_high": 2},
        "c_low < c < c_high": ONE_EIGHTH | {"c_low": "1/4", "c": 1, "c_high": "3/4"},
    },
    hints={"p": "unit"},
    not_claimed="that there is such a c (the interval is empty where c_low ≥ c_high), or anything about a c that is computed "
    "from the same group as a constant: hadw.lemma1.random",
)
def lemma1(goal: Goal) -> Theorem:
    """Between its bounds at p, c satisfies Lemma 3."""
    low, high = (term(x) for x in (LOW, HIGH))
    ends = [goal.given[f"c_{side} is at {word} its value at p"] for side, word in (("low", "least"), ("high", "most"))]
    inside = goal.given["c_low < c < c_high"]
    between = [
        next(th for th in (k.and_elim(inside, e) for e in range(2)) if x in th.concl.args) for x in map(term, (c_low, c_high))
    ]
    bounds = [
        k.sos(claim, [(One, ONE, [end]), (One, ONE, [side])], [], [])
        for claim, end, side in zip((lt(low, term(c)), lt(term(c), high)), ends, between, strict=True)
    ]
    return conjunction(goal.claim, *corrected(goal, term(c), *bounds))


RANDOM = chance(factor(j) * j / G) / chance()
WITHIN = ForAll(j, 1, G - 1, sp.And(factor(j) >= LOW, factor(j) <= HIGH))


@proposition(
    "hadw.lemma1.random",
    title="the factor may even depend on the group, as long as it lies between the bounds at p in every group",
    source=f"{SOURCE}, Lemma 1, where c is computed from phat and then treated as a constant in E[c phat | S]",
    printed="(p-ε) P(S)/(p (1-p^{G-1})) ≤ c(R) ≤ (p+ε) P(S)/(p (1-p^{G-1})) for all R ⇒ |E[c(R) phat | S] - p| ≤ ε",
    assumptions=GROUP | {"c(R) lies between the bounds": WITHIN},
    statement=sp.And(p - eps <= RANDOM, RANDOM <= p + eps),
    model=group(2, "1/4", eps="1/8", c=["1/2"]),
    drops={
        LAW: group(3, "1/4", eps="1/8", c=["4/5", "4/5"]) | {"b": binomial("3/4")},
        "G ≥ 2": UNNEEDED,
        "0 < p < 1": UNNEEDED,
        "c(R) lies between the bounds": group(2, "1/4", eps="1/8", c=[0]),
    },
    hints={"p": "unit"},
    not_claimed="the same for the paper's c, which is between the bounds only in groups with p ∈ I_t; E[c phat | S] is a "
    "number, of which one cannot say that it is near p with probability 1-δ",
)
def random_factor(goal: Goal) -> Theorem:
    facts = Facts(goal)
    both = facts.both_positive
    open_ = k.sos(lt(ZERO, term(1 - p ** (G - 1))), [(One, ONE, [facts.below[0]])], [], [])
    positive = facts.chance_positive
    goal.define(positive, both, open_)
    value, inside = closed_form(facts), facts.ctx.with_facts(both, open_)
    scale = [facts.signs[0], open_, k.inv_positive(both)]
    product, over = mul(*(th.concl.args[1] for th in scale)), k.inv_positive(positive)
    x, size = goal.fresh(goal.claim), k.inv_positive(goal.prove(lt(ZERO, term(G))))
    member = goal.assuming(le(ONE, x), le(x, facts.fewer))
    range_ = member.at(goal.given["c(R) lies between the bounds"], x)
    known = member.with_facts(member.arith(le(ZERO, x)), member.arith(le(x, term(G))))
    weight = [facts.nonnegative(x, known), known.arith(le(ZERO, x)), size]
    whole = mul(app("b", term(G), x), x, inv(term(G)))
    out = []
    for end, target, turn in ((term(LOW), term(p - eps), ONE), (term(HIGH), term(p + eps), MINUS)):
        bound = next(th for th in (k.and_elim(range_, e) for e in range(2)) if end in th.concl.args)
        sides = (mul(whole, end), mul(whole, term(factor(j).subs(j, sp.Symbol(x.args[0], integer=True)))))
        sides = sides if turn is ONE else sides[::-1]
        rows = k.sum_congr(x, ONE, facts.fewer, k.sos(le(*sides), [(One, ONE, [bound, *weight])], [], []))
        fixed = k.sum_linear(x, ONE, facts.fewer, [end], [whole])
        cleared = inside.equal(mul(end, product), target)
        middle = term(RANDOM)
        claim = le(target, middle) if turn is ONE else le(middle, target)
        inverse = over.concl.args[1]
        cofactors = [mul(turn, inverse), mul(turn, end), turn]
        out.append(k.sos(claim, [(One, ONE, [rows, over])], [fixed, value, cleared], cofactors))
    return conjunction(goal.claim, *out)
