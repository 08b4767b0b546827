"""Dr. GRPO, "Understanding R1-Zero-Like Training: A Critical Perspective" (arXiv 2503.20783): two biases, and their removal.

Sec. 3.1: 1/|o_i| treats long and short completions differently, 1/σ(r) easy and hard questions. App. A: without both, the
centred advantage gives the gradient, here up to the factor 1 - 1/G. Expectations are over outcomes a = 1..A of a completion.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, num, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import not_applicable, proposition, refuted
from theory.results.group_factor import ASSUMED, CENTRED, COINS, GRADIENT, INDEPENDENT, g, over_groups
from theory.tactics import MINUS, atoms
from theory.tactics.logic import conjunction, replaced
from theory.tactics.powers import squares_strict

TITLE = "Liu et al., Understanding R1-Zero-Like Training: A Critical Perspective (Dr. GRPO, arXiv 2503.20783)"

A, G, E, a, c, e, i, j = integers("A G E a c e i j")
adv, n_1, n_2, p_1, p_2, mu = reals("A_i n_1 n_2 p_1 p_2 mu")
q, u, S, R, B, f, M, L = (family(name) for name in ("q", "u", "S", "R", "B", "f", "M", "L"))
SOURCE = "arXiv 2503.20783"
One = Fraction(1)
half = sp.Rational(1, 2)


def over(x: sp.Expr) -> sp.Expr:
    return sp.Sum(q(a) * x, (a, 1, A))


@proposition(
    "drgrpo.length_bias",
    title="with 1/|o_i|, a token of a shorter correct completion counts more, one of a longer incorrect completion is "
    "penalised less",
    source=f"{SOURCE}, Sec. 3.1, response-level length bias",
    printed="A > 0: A/n_1 > A/n_2;  A < 0: A/n_1 < A/n_2 for n_1 < n_2",
    assumptions={"lengths": sp.And(n_1 > 0, n_2 > n_1)},
    statement=sp.And(sp.Implies(adv > 0, adv / n_1 > adv / n_2), sp.Implies(adv < 0, adv / n_1 < adv / n_2)),
    model={"n_1": 1, "n_2": 2, "A_i": 1},
    drops={"lengths": {"n_1": 2, "n_2": 1, "A_i": 1}},
    hints={"n_1": "ratio", "n_2": "ratio"},
    not_claimed="that outputs become longer or shorter on average: drgrpo.drift",
)
def length_bias(goal: Goal) -> Theorem:
    """1/n_1 - 1/n_2 = (n_2 - n_1)/(n_1 n_2) > 0."""
    both = [k.and_elim(goal.given["lengths"], x) for x in range(2)]
    first = next(th for th in both if th.concl.args[0] is ZERO)
    apart = next(th for th in both if th is not first)
    second = k.sos(lt(ZERO, term(n_2)), [(One, ONE, [first]), (One, ONE, [apart])], [], [])
    goal.define(second)
    inverses = [k.inv_positive(th) for th in (first, second)]
    units = [k.field(mul(th.concl.args[1], inv(th.concl.args[1])), ONE, [k.negate(th)]) for th in (first, second)]
    u_1, u_2 = (th.concl.args[1] for th in inverses)
    larger = k.sos(lt(u_2, u_1), [(One, ONE, [apart, *inverses])], units, [u_2, mul(MINUS, u_1)])
    out = []
    for claim in goal.claim.args:
        known = k.assume(claim.args[0])
        out.append(k.imp_intro(claim.args[0], k.sos(claim.args[1], [(One, ONE, [known, larger])], [], [])))
    return conjunction(goal.claim, *out)


def spread(p: sp.Expr) -> sp.Expr:
    """σ of 0/1 rewards with mean p."""
    return sp.sqrt(p * (1 - p), evaluate=False)


@proposition(
    "drgrpo.difficulty_bias",
    title="with 1/σ, a question counts the more the further its accuracy is from 1/2: σ grows up to there",
    source=f"{SOURCE}, Sec. 3.1, question-level difficulty bias",
    printed="0 < p_1 < p_2 ≤ 1/2 ⇒ σ(p_1) < σ(p_2) ≤ 1/2, so 1/σ(p_1) > 1/σ(p_2), σ(p) = sqrt(p (1-p))",
    assumptions={"accuracies": sp.And(p_1 > 0, p_1 < p_2, p_2 <= half)},
    statement=sp.And(spread(p_1) < spread(p_2), 1 / spread(p_1) > 1 / spread(p_2)),
    model={"p_1": "1/10", "p_2": "1/2"},
    drops={"accuracies": {"p_1": "1/2", "p_2": "1/10"}},
    hints={"p_1": "unit", "p_2": "unit"},
    not_claimed="that the whole update of a question grows: Σ|A_i|/σ is 2G σ, largest at p = 1/2. The bias is relative to the "
    "centred advantage. The other half, p > 1/2, is the mirror image",
)
def difficulty_bias(goal: Goal) -> Theorem:
    facts = [k.and_elim(goal.given["accuracies"], x) for x in range(3)]
    positive = next(th for th in facts if th.concl.args[0] is ZERO)
    apart = next(th for th in facts if th.concl.op == "lt" and th is not positive)
    below = next(th for th in facts if th.concl.op == "le")
    second = k.sos(lt(ZERO, term(p_2)), [(One, ONE, [positive]), (One, ONE, [apart])], [], [])
    low, high = (term(p * (1 - p)) for p in (p_1, p_2))
    rest = [k.sos(lt(ZERO, term(1 - x)), [(Fraction(1, 2), ONE, []), *parts], [], []) for x, parts in (
        (p_1, [(One, ONE, [below]), (One, ONE, [apart])]), (p_2, [(One, ONE, [below])]))]  # fmt: skip
    signs = [
        k.sos(lt(ZERO, x), [(One, ONE, [s, r])], [], []) for x, s, r in zip((low, high), (positive, second), rest, strict=True)
    ]
    # p_2 (1-p_2) - p_1 (1-p_1) = (p_2 - p_1) (1 - p_1 - p_2)
    order = k.sos(lt(low, high), [(One, ONE, [apart, apart]), (2 * One, ONE, [apart, below])], [], [])
    known = goal.with_facts(*signs)
    roots = [known.sqrt_positive(x) for x in (low, high)]
    weak = [k.sos(le(*th.concl.args), [(One, ONE, [th])], [], []) for th in (*signs, *roots)]
    goal.define(*signs, *roots, *weak)
    laws = [k.law("sqrt_square", x, ZERO, [w]) for x, w in zip((low, high), weak[:2], strict=True)]
    r_1, r_2 = (th.concl.args[1] for th in roots)
    squares = k.sos(lt(mk("pow", r_1, 2), mk("pow", r_2, 2)), [(One, ONE, [order])], laws, [MINUS, ONE])
    smaller = squares_strict(r_1, r_2, squares, weak[3])
    inverses = [k.inv_positive(th) for th in roots]
    units = [k.field(mul(x, inv(x)), ONE, [k.negate(th)]) for x, th in ((r_1, roots[0]), (r_2, roots[1]))]
    i_1, i_2 = (th.concl.args[1] for th in inverses)
    out = k.sos(lt(i_2, i_1), [(One, ONE, [smaller, *inverses])], units, [i_2, mul(MINUS, i_1)])
    return conjunction(goal.claim, smaller, out)


total = sp.Sum(R(j), (j, 1, G))


@proposition(
    "drgrpo.appendix_a",
    title="G/(G-1) times the centred advantage is the leave-one-out advantage",
    source=f"{SOURCE}, App. A",
    printed="(G/(G-1)) (R_i - mean R) = R_i - mean_{j≠i} R_j",
    assumptions={"G ≥ 2": G >= 2},
    statement=equals(G / (G - 1) * (R(i) - total / G), R(i) - (total - R(i)) / (G - 1)),
    model={"G": 2, "i": 1, "R": [1, 0]},
    drops={"G ≥ 2": {"G": 1, "i": 1, "R": [1]}},
)
def appendix_a(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


@proposition(
    "drgrpo.independent_baseline",
    title="a baseline that does not depend on the completion changes no expected gradient",
    source=f"{SOURCE}, App. A, the zero-bias argument",
    printed="E[S(o) B(others)] = E[S(o)] E[B] = 0",
    assumptions={"the score has mean 0": equals(over(S(a)), 0)},
    statement=equals(over(sp.Sum(u(e) * S(a) * B(e), (e, 1, E))), 0),
    model={"A": 2, "q": ["1/2", "1/2"], "S": [1, -1], "E": 1, "u": [1], "B": [1]},
    drops={"the score has mean 0": {"A": 1, "q": [1], "S": [1], "E": 1, "u": [1], "B": [1]}},
    hints={"q": "unit", "u": "unit"},
    not_claimed="the group mean as B: it contains R_i. See drgrpo.unbiased",
)
def independent_baseline(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, goal.given["the score has mean 0"])


refuted(
    "drgrpo.unbiased",
    title="the centred advantage, own reward included, gives the gradient without any bias",
    source=f"{SOURCE}, Sec. 3.1 and App. A, read without the factor that its RLOO remark supplies",
    printed="E[(1/G) Σ_i S_i (R_i - mean R)] = ∇J",
    assumptions={name: ASSUMED[name] for name in ("G ≥ 2", GRADIENT, INDEPENDENT)},
    statement=equals(over_groups(CENTRED), g),
    witness={name: COINS[name] for name in ("G", "N", "q", "S", "R", "g")},
    module=__name__,
    repair="lossproof.group_factor",
    hints={"q": "unit"},
    finding="Two fair coins, reward and score 1 for heads, 0 and -1 for tails: the gradient is 1/2, the estimate is 1/4 on "
    "average, the factor is 1 - 1/G = 1/2. A scale, not a direction: the learning rate takes it up.",
)

NOISE = {
    "the chances add up to 1": equals(sp.Sum(q(a), (a, 1, A)), 1),
    "every completion has the mean reward μ": ForAll(a, 1, A, equals(M(a), mu)),
}
DRIFT = over(f(a) * S(a) * (M(a) - over(M(a)).subs(a, c)))
FAIR = {"A": 2, "q": ["1/2", "1/2"], "f": [1, "1/2"], "S": [1, -1], "M": ["1/2", "1/2"], "mu": "1/2"}

refuted(
    "drgrpo.drift",
    title="the weights 1/|o_i| alone make outputs longer, whatever the rewards say",
    source=f"{SOURCE}, Sec. 3.1 (reconstruction of the reading that 1/|o_i| by itself drives the length)",
    printed="f(L) = 1/L ⇒ E[(R_i - E R) f(L_i) S_i] < 0, S the score of a shorter output",
    assumptions=NOISE | {"f is positive": ForAll(a, 1, A, f(a) > 0)},
    statement=DRIFT < 0,
    witness=FAIR,
    module=__name__,
    repair="drgrpo.drift.repaired",
    hints={"q": "unit", "f": "ratio"},
    finding="Lengths 1 and 2 with probability 1/2 and a reward that is a coin toss: a correct short completion gains what an "
    "incorrect one loses, for every weight f(L). The expected update is 0.",
)


@proposition(
    "drgrpo.drift.repaired",
    title="if rewards do not depend on the completion, the expected update is 0 for every length weight",
    source=f"{SOURCE}, Sec. 3.1; for whole groups: lossproof.length_drift",
    printed="E[R | o] = μ ⇒ E[(R_i - E R) f(L_i) S_i] = 0 for every f",
    assumptions=NOISE,
    statement=equals(DRIFT, 0),
    model=FAIR,
    drops={
        "the chances add up to 1": FAIR | {"q": [1, 1]},
        "every completion has the mean reward μ": FAIR | {"M": [1, 0]},
    },
    hints={"q": "unit"},
    not_claimed="clipping, several epochs, or a reward that correlates with the length: with those there is a drift",
)
def drift(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    same = goal.assuming(le(ONE, index), le(index, term(A))).at(goal.given["every completion has the mean reward μ"], index)
    at = {term(a): index}
    rows = []
    for x in (q(a), q(a) * f(a) * S(a)):
        weight = subst(term(x), at)
        th = k.linear(mul(weight, same.concl.args[0]), mul(weight, term(mu)), [same], [weight])
        rows.append(k.sum_congr(index, ONE, term(A), th))
    return goal.equal(*goal.claim.args, *rows, goal.given["the chances add up to 1"])


# Groups of two over four equally likely completions: lengths l, l, m, m; scores 1, -1 in the first coordinate of the first
# two, 1, -1 in the second coordinate of the others. The weight of a token is 1/(number of tokens of the group).
def token_mean(score: sp.Expr) -> sp.Expr:
    pair = score * (R(a) - R(c)) / 2 / (L(a) + L(c))
    return sp.Sum(pair / 16, (c, 1, 4), (a, 1, 4))


ONE_, TWO_ = family("S_1"), family("S_2")
refuted(
    "drgrpo.token_mean",
    title="the mean over all tokens of the group keeps the direction of the gradient",
    source=f"{SOURCE}, on masked_mean over the batch (which the paper lists as biased too)",
    printed="E[Σ_i Σ_t A_i s_{i,t}/Σ_i |o_i|] ∝ ∇J",
    assumptions={"lengths": ForAll(a, 1, 4, L(a) > 0)},
    statement=equals(
        token_mean(ONE_(a)) * sp.Sum(TWO_(a) * R(a) / 4, (a, 1, 4)), token_mean(TWO_(a)) * sp.Sum(ONE_(a) * R(a) / 4, (a, 1, 4))
    ),
    witness={"L": [1, 1, 2, 2], "S_1": [1, -1, 0, 0], "S_2": [0, 0, 1, -1], "R": [1, 0, 1, 0]},
    module=__name__,
    repair="drgrpo.token_mean.repaired",
    hints={"L": "ratio"},
    finding="Lengths 1, 1, 2, 2 and rewards 1, 0, 1, 0: the gradient is (1/4, 1/4), the expected update is proportional to "
    "(1/l + 2/(l+m), 1/m + 2/(l+m)) = (5/3, 7/6). The shorter completions count more, as the paper says.",
)


@proposition(
    "drgrpo.token_mean.repaired",
    title="it does if all completions have the same length",
    source=f"{SOURCE}, on masked_mean over the batch",
    printed="|o| = l ⇒ E[Σ_i Σ_t A_i s_{i,t}/Σ_i |o_i|] = (1/(4l)) (E[S R] - E[S] E[R])",
    assumptions={"one length": ForAll(a, 1, 4, equals(L(a), mu)), "length": mu > 0},
    statement=equals(
        token_mean(ONE_(a)),
        (sp.Sum(ONE_(a) * R(a) / 4, (a, 1, 4)) - sp.Sum(ONE_(a) / 4, (a, 1, 4)) * sp.Sum(R(a) / 4, (a, 1, 4))) / (4 * mu),
    ),
    model={"L": [1, 1, 1, 1], "S_1": [1, -1, 0, 0], "R": [1, 0, 1, 0], "mu": 1},
    drops={
        "one length": {"L": [1, 1, 2, 2], "S_1": [1, -1, 0, 0], "R": [1, 0, 1, 0], "mu": 1},
        "length": {"L": [0, 0, 0, 0], "S_1": [1, -1, 0, 0], "R": [1, 0, 1, 0], "mu": 0},
    },
    not_claimed="other policies than four equally likely completions, and groups above two",
)
def one_length(goal: Goal) -> Theorem:
    positive = goal.given["length"]
    left = goal.claim.args[0]
    x, y = goal.fresh(goal.claim), goal.fresh(goal.claim, *goal.fresh(goal.claim).free)
    outer = goal.assuming(le(ONE, x), le(x, num(4)))
    inner = outer.assuming(le(ONE, y), le(y, num(4)))
    row = subst(left.args[3], {left.args[0]: x})
    pair = subst(row.args[3], {row.args[0]: y})
    lengths = [inner.at(goal.given["one length"], z) for z in (x, y)]
    bottom = next(t.args[0] for t in atoms(pair) if t.op == "inv")
    twice = k.linear(bottom, term(2 * mu), lengths, [ONE, ONE])
    double = k.sos(lt(ZERO, term(2 * mu)), [(2 * One, ONE, [positive])], [], [])
    same = k.sos(lt(ZERO, bottom), [(One, ONE, [double])], [twice], [ONE])
    units = [k.field(mul(z, inv(z)), ONE, [k.negate(th)]) for z, th in ((bottom, same), (term(2 * mu), double))]
    v, w = inv(bottom), inv(term(2 * mu))
    inverse = k.linear(v, w, [twice, *units], [mul(MINUS, v, w), w, mul(MINUS, v)])
    closed = inner.equal(pair, replaced(pair, v, w), inverse)
    columns = k.sum_congr(y, ONE, num(4), closed)
    rows = k.sum_congr(x, ONE, num(4), columns)
    th = goal.with_facts(double, positive).equal(rows.concl.args[1], goal.claim.args[1])
    return k.linear(*goal.claim.args, [rows, th], [ONE, ONE])


not_applicable(
    "drgrpo.experiments",
    title="Oat-Zero-7B reaches 43.3 on AIME 2024 and 51.4 on average; Qwen2.5-Math-7B has 38.2 without template, 23.8 with "
    "4 shots",
    source=f"{SOURCE}, its tables (as transcribed)",
    printed="accuracies of trained models",
    reason="training runs and evaluations of large models: nothing here can repeat them",
    module=__name__,
)
