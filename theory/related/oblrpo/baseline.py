"""The constant b that minimises E[w (r - b)²], w = ‖∇log π(y)‖²: the part of the variance that depends on the baseline.

Responses y = 1..V of probability p(y). Known from Weaver & Tao (2001) and Greensmith et al. (2004), for any weights w.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, app, inv, le, lt
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, shown
from theory.tactics import MINUS, atoms
from theory.tactics.deviation import replacing
from theory.tactics.logic import conjunction, swapped
from theory.tactics.powers import for_all, weaken
from theory.tactics.prefix import around

from . import SOURCE

V, X, D, y, x, i, a = integers("V X D y x i a")
b = reals("b")
p, r, w, q, s = map(family, ("p", "r", "w", "q", "s"))


def mean(f: sp.Expr) -> sp.Expr:
    return sp.Sum(p(y) * f, (y, 1, V))


def loss(b: sp.Expr) -> sp.Expr:
    """E[w (r - b)²]."""
    return mean(w(y) * (r(y) - b) ** 2)


W = mean(w(y))
BEST = mean(w(y) * r(y)) / W
MEAN = mean(r(y))
COVARIANCE = mean(w(y) * r(y)) - W * MEAN
WEIGHT, LAW = "E[w] > 0", "probabilities sum to 1"
POSITIVE = {WEIGHT: W > 0}
NORMALISED = {LAW: equals(mean(1), 1)}
COIN: Case = {"V": 2, "p": ["1/2", "1/2"], "r": [1, 0], "w": [1, 3], "b": 1}


@proposition(
    "oblrpo.optimal_baseline",
    title="b* = E[w r]/E[w] is the baseline of least variance; any other costs E[w] (b - b*)² more",
    source=SOURCE,
    printed="E[w (r - b)²] - E[w (r - b*)²] = E[w] (b - b*)² ≥ 0",
    assumptions=POSITIVE,
    statement=sp.And(equals(loss(b) - loss(BEST), W * (b - BEST) ** 2), loss(BEST) <= loss(b)),
    model=COIN,
    drops={WEIGHT: COIN | {"w": [0, 0]}},
    not_claimed="anything about a baseline that is estimated from the same responses: oblrpo.plug_in",
)
def optimal_baseline(goal: Goal) -> Theorem:
    """E[w (r - b)²] is a square in b with the coefficient E[w]."""
    identity = goal.equal(term(loss(b) - loss(BEST)), term(W * (b - BEST) ** 2))
    part = (Fraction(1), term(b - BEST), [weaken(goal.given[WEIGHT])])
    least = k.sos(le(term(loss(BEST)), term(loss(b))), [part], [identity], [ONE])
    return conjunction(goal.claim, identity, least)


@proposition(
    "oblrpo.optimal_baseline.gain",
    title="over the mean reward, b* saves Cov(w, r)²/E[w]",
    source=SOURCE,
    printed="E[w (r - E r)²] - E[w (r - b*)²] = Cov(w, r)²/E[w]",
    assumptions=POSITIVE,
    statement=equals(loss(MEAN) - loss(BEST), COVARIANCE**2 / W),
    model=COIN,
    drops={WEIGHT: COIN | {"w": [0, 0]}},
)
def gain(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


P, w_pass, w_fail = reals("P w_pass w_fail")


@proposition(
    "oblrpo.optimal_baseline.binary",
    title="of a reward 0 or 1, passed with probability P, b* = P w₊/(P w₊ + (1 - P) w₋), by the mean weights of pass and fail",
    source=SOURCE,
    printed="b* = P w₊/(P w₊ + (1 - P) w₋), w₊ = E[w | r = 1], w₋ = E[w | r = 0]",
    assumptions=POSITIVE
    | {
        "0 < P < 1": sp.And(P > 0, P < 1),
        "w₊ is the mean weight of a pass": equals(w_pass, mean(w(y) * r(y)) / P),
        "w₋ is the mean weight of a fail": equals(w_fail, mean(w(y) * (1 - r(y))) / (1 - P)),
    },
    statement=equals(BEST, P * w_pass / (P * w_pass + (1 - P) * w_fail)),
    model=(HALF := COIN | {"P": "1/2", "w_pass": 1, "w_fail": 3}),
    drops={
        WEIGHT: HALF | {"w": [0, 0], "w_pass": 0, "w_fail": 0},
        "0 < P < 1": UNNEEDED,
        "w₊ is the mean weight of a pass": HALF | {"w_pass": 2},
        "w₋ is the mean weight of a fail": HALF | {"w_fail": 2},
    },
)
def binary(goal: Goal) -> Theorem:
    """E[w] = P w₊ + (1 - P) w₋."""
    definitions = [goal.given[f"w{sign} is the mean weight of a {name}"] for sign, name in (("₊", "pass"), ("₋", "fail"))]
    parts = term(P * w_pass), term((1 - P) * w_fail)
    sums = term(mean(w(y) * r(y))), term(mean(w(y) * (1 - r(y))))
    passed, failed = (swapped(goal.equal(x, s, th)) for x, s, th in zip(parts, sums, definitions, strict=True))
    below = term(P * w_pass + (1 - P) * w_fail)
    rest = goal.equal(failed.concl.args[0], term(W - mean(w(y) * r(y))))
    whole = k.linear(term(W), below, [rest, failed, passed], [MINUS, ONE, ONE])
    goal.define(k.sos(lt(ZERO, below), [(Fraction(1), ONE, [goal.given[WEIGHT]])], [whole], [MINUS]))
    return replacing(goal.claim, whole, lambda claim: k.linear(*claim.args, [passed], [inv(below)]))


# -- several prompts, several coordinates ----------------------------------------------------------------------------


def over_prompts(f: sp.Expr) -> sp.Expr:
    """Over prompts x of probability q(x), and their responses."""
    return sp.Sum(q(x) * sp.Sum(p(x, y) * f, (y, 1, V)), (x, 1, X))


GLOBAL = over_prompts(w(x, y) * r(x, y)) / over_prompts(w(x, y))


def global_loss(b: sp.Expr) -> sp.Expr:
    return over_prompts(w(x, y) * (r(x, y) - b) ** 2)


@proposition(
    "oblrpo.global_baseline",
    title="the best baseline that is the same for all prompts is E[w r]/E[w] over prompts and responses",
    source=SOURCE,
    printed="E_x E_y[w (r - b)²] - E_x E_y[w (r - b*)²] = E_x E_y[w] (b - b*)², b* = E_x E_y[w r]/E_x E_y[w]",
    assumptions={WEIGHT: over_prompts(w(x, y)) > 0},
    statement=equals(global_loss(b) - global_loss(GLOBAL), over_prompts(w(x, y)) * (b - GLOBAL) ** 2),
    model=(PROMPTS := {"X": 2, "V": 1, "q": ["1/2", "1/2"], "p": [[1], [1]], "w": [[1], [1]], "r": [[1], [0]], "b": 0}),
    drops={WEIGHT: PROMPTS | {"w": [[0], [0]]}},
)
def global_baseline(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


shown(
    "oblrpo.global_baseline.not_per_prompt",
    title="it is not the best baseline of each prompt: one per prompt can leave no variance where it leaves some",
    source=SOURCE,
    printed="E_x E_y[w (r - b*)²] > E_x E_y[w (r - b*(x))²]",
    statement=sp.Gt(
        global_loss(GLOBAL),
        sp.Sum(
            q(x)
            * p(x, y)
            * w(x, y)
            * (r(x, y) - sp.Sum(p(x, i) * w(x, i) * r(x, i), (i, 1, V)) / sp.Sum(p(x, i) * w(x, i), (i, 1, V))) ** 2,
            (y, 1, V),
            (x, 1, X),
        ),
        evaluate=False,
    ),
    witness={name: value for name, value in PROMPTS.items() if name != "b"},
    module=__name__,
    finding="Two prompts, one with the reward 1 and one with the reward 0, whatever the response. The global baseline is 1/2 and "
    "leaves 1/4; the baselines 1 and 0 leave nothing.",
)


def along(b: sp.Expr) -> sp.Expr:
    """E[s_i² (r - b)²] of coordinate i."""
    return mean(s(i, y) ** 2 * (r(y) - b) ** 2)


OWN = mean(s(i, y) ** 2 * r(y)) / mean(s(i, y) ** 2)


@proposition(
    "oblrpo.coordinate_baseline",
    title="one baseline per coordinate, E[s_i² r]/E[s_i²], has at most the variance of any common one",
    source=SOURCE,
    printed="Σ_i E[s_i² (r - b_i)²] ≤ Σ_i E[s_i² (r - b)²], b_i = E[s_i² r]/E[s_i²]",
    assumptions={"no coordinate is idle": ForAll(i, 1, D, mean(s(i, y) ** 2) > 0)},
    statement=sp.Sum(along(OWN), (i, 1, D)) <= sp.Sum(along(b), (i, 1, D)),
    model={"V": 2, "D": 1, "p": ["1/2", "1/2"], "s": [[1, 2]], "r": [1, 0], "b": 1},
    drops={"no coordinate is idle": {"V": 2, "D": 1, "p": ["1/2", "1/2"], "s": [[0, 0]], "r": [1, 0], "b": 1}},
)
def coordinate_baseline(goal: Goal) -> Theorem:
    """oblrpo.optimal_baseline with w = s_i², added up."""
    t = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, t), le(t, term(D)))

    def at(f: sp.Expr) -> Term:
        return subst(term(f), {term(i): t})

    positive = inside.at(goal.given["no coordinate is idle"], t)
    identity = inside.with_facts(positive).equal(at(along(b) - along(OWN)), at(mean(s(i, y) ** 2) * (b - OWN) ** 2))
    goal.define(for_all(t, ONE, term(D), k.negate(positive)))
    least = k.sos(le(at(along(OWN)), at(along(b))), [(Fraction(1), at(b - OWN), [weaken(positive)])], [identity], [ONE])
    return k.restate(k.sum_congr(t, ONE, term(D), least), goal.claim)


delta = sp.Piecewise((1, sp.Eq(y, a)), (0, True))


@proposition(
    "oblrpo.logit_norm",
    title="the squared norm of the gradient of log π(a) in the logits of a softmax is 1 - 2 π(a) + Σ π²",
    source="the rule of Optimal Token Baseline, arXiv 2602.07078, which uses it as w",
    printed="‖e_a - π‖² = 1 - 2 π(a) + Σ_v π(v)²",
    assumptions={"a is a token": sp.And(1 <= a, a <= V)},
    statement=equals(sp.Sum((delta - p(y)) ** 2, (y, 1, V)), 1 - 2 * p(a) + sp.Sum(p(y) ** 2, (y, 1, V))),
    model={"V": 2, "a": 1, "p": ["1/2", "1/2"]},
    drops={"a is a token": {"V": 1, "a": 2, "p": [1, 1]}},
)
def logit_norm(goal: Goal) -> Theorem:
    """Token by token: [v = a]² = [v = a], and Σ [v = a] π(v) = π(a)."""
    left, right = goal.claim.args
    token = term(a)
    split, *outer = around(goal, left, token)
    own = next(x for x in atoms(split.concl.args[1]) if x.op == "ite")
    known = [split, k.if_(k.linear(token, token, [], []), *own.args[1:])]
    for piece in outer:
        index, lo, hi, body = piece.args
        t = goal.fresh(goal.claim)
        inside = goal.assuming(le(lo, t), le(t, hi))
        summand = subst(body, {index: t})
        choice = next(x for x in atoms(summand) if x.op == "ite")
        other = k.if_(inside.unequal(*choice.args[0].args), *choice.args[1:])
        known.append(k.sum_congr(t, lo, hi, inside.equal(summand, mk("pow", app("p", t), 2), other)))
    squares = around(goal, term(sp.Sum(p(y) ** 2, (y, 1, V))), token)[0]
    return goal.equal(left, right, *known, squares)


not_applicable(
    "oblrpo.experiments",
    title="OBLR-PO improves Qwen3-4B-Base and 8B-Base",
    source="the abstract; no numbers were at hand",
    printed="(measured in training runs)",
    reason="an outcome of training runs of language models, which this project does not repeat",
    module=__name__,
)
