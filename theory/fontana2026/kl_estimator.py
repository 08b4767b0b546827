"""The regulariser of Table 1: D_KL = π_ref/π_θ - log(π_ref/π_θ) - 1 of a sampled token, an estimator of KL(π_θ‖π_ref).

One state: tokens v = 1..V, V symbolic, with probabilities pi(v), ref(v), old(v) under π_θ, π_ref, π_old. Logarithms
are natural. What D_KL does as a loss is another question: see `theory.results.kl_gradients`.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, var
from theory.kernel.terms import ONE, ZERO, app, eq, le, lt, mul, ne
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, formula, int_family, integers, reals, term
from theory.proposition import Case, proposition, refuted
from theory.tactics import MINUS, Context, atoms
from theory.tactics.surrogate import everywhere, log_of_reciprocal, under_sums

V, v = integers("V v")
pi, ref, old, ratio, K = map(family, ("pi", "ref", "old", "I", "K"))
n = int_family("n")
SOURCE = "Section 3, Table 1 (R of GRPO R1, CPPO and Dr. GRPO)"


def d_kl(pi: sp.Expr, ref: sp.Expr) -> sp.Expr:
    return ref / pi - sp.log(ref / pi) - 1


def over_tokens(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (v, 1, V))


def for_tokens(claim: sp.Basic) -> sp.Basic:
    return ForAll(v, 1, V, claim)


one_pi, one_ref = reals("pi ref")
POSITIVE = {"π_θ > 0": one_pi > 0, "π_ref > 0": one_ref > 0}


@proposition(
    "fontana2026.dkl.nonneg",
    title="D_KL ≥ 0, and it is 0 exactly where the two policies agree",
    source=SOURCE,
    printed="D_KL = π_ref/π_θ - log(π_ref/π_θ) - 1 ≥ 0",
    assumptions=POSITIVE,
    statement=sp.And(
        d_kl(one_pi, one_ref) >= 0,
        sp.Equivalent(equals(d_kl(one_pi, one_ref), 0), equals(one_pi, one_ref), evaluate=False),
    ),
    model={"pi": "1/2", "ref": "1/4"},
    drops={"π_θ > 0": {"pi": 0, "ref": 1}, "π_ref > 0": {"pi": 1, "ref": 0}},
    hints={"pi": "unit", "ref": "unit"},
)
def nonnegative(goal: Goal) -> Theorem:
    """With u = π_ref/π_θ and x = log u, so u = exp(x): 1 + x < exp(x), unless x = 0 and so u = 1."""
    d, quotient, x = map(term, (d_kl(one_pi, one_ref), one_ref / one_pi, sp.log(one_ref / one_pi)))
    p, q, hole = term(one_pi), term(one_ref), var("hole")
    itself = k.law("exp_log", quotient, ZERO, [goal.prove(lt(ZERO, quotient))])
    one = k.law("exp_zero", ZERO, ZERO, [])
    apart = k.law("exp_above_tangent", x, ZERO, [k.assume(ne(x, ZERO))])
    positive = k.sos(lt(ZERO, d), [(Fraction(1), ONE, [apart])], [itself], [MINUS])
    tie = k.assume(eq(x, ZERO))
    at_tie = k.linear(quotient, ONE, [k.rewrite(tie, itself, hole, eq(app("exp", hole), quotient)), one], [MINUS, ONE])

    weak = k.sos(le(ZERO, d), [(Fraction(1), ONE, [positive])], [], [])
    bound = k.cases(eq(x, ZERO), k.sos(le(ZERO, d), [], [at_tie, tie], [ONE, MINUS]), weak)

    vanishes = k.assume(eq(d, ZERO))
    equal = k.linear(p, q, [at_tie, goal.equal(mul(p, quotient), q)], [mul(MINUS, p), ONE])
    contrary = k.absurd(vanishes, k.negate(positive), eq(p, q))
    to_equal = k.imp_intro(vanishes.concl, k.cases(eq(x, ZERO), equal, contrary))

    agree = k.assume(eq(p, q))
    is_one = goal.equal(quotient, ONE, k.linear(q, p, [agree], [MINUS]))
    log_one = k.rewrite(one, k.law("log_exp", ZERO, ZERO, []), hole, eq(app("log", hole), ZERO))
    log_ratio = k.rewrite(k.linear(ONE, quotient, [is_one], [MINUS]), log_one, hole, eq(app("log", hole), ZERO))
    to_zero = k.imp_intro(agree.concl, k.linear(d, ZERO, [is_one, log_ratio], [ONE, MINUS]))
    return k.restate(k.and_intro([bound, k.and_intro([to_zero, to_equal])]), goal.claim)


def kl(pi: sp.Expr, ref: sp.Expr) -> sp.Expr:
    """The summand of KL(π‖ref)."""
    return pi * sp.log(pi / ref)


def positive(policy: sp.Function) -> sp.Basic:
    return for_tokens(policy(v) > 0)


DISTRIBUTIONS = {
    "π_θ > 0": positive(pi),
    "π_ref > 0": positive(ref),
    "π_θ sums to 1": equals(over_tokens(pi(v)), 1),
    "π_ref sums to 1": equals(over_tokens(ref(v)), 1),
}
COIN = {"V": 2, "pi": ["1/2", "1/2"], "ref": ["1/4", "3/4"]}
DROPS = {
    "π_θ > 0": COIN | {"pi": [0, 1]},
    "π_ref > 0": COIN | {"ref": [0, 1]},
    "π_θ sums to 1": COIN | {"pi": [1, "1/2"]},
    "π_ref sums to 1": COIN | {"ref": ["1/4", "1/4"]},
}
KL = over_tokens(kl(pi(v), ref(v)))


def turned_logs(ctx: Context, p: sp.Expr, q: sp.Expr) -> Theorem:
    """log(p/q) = -log(q/p) for all tokens."""

    def at_token(ctx: Context, claim: Term) -> Theorem:
        inverse, ratio = (t.args[2] for t in atoms(claim) if t.op == "app" and t.args[0] == "log")
        if same(claim.args[0], app("log", ratio)):
            inverse, ratio = ratio, inverse
        th = log_of_reciprocal(ratio, inverse, ctx.equal(mul(ratio, inverse), ONE), ctx.prove(lt(ZERO, ratio)))
        return k.restate(th, claim)

    return everywhere(ctx, formula(for_tokens(equals(sp.log(p / q), -sp.log(q / p)))), at_token)


@proposition(
    "fontana2026.dkl.unbiased",
    title="over tokens drawn from π_θ, D_KL has the expectation KL(π_θ‖π_ref)",
    source=SOURCE,
    printed="E_{π_θ}[D_KL] = KL(π_θ‖π_ref)",
    assumptions=DISTRIBUTIONS,
    statement=equals(over_tokens(pi(v) * d_kl(pi(v), ref(v))), KL),
    model=COIN,
    drops=DROPS,
    hints={"pi": "unit", "ref": "unit"},
    not_claimed="anything about the gradient: see lossproof.k3_gradient",
)
def unbiased(goal: Goal) -> Theorem:
    """Σ π (u - log u - 1) = Σ π_ref - Σ π + Σ π log(1/u)."""
    return by_turned_logs(goal)


def by_turned_logs(goal: Goal, *rewrites: Theorem) -> Theorem:
    left, right = goal.claim.args
    weights = [under_sums(goal, left, *rewrites)] if rewrites else []
    logs = under_sums(goal, right, turned_logs(goal, pi(v), ref(v)))
    return goal.equal(left, right, *weights, logs, goal.given["π_θ sums to 1"], goal.given["π_ref sums to 1"])


def ratio_of_policies(goal: Goal) -> Theorem:
    """I = π_θ/π_old for all tokens, from the assumption that says so and that π_old > 0."""

    def at_token(ctx: Context, claim: Term) -> Theorem:
        both = ctx.at(goal.given[RATIO], *claim.args[0].args[2:])
        return k.restate(k.and_elim(both, [same(p, claim) for p in both.concl.args].index(True)), claim)

    return everywhere(goal, formula(for_tokens(equals(ratio(v), pi(v) / old(v)))), at_token)


refuted(
    "fontana2026.dkl.unbiased_off_policy",
    title="the same over tokens drawn from π_old",
    source=SOURCE,
    printed="E_{π_old}[D_KL] = KL(π_θ‖π_ref)",
    assumptions=DISTRIBUTIONS | {"π_old > 0": positive(old), "π_old sums to 1": equals(over_tokens(old(v)), 1)},
    statement=equals(over_tokens(old(v) * d_kl(pi(v), ref(v))), KL),
    witness=COIN | {"old": ["1/4", "3/4"]},
    module=__name__,
    repair="fontana2026.dkl.unbiased_off_policy.repaired",
    hints={"pi": "unit", "ref": "unit", "old": "unit"},
    finding="Two tokens, π_θ = (1/2, 1/2), π_ref = π_old = (1/4, 3/4): D_KL is log 2 - 1/2 = 0.1931 for the first and "
    "1/2 - log(3/2) = 0.0945 for the second. Its mean under π_old is 0.1192, but KL(π_θ‖π_ref) = log(4/3)/2 = 0.1438.",
)


RATIO = "I = π_θ/π_old"
REWEIGHTED = DISTRIBUTIONS | {RATIO: for_tokens(sp.And(old(v) > 0, equals(ratio(v), pi(v) / old(v))))}


def drawn(case: Case) -> Case:
    """The case with tokens drawn from π_old = (1/4, 3/4)."""
    chances = [Fraction(1, 4), Fraction(3, 4)]
    return case | {"old": chances, "I": [Fraction(x) / q for x, q in zip(case["pi"], chances, strict=True)]}


@proposition(
    "fontana2026.dkl.unbiased_off_policy.repaired",
    title="over tokens drawn from π_old, I · D_KL has the expectation KL(π_θ‖π_ref), as in GRPO v3.2",
    source="Section 3, Table 1 (R of GRPO v3.2)",
    printed="E_{π_old}[I · D_KL] = KL(π_θ‖π_ref), I = π_θ/π_old",
    assumptions=REWEIGHTED,
    statement=equals(over_tokens(old(v) * ratio(v) * d_kl(pi(v), ref(v))), KL),
    model=drawn(COIN),
    drops={name: drawn(case) for name, case in DROPS.items()} | {RATIO: drawn(COIN) | {"I": [1, 1]}},
    hints={"pi": "unit", "ref": "unit", "old": "unit"},
    not_claimed="the same for whole completions: I reweights the token, not the prefix it stands on",
)
def unbiased_weighted(goal: Goal) -> Theorem:
    return by_turned_logs(goal, ratio_of_policies(goal))


# Completions of two tokens: the first, v, leads to a state in which the KL of the second token is K(v). By
# dkl.unbiased_off_policy.repaired, K(v) is also the expectation of I · D_KL of the second token there.
KL_COMPLETION = over_tokens(pi(v) * (sp.log(pi(v) / ref(v)) + K(v)))
AGREE = {"V": 2, "pi": ["1/2", "1/2"], "ref": ["1/2", "1/2"], "old": ["1/4", "3/4"], "I": [2, "2/3"], "K": [1, 0]}

refuted(
    "fontana2026.dkl.unbiased_off_policy.completion",
    title="I · D_KL, summed over a completion of two tokens drawn from π_old, has the KL of completions as expectation",
    source="Section 3, Table 1 (R of GRPO v3.2)",
    printed="E_{π_old}[Σ_t I_t · D_KL,t] = KL(π_θ‖π_ref) of completions, I_t = π_θ/π_old of token t",
    assumptions=REWEIGHTED | {"a KL": for_tokens(K(v) >= 0)},
    statement=equals(over_tokens(old(v) * (ratio(v) * d_kl(pi(v), ref(v)) + K(v))), KL_COMPLETION),
    witness=AGREE,
    module=__name__,
    repair="fontana2026.dkl.unbiased_off_policy.completion.repaired",
    hints={"pi": "unit", "ref": "unit", "old": "unit"},
    finding="Let π_θ = π_ref = (1/2, 1/2) on the first token, and a KL of 1 after token 1, of 0 after token 2: the KL "
    "of completions is 1/2. Under π_old = (1/4, 3/4) token 1 is drawn a quarter of the time, and the estimate is 1/4.",
)


@proposition(
    "fontana2026.dkl.unbiased_off_policy.completion.repaired",
    title="it has, if D_KL of a token is weighted by the ratio of the whole completion up to it",
    source="Section 3, Table 1 (R of GRPO v3.2)",
    printed="E_{π_old}[Σ_t I_1 ⋯ I_t · D_KL,t] = KL(π_θ‖π_ref) of completions",
    assumptions=REWEIGHTED,
    statement=equals(over_tokens(old(v) * (ratio(v) * (d_kl(pi(v), ref(v)) + K(v)))), KL_COMPLETION),
    model=AGREE,
    drops={name: drawn(case) | {"K": [1, 0]} for name, case in DROPS.items()} | {RATIO: AGREE | {"I": [1, 1]}},
    hints={"pi": "unit", "ref": "unit", "old": "unit"},
    not_claimed="that the variance of these weights is small",
)
def unbiased_completion(goal: Goal) -> Theorem:
    """The second state is reached with probability old(v) ratio(v) = π_θ(v); the first token is as above."""
    return by_turned_logs(goal, ratio_of_policies(goal))


refuted(
    "fontana2026.dkl.unbiased.mean_over_tokens",
    title="the same for the first token's part (1/|o|) D_KL of a mean over the tokens of a completion",
    source=SOURCE,
    printed="E_{π_θ}[(1/|o|) D_KL] = E_{π_θ}[(1/|o|) log(π_θ/π_ref)]",
    assumptions=DISTRIBUTIONS | {"lengths": for_tokens(n(v) >= 1)},
    statement=equals(over_tokens(pi(v) * d_kl(pi(v), ref(v)) / n(v)), over_tokens(pi(v) * sp.log(pi(v) / ref(v)) / n(v))),
    witness=COIN | {"n": [1, 2]},
    module=__name__,
    repair="fontana2026.dkl.unbiased",
    hints={"pi": "unit", "ref": "unit"},
    finding="Let the first token decide the length: π_θ = (1/2, 1/2), π_ref = (1/4, 3/4), lengths 1 and 2. The sides "
    "differ by Σ (π_ref - π_θ)/|o| = -1/4 + 1/8 = -1/8: π_ref/π_θ - 1 averages to 0 only if all tokens weigh the same.",
)
