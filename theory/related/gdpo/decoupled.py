"""Eq. 4 and 5: every reward is standardised in its group, then they are added.

Statement   A_k is centred, and does not change under a positive rescaling of reward k. With a binary reward the gap
            between pass and fail is 1/s_k, s_k² = G p (1 - p)/(G - 1). With two rollouts only signs are left.
Hypotheses  no reward is constant in the group: Eq. 4 is 0/0 for one that is.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, app, le, lt, mul
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, not_applicable, proposition, refuted
from theory.tactics.deviation import replacing, same_root, scaled_root
from theory.tactics.logic import conjunction
from theory.tactics.powers import for_all

from .collapse import (
    GROUP,
    TWO,
    VARIES,
    VARY,
    G,
    Rewards,
    h,
    i,
    j,
    mean,
    order_kept,
    pair,
    r,
    standardised,
    variance,
)

SECTION = "Section 3.1, Eq. 4 and 5"
n, m = integers("n m")
p, phi = reals("p phi")
x, y, w = family("x"), family("y"), family("w")
reward = family("r")


def of(m: sp.Expr) -> Rewards:
    """Reward m of n, as a function of the rollout."""
    return lambda t: reward(m, t)


NONE_CONSTANT = "no reward is constant"
ALL_VARY = {NONE_CONSTANT: ForAll(m, 1, n, variance(of(m)) > 0)}


def everywhere_nonnegative(goal: Goal, t: Term, *positive: Theorem) -> list[Theorem]:
    """`0 < x` and `0 <= x` for every reward, from 0 < x for reward t."""
    weak = [k.sos(le(*th.concl.args), [(Fraction(1), ONE, [th])], [], []) for th in positive]
    return [for_all(t, ONE, term(n), th) for th in (*positive, *weak)]


refuted(
    "gdpo.eq4.defined",
    title="the advantages of one reward, Eq. 4, are defined, and add up to 0",
    source=SECTION,
    printed="A_k = (r_k - mean r_k)/std r_k, Σ_j A_k^(j) = 0",
    assumptions=GROUP,
    statement=equals(sp.Sum(standardised(r, j), (j, 1, G)), 0),
    witness={"G": 2, "r": [1, 1]},
    module=__name__,
    repair="gdpo.eq4.defined.repaired",
    finding="If both rollouts get the same reward, the deviation is 0 and Eq. 4, printed without a constant below, is "
    "0/0. With a binary reward of pass rate p this happens in p^G + (1 - p)^G of the groups.",
)


@proposition(
    "gdpo.eq4.defined.repaired",
    title="they are, if the reward is not constant in the group",
    source="our own",
    printed="std r_k > 0  ⇒  Σ_j A_k^(j) = 0",
    assumptions=GROUP | VARIES,
    statement=equals(sp.Sum(standardised(r, j), (j, 1, G)), 0),
    model={"G": 2, "r": [0, 1]},
    drops={TWO: UNNEEDED, VARY: {"G": 2, "r": [1, 1]}},
)
def defined(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


@proposition(
    "gdpo.eq4.scale_invariant",
    title="GDPO does not see weights that are put on the rewards before Eq. 4, however they differ",
    source="Section 3.2, before Eq. 7",
    printed="Σ_k A_k(φ_k r_k) = Σ_k A_k(r_k) for φ_k > 0",
    assumptions=GROUP | ALL_VARY | {"φ > 0": ForAll(m, 1, n, w(m) > 0)},
    statement=equals(
        sp.Sum(standardised(lambda t: w(m) * reward(m, t), j), (m, 1, n)), sp.Sum(standardised(of(m), j), (m, 1, n))
    ),
    model={"G": 2, "n": 1, "r": [[0, 1]], "w": [2], "j": 1},
    drops={
        TWO: UNNEEDED,
        NONE_CONSTANT: {"G": 2, "n": 1, "r": [[0, 0]], "w": [2], "j": 1},
        "φ > 0": {"G": 4, "n": 1, "r": [[1, 0, 0, 0]], "w": [-1], "j": 1},
    },
)
def scale_invariant(goal: Goal) -> Theorem:
    """Reward by reward, as in gdpo.eq2.affine_invariant."""
    t = goal.fresh(goal.claim)
    last = term(n)
    inside = goal.assuming(le(ONE, t), le(t, last))
    wide, narrow, factor = (
        subst(term(f), {term(m): t}) for f in (variance(lambda t: w(m) * reward(m, t)), variance(of(m)), w(m))
    )
    scaled = inside.equal(wide, mul(factor, factor, narrow))
    positive, root = scaled_root(inside, wide, narrow, factor, scaled)
    goal.define(*everywhere_nonnegative(goal, t, positive, inside.at(goal.given[NONE_CONSTANT], t)))
    bodies = [subst(s.args[3], {s.args[0]: t}) for s in goal.claim.args]
    th = replacing(k.terms.eq(*bodies), root, inside.with_facts(positive).prove)
    return k.restate(k.sum_congr(t, ONE, last, th), goal.claim)


BINARY = {"a binary reward": ForAll(i, 1, G, equals(r(i) ** 2, r(i)))}


@proposition(
    "gdpo.binary_gap",
    title="of a binary reward, GDPO sets pass and fail 1/s apart, s² = G p (1 - p)/(G - 1): the rarer outcome weighs more",
    source="our own",
    printed="A(pass) - A(fail) = 1/s, s² = G p (1 - p)/(G - 1), p the pass rate in the group",
    assumptions=GROUP
    | BINARY
    | {"p is the pass rate": equals(p, mean(r(h), h, G)), "p is neither 0 nor 1": p * (1 - p) > 0}
    | {"j passes": equals(r(j), 1), "i fails": equals(r(i), 0)},
    statement=equals(standardised(r, j) - standardised(r, i), 1 / sp.sqrt(G * p * (1 - p) / (G - 1))),
    model={"G": 4, "r": [1, 0, 0, 0], "p": "1/4", "j": 1, "i": 2},
    drops={
        TWO: UNNEEDED,
        "a binary reward": {"G": 3, "r": [1, 0, 5], "p": 2, "j": 1, "i": 2} | {"G": 4, "r": [1, 0, 0, "1/2"], "p": "3/8"},
        "p is the pass rate": {"G": 4, "r": [1, 0, 0, 0], "p": "1/2", "j": 1, "i": 2},
        "p is neither 0 nor 1": UNNEEDED,
        "j passes": {"G": 4, "r": [1, 0, 0, 0], "p": "1/4", "j": 3, "i": 2},
        "i fails": {"G": 4, "r": [1, 0, 0, 0], "p": "1/4", "j": 1, "i": 1},
    },
)
def binary_gap(goal: Goal) -> Theorem:
    """Σ (r - p)² = Σ r² - G p² = G p (1 - p)."""
    t = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, t), le(t, term(G)))
    squares = k.sum_congr(t, ONE, term(G), inside.at(goal.given["a binary reward"], t))
    wide, narrow = term(variance(r)), term(G * p * (1 - p) / (G - 1))
    same = goal.equal(wide, narrow, squares, goal.given["p is the pass rate"])
    sizes = [goal.prove(lt(ZERO, term(G))), k.inv_positive(goal.prove(lt(ZERO, term(G - 1))))]
    positive = k.sos(lt(ZERO, narrow), [(Fraction(1), ONE, [*sizes, goal.given["p is neither 0 nor 1"]])], [], [])
    goal.define(positive, k.sos(lt(ZERO, wide), [(Fraction(1), ONE, [positive])], [same], [ONE]))
    goal.know(*goal.lemmas)
    outcomes = [goal.given[name] for name in ("j passes", "i fails")]
    return replacing(goal.claim, same_root(same), lambda claim: goal.equal(*claim.args, *outcomes))


@proposition(
    "gdpo.eq5.two_rollouts",
    title="of two rollouts, n rewards that agree in order give ∓n/√2: totals (0,1) ∓0.7071, (0,2) ∓1.4142",
    source="Section 3.1, Fig. 2",
    printed="(0,1) → (-0.7071, 0.7071), (0,2) → (-1.4142, 1.4142)",
    assumptions={"n >= 0": n >= 0, "x < y in each reward": ForAll(m, 1, n, x(m) < y(m))},
    statement=sp.And(
        equals(sp.Sum(pair(x(m), x(m), y(m)), (m, 1, n)), -n / sp.sqrt(2)),
        equals(sp.Sum(pair(y(m), x(m), y(m)), (m, 1, n)), n / sp.sqrt(2)),
    ),
    model={"n": 2, "x": [0, 0], "y": [1, 1]},
    drops={"n >= 0": {"n": -1, "x": [], "y": []}, "x < y in each reward": {"n": 1, "x": [1], "y": [0]}},
)
def two_rollouts(goal: Goal) -> Theorem:
    """Each reward gives ∓1/√2, by gdpo.collapse: how far apart its values are is lost."""
    t = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, t), le(t, term(n)))
    low, high = app("x", t), app("y", t)
    claims = []
    for p in goal.claim.args:
        total = next(s for s in p.args if s.op == "sum")
        sign = -1 if same(total, term(sp.Sum(pair(x(m), x(m), y(m)), (m, 1, n)))) else 1
        claims.append(k.terms.eq(subst(total.args[3], {total.args[0]: t}), term(sign * sp.sqrt(2) / 2)))
    positive, sides = order_kept(inside, low, high, *claims)
    goal.define(*everywhere_nonnegative(goal, t, positive))
    sums = [k.sum_congr(t, ONE, term(n), th) for th in sides]
    return conjunction(goal.claim, *(goal.equal(*p.args, th) for p, th in zip(goal.claim.args, sums, strict=True)))


not_applicable(
    "gdpo.headline",
    title="up to 6.3% (DeepSeek-R1-1.5B) and 2.3% (Qwen3-4B-Instruct) more AIME accuracy than GRPO",
    source="Abstract, Table 1",
    printed="(measured in training runs)",
    reason="an outcome of training runs of language models, which this project does not repeat",
    module=__name__,
)

V, t = integers("V t")
pi, score = family("pi"), family("s")


@proposition(
    "gdpo.population_gradient",
    title="in an infinite group the expected gradient of reward k is ∇p_k/√(p_k (1 - p_k)): its scale depends on the prompt",
    source="our own",
    printed="E[(r_k - p_k)/√(p_k (1 - p_k)) ∇log π] = E[r_k ∇log π]/√(p_k (1 - p_k))",
    assumptions={
        "the score averages to 0": equals(sp.Sum(pi(t) * score(t), (t, 1, V)), 0),
        "p is neither 0 nor 1": p * (1 - p) > 0,
    },
    statement=equals(
        sp.Sum(pi(t) * (r(t) - p) / sp.sqrt(p * (1 - p)) * score(t), (t, 1, V)),
        sp.Sum(pi(t) * r(t) * score(t), (t, 1, V)) / sp.sqrt(p * (1 - p)),
    ),
    model={"V": 2, "pi": ["1/2", "1/2"], "s": [1, -1], "r": [1, 0], "p": "1/2"},
    drops={
        "the score averages to 0": {"V": 2, "pi": ["1/2", "1/2"], "s": [1, 0], "r": [1, 0], "p": "1/2"},
        "p is neither 0 nor 1": {"V": 2, "pi": ["1/2", "1/2"], "s": [1, -1], "r": [1, 1], "p": 1},
    },
    not_claimed="the limit of large groups; that ∇p/√(p (1 - p)) = ∇ 2 arcsin √p, for which the language has no arcsin",
)
def population_gradient(goal: Goal) -> Theorem:
    """The part of p is p times the mean of the score."""
    return goal.equal(*goal.claim.args, goal.given["the score averages to 0"])
