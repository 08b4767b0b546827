"""Algorithm 1 of MaskGRPO, the fading-out masks: token n of L is kept with probability min(1, 2 (1-r) (L-n)/(L-1)).

linspace(1, 0, L) has d_n = (L-n)/(L-1), which sums to L/2, and p_n = d_n (1-r) L / Σ d = 2 (1-r) d_n. The algorithm as
transcribed calls p_n a masking probability; the released code masks where a uniform number exceeds p_n.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, eq, le, lt, mk, num
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import MINUS, Context, discharge, instantiate
from theory.tactics.clip import chosen, congruent
from theory.tactics.convex import One
from theory.tactics.logic import conjunction
from theory.tactics.powers import unit

L, n, m, i, K = integers("L n m i K")
r, t, x = reals("r t x")
chance, value = family("chance"), family("value")


def d(n: sp.Expr) -> sp.Expr:
    return (L - n) / (L - 1)


def kept(n: sp.Expr) -> sp.Expr:
    return 2 * (1 - r) * d(n)


def keep(n: sp.Expr) -> sp.Expr:
    return sp.Min(1, kept(n))


masked_fraction = 1 - sp.Sum(keep(n), (n, 1, L)) / L
ALGORITHM = "Algorithm 1 (fading-out re-masking)"
TWO = {"two tokens": L >= 2}
RATIO = {"a mask ratio": sp.And(r >= 0, r <= 1)}
CASE = {"L": 4, "r": "3/4"}


def index_sum(ctx: Context, top: sp.Symbol) -> Theorem:
    """1 + .. + N = N (N + 1)/2, for N >= 0 that ctx knows, by induction."""
    N, j = k.var("gauss_n", "Z"), k.var("gauss_i", "Z")

    def claim(upto: Term) -> Term:
        return eq(mk("sum", j, ONE, upto, j), mk("mul", num(One / 2), upto, add(upto, ONE)))

    empty = mk("sum", j, ONE, ZERO, j)
    base = k.linear(*claim(ZERO).args, [k.sum_empty(empty, [Context().prove(lt(ZERO, ONE))])], [ONE])
    above = k.sos(le(ONE, add(N, ONE)), [(One, ONE, [k.assume(le(ZERO, N))])], [], [])
    step = k.sum_step(mk("sum", j, ONE, add(N, ONE), j), [above])
    ih = k.assume(claim(N))
    next_ = k.linear(*claim(add(N, ONE)).args, [step, ih], [ONE, ONE])
    at = instantiate(k.induct(N, ZERO, claim(N), base, next_), {N: term(top)})
    return discharge(at, [ctx.prove(le(ZERO, term(top)))])


@proposition(
    "maskgrpo.remask.sum",
    title="linspace(1, 0, L) sums to L/2, so the keep probabilities p_n are 2 (1-r) d_n and sum to (1-r) L",
    source=ALGORITHM,
    printed="d = linspace(1, 0, L), p_n = d_n (1-r) L / Σ d = 2 (1-r) d_n, Σ p_n = (1-r) L",
    assumptions=TWO | {"a token": sp.And(m >= 1, m <= L)},
    statement=sp.And(
        equals(sp.Sum(d(n), (n, 1, L)), L / 2),
        equals(d(m) * (1 - r) * L / sp.Sum(d(n), (n, 1, L)), kept(m)),
        equals(sp.Sum(kept(n), (n, 1, L)), (1 - r) * L),
    ),
    model=CASE | {"m": 1},
    drops={"two tokens": {"L": 1, "r": "3/4", "m": 1}, "a token": "not known to be needed"},
    not_claimed="that p_n is a probability: for r < 1/2 the first are above 1",
)
def sums(goal: Goal) -> Theorem:
    """Σ n = L (L+1)/2."""
    gauss = index_sum(goal, L)
    total = term(sp.Sum(d(n), (n, 1, L)))
    half = goal.equal(total, term(L / 2), gauss)
    positive = k.sos(lt(ZERO, total), [(One / 2, ONE, [goal.prove(lt(ZERO, term(L)))])], [half], [ONE])
    goal.define(positive)
    hole = k.var("hole")
    share = next(p for p in goal.claim.args if p.args[1] is term(kept(m)))
    there = goal.equal(*share.args, congruent(half, hole, mk("inv", hole)))
    last = next(p for p in goal.claim.args if p.args[1] is term((1 - r) * L))
    return conjunction(goal.claim, half, there, goal.equal(*last.args, gauss))


ORDER = TWO | RATIO | {"r < 1": r < 1, "two places": sp.And(m >= 1, m < n, n <= L)}
PLACES = {"L": 2, "r": "3/4", "m": 1, "n": 2}

refuted(
    "maskgrpo.remask.later",
    title="later tokens are masked more often, with p_n as the probability of masking",
    source=ALGORITHM + " (reconstruction: as transcribed, p_n masks)",
    printed="m < n ⇒ P(n masked) = p_n > p_m = P(m masked)",
    assumptions=ORDER,
    statement=kept(n) > kept(m),
    witness=PLACES,
    module=__name__,
    repair="maskgrpo.remask.later.repaired",
    finding="Two tokens and r = 3/4: p = (1/2, 0), so as a masking probability p would mask the last token never.",
)


@proposition(
    "maskgrpo.remask.later.repaired",
    title="they are, with p_n as the probability of keeping, as in the released code",
    source=ALGORITHM + ", released code",
    printed="m < n ⇒ P(n masked) = 1 - p_n > 1 - p_m = P(m masked)",
    assumptions=ORDER,
    statement=1 - kept(n) > 1 - kept(m),
    model=PLACES,
    drops={
        "two tokens": "not known to be needed",
        "a mask ratio": "not known to be needed",
        "r < 1": PLACES | {"r": 1},
        "two places": PLACES | {"m": 2, "n": 2},
    },
    not_claimed="a strict order after clamping at 1, which makes the first tokens equal for r < 1/2",
)
def later(goal: Goal) -> Theorem:
    signs = [goal.prove(formula(p)) for p in (r < 1, n > m, 1 / (L - 1) > 0)]
    return k.sos(goal.claim, [(2 * One, ONE, signs)], [], [])


refuted(
    "maskgrpo.remask.fraction",
    title="the expected masked fraction is r, for every r",
    source=ALGORITHM + " (reconstruction: what p_n is scaled for)",
    printed="1 - (1/L) Σ_n min(1, p_n) = r",
    assumptions=TWO | RATIO,
    statement=equals(masked_fraction, r),
    witness={"L": 2, "r": "1/4"},
    module=__name__,
    repair="maskgrpo.remask.fraction.repaired",
    finding="Two tokens and r = 1/4: p = (3/2, 0) is clamped to (1, 0), and half of the tokens are masked, not a quarter.",
)


@proposition(
    "maskgrpo.remask.fraction.repaired",
    title="it is r for r ≥ 1/2, where nothing is clamped",
    source=ALGORITHM,
    printed="r ≥ 1/2 ⇒ 1 - (1/L) Σ_n min(1, p_n) = r",
    assumptions=TWO | {"r ≥ 1/2": sp.And(r >= sp.Rational(1, 2), r <= 1)},
    statement=equals(masked_fraction, r),
    model=CASE,
    drops={"two tokens": {"L": 1, "r": "3/4"}, "r ≥ 1/2": {"L": 2, "r": "1/4"}},
)
def fraction(goal: Goal) -> Theorem:
    """2 (1-r) ≤ 1 and (L-n)/(L-1) ≤ 1."""
    total = term(sp.Sum(keep(n), (n, 1, L)))
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(L)))
    body = subst(total.args[3], {total.args[0]: index})
    plain = unclamped(inside, body, subst(term(kept(n)), {term(n): index}), index)
    return goal.equal(*goal.claim.args, k.sum_congr(index, ONE, term(L), plain), index_sum(goal, L))


def unclamped(ctx: Context, body: Term, p: Term, index: Term) -> Theorem:
    """min(1, p_n) = p_n: 1 - p_n = (2r-1) (L-n)/(L-1) + (n-1)/(L-1)."""
    step = ctx.prove(formula(1 / (L - 1) > 0))
    room, left, right = (ctx.prove(q) for q in (formula(r >= sp.Rational(1, 2)), le(index, term(L)), le(ONE, index)))
    whole = unit(ctx.prove(formula(L - 1 > 0)))
    below = k.sos(le(p, ONE), [(2 * One, ONE, [room, left, step]), (One, ONE, [right, step])], [whole], [MINUS])
    return chosen(ctx.with_facts(below), body, p)


WEIGHTS = {"t > 0": t > 0, "every token can be masked": ForAll(i, 1, L, chance(i) > 0)}
FADING = {"L": 2, "t": "3/4", "chance": ["1/2", 1], "value": [-1, -3]}

refuted(
    "maskgrpo.remask.weight",
    title="the weight 1/t of the bound keeps its meaning under position-dependent masks of mean level t",
    source=ALGORITHM + " with Eq. 2 (a public reviewer asks; no answer was seen)",
    printed="E[(1/t) Σ_{masked} log π_i] = Σ_i log π_i, P(i masked) = 1 - p_i with mean t",
    assumptions=WEIGHTS | {"mean level t": equals(sp.Sum(chance(i), (i, 1, L)), t * L)},
    statement=equals(sp.Sum(chance(i) * value(i) / t, (i, 1, L)), sp.Sum(value(i), (i, 1, L))),
    witness=FADING,
    module=__name__,
    repair="maskgrpo.remask.weight.repaired",
    finding="Two independent tokens with log-probabilities -1 and -3, r = 3/4: they are masked with probability 1/2 and 1, "
    "and the weighted mean is (4/3)(-1/2 - 3) = -14/3, not -4.",
)


@proposition(
    "maskgrpo.remask.weight.repaired",
    title="with weights 1/P(i masked) it does, for every position-dependent mask",
    source=ALGORITHM + " with Eq. 2",
    printed="E[Σ_{masked} log π_i / P(i masked)] = Σ_i log π_i",
    assumptions={"every token can be masked": WEIGHTS["every token can be masked"]},
    statement=equals(sp.Sum(sp.Mul(chance(i), value(i) / chance(i), evaluate=False), (i, 1, L)), sp.Sum(value(i), (i, 1, L))),
    model=FADING,
    drops={"every token can be masked": FADING | {"chance": [0, 1]}},
    not_claimed="the same for tokens that depend on which others are masked",
)
def weighted(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


@proposition(
    "maskgrpo.remask.ends",
    title="for r ≥ 1/2 the first token is masked with probability 2r - 1, the last always",
    source=ALGORITHM,
    printed="1 - min(1, p_1) = 2r - 1 (0.2 at r = 0.6), 1 - min(1, p_L) = 1",
    assumptions=TWO | {"r ≥ 1/2": r >= sp.Rational(1, 2), "the ends": sp.And(equals(m, 1), equals(n, L))},
    statement=sp.And(equals(1 - keep(m), 2 * r - 1), equals(1 - keep(n), 1)),
    model={"L": 2, "r": "3/5", "m": 1, "n": 2},
    drops={
        "two tokens": {"L": 1, "r": "3/5", "m": 1, "n": 1},
        "r ≥ 1/2": {"L": 2, "r": 0, "m": 1, "n": 2},
        "the ends": {"L": 2, "r": "3/5", "m": 2, "n": 2},
    },
)
def ends(goal: Goal) -> Theorem:
    """d_1 = 1 and d_L = 0."""
    places = [k.and_elim(goal.given["the ends"], q) for q in (0, 1)]
    values = [goal.equal(term(kept(m)), term(2 * (1 - r)), *places), goal.equal(term(kept(n)), ZERO, *places)]
    return k.and_intro([chosen(goal.with_facts(*values), *p.args) for p in goal.claim.args])
