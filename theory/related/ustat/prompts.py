"""From one prompt to many (Proposition 3), to large groups (Corollary 4), and to other baselines (Corollary 5)."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, add, inv, le
from theory.language import ForAll, equals, family, integers, reals, tends, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.related.ustat.estimator import LAW, REST, SOURCE, A, G, One, V, Z, a, g, over, q, sigma_2, w
from theory.tactics.logic import conjunction

x, e, X, E = integers("x e X E")
b = reals("b")

p, g_x, u = family("rho"), family("g_x"), family("u")
PER_PROMPT = sp.Sum(p(x) * sp.Sum(q(x, e) * (u(x, e) - g) ** 2, (e, 1, E)), (x, 1, X))
BETWEEN = sp.Sum(p(x) * (g_x(x) - g) ** 2, (x, 1, X))
WITHIN = sp.Sum(p(x) * sp.Sum(q(x, e) * (u(x, e) - g_x(x)) ** 2, (e, 1, E)), (x, 1, X))
PROMPTS = {"X": 2, "E": 2, "rho": ["1/2", "1/2"], "q": [["1/2", "1/2"]] * 2, "u": [[0, 2], [3, 5]], "g_x": [1, 4], "g": 1}


@proposition(
    "ustat.prop3",
    title="over prompts, the squared error splits into that of the prompt's gradient and that within the prompt",
    source=f"{SOURCE}, Prop. 3, for one prompt; a mean of B independent ones has 1/B of it",
    printed="E‖ĝ - g‖² = E‖g(X) - g‖² + E‖ĝ - g(X)‖²",
    assumptions={
        "chances of each prompt add up to 1": ForAll(x, 1, X, equals(sp.Sum(q(x, e), (e, 1, E)), 1)),
        "the estimate of a prompt is unbiased": ForAll(x, 1, X, equals(sp.Sum(q(x, e) * u(x, e), (e, 1, E)), g_x(x))),
    },
    statement=equals(PER_PROMPT, BETWEEN + WITHIN),
    model=PROMPTS,
    drops={
        "chances of each prompt add up to 1": PROMPTS | {"q": [["1/2", "1/2"], [1, 1]], "g_x": [1, 8]},
        "the estimate of a prompt is unbiased": PROMPTS | {"g_x": [1, 3]},
    },
    hints={"q": "unit", "rho": "unit"},
    not_claimed="the 1/B of a mean over prompts; the second term is that of Theorem 2 for each prompt",
)
def prop3(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(X)))
    facts = [inside.at(th, index) for th in goal.given.values()]
    sums = [subst(term(s).args[3], {term(s).args[0]: index}) for s in (PER_PROMPT, BETWEEN, WITHIN)]
    each = inside.equal(sums[0], add(sums[1], sums[2]), *facts)
    rows = k.sum_congr(index, ONE, term(X), each)
    parts = k.sum_linear(index, ONE, term(X), [ONE, ONE], sums[1:])
    return k.linear(*goal.claim.args, [rows, parts], [ONE, ONE])


@proposition(
    "ustat.corollary4",
    title="G times the mean squared error tends to the oracle's, that of the value baseline",
    source=f"{SOURCE}, Corollary 4",
    printed="G · MSE = Var(W (Z-V)) + (E[W²] Var Z + g²)/(G-1) → Var(W (Z-V))",
    statement=tends(sigma_2 + REST / (G - 1), G, sp.oo, sigma_2),
    not_claimed="the closed form of the mean squared error, which is ustat.theorem2.remainder",
)
def corollary4(goal: Goal) -> Theorem:
    index, f, _, _ = goal.claim.args
    n = term(G)
    vanishing = k.limit_rational(n, ONE, term(G - 1))
    at = subst(f, {index: n})
    th = k.limit(n, at, "oo", [as_limit(vanishing, n)])
    hole = var("hole")
    value = k.linear(th.concl.args[3], term(sigma_2), [], [])
    return k.rewrite(value, th, hole, mk("lim", n, at, "oo", hole))


def as_limit(th: Theorem, n: Term) -> Theorem:
    """1/(n-1) → 0, without the factor 1."""
    return k.restate(th, mk("lim", n, inv(term(G - 1)), "oo", ZERO))


def variance_with(baseline: sp.Expr) -> sp.Expr:
    """E[w (Z - b)²], the part of the variance that depends on the baseline; w = ‖W‖²."""
    return over(w(a) * (Z(a) - baseline) ** 2)


BASELINE = {
    "the chances add up to 1": LAW["the chances add up to 1"],
    "V is the mean reward": LAW["V is the mean reward"],
    "weights are not negative": ForAll(a, 1, A, sp.And(q(a) >= 0, w(a) >= 0)),
}
UNCORRELATED = {"Assumption 2: ‖W‖² and Z are uncorrelated": equals(over(w(a) * Z(a)), over(w(a)) * V)}
EQUAL_NORMS = {"A": 2, "q": ["1/2", "1/2"], "w": [1, 1], "Z": [1, 0], "V": "1/2", "b": 0}
SKEWED = EQUAL_NORMS | {"w": [3, 1], "b": "3/4"}

refuted(
    "ustat.corollary5.without",
    title="the mean reward is the best baseline of its prompt, without Assumption 2",
    source=f"{SOURCE}, Corollary 5 without its Assumption 2 (the paper makes the assumption)",
    printed="E[‖W‖² (Z-V)²] ≤ E[‖W‖² (Z-b)²] for every b",
    assumptions=BASELINE,
    statement=variance_with(V) <= variance_with(b),
    witness=SKEWED,
    module=__name__,
    repair="ustat.corollary5",
    hints={"q": "unit", "w": "ratio"},
    finding="Two outcomes of chance 1/2 with ‖W‖² = 3 for the reward 1 and 1 for the reward 0: the mean reward 1/2 gives "
    "(3/4 + 1/4)/2 = 1/2, the baseline E[‖W‖² Z]/E[‖W‖²] = 3/4 gives (3/16 + 9/16)/2 = 3/8.",
)


@proposition(
    "ustat.corollary5",
    title="if ‖W‖² and the reward are uncorrelated, no baseline of the prompt has a smaller variance than the mean reward",
    source=f"{SOURCE}, Corollary 5",
    printed="E[‖W‖² (Z-b)²] = E[‖W‖² (Z-V)²] + E[‖W‖²] (b-V)²",
    assumptions=BASELINE | UNCORRELATED,
    statement=sp.And(
        equals(variance_with(b), variance_with(V) + over(w(a)) * (b - V) ** 2), variance_with(V) <= variance_with(b)
    ),
    model=EQUAL_NORMS,
    drops={
        "the chances add up to 1": UNNEEDED,
        "V is the mean reward": UNNEEDED,
        "weights are not negative": EQUAL_NORMS | {"w": [-1, -1]},
        "Assumption 2: ‖W‖² and Z are uncorrelated": SKEWED,
    },
    hints={"q": "unit", "w": "ratio"},
    not_claimed="that Assumption 2 holds: see lossproof.value_baseline for what is lost without it",
)
def corollary5(goal: Goal) -> Theorem:
    equation, order = sorted(goal.claim.args, key=lambda c: c.op != "eq")
    value = goal.equal(*equation.args, goal.given["Assumption 2: ‖W‖² and Z are uncorrelated"])
    total = mean_weight(goal)
    distance = term(b - V)
    th = k.sos(order, [(One, distance, [total])], [value], [ONE])
    return conjunction(goal.claim, value, th)


def mean_weight(goal: Goal) -> Theorem:
    """0 <= E[w]."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(A)))
    known = inside.at(goal.given["weights are not negative"], index)
    total = term(over(w(a)))
    f = subst(total.args[3], {total.args[0]: index})
    each = k.sos(le(ZERO, f), [(One, ONE, [k.and_elim(known, 0), k.and_elim(known, 1)])], [], [])
    return goal.nonnegative_sum(total, each, index)
