"""The weight of a question in groups of G: in place of √(p(1-p)) it is E[√(phat(1-phat))], which is smaller, for every G.

Setting     phat = R/G with R binomial, by the recursion of `theory.related.hadw.groups`. Proposition 1 holds with phat in the
            place of p within each group (`disco.weight.group`), so the weight of a question is the mean over groups.
Proof       2 S √x ≤ x + S² with x = phat(1-phat), whose mean is S² = (1-1/G) p(1-p).
Not claimed that the weight is the whole story: the conditional means E₊ and E₋ of a group are noisy.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, add, eq, inv, le, lt, mul, sub
from theory.language import ForAll, equals, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.related.hadw.groups import GROUP, LAW, G, b, group, j, p
from theory.tactics import MINUS, Context
from theory.tactics.binomial import Law
from theory.tactics.binomial import b as chance
from theory.tactics.logs import weaken
from theory.tactics.powers import for_all, root_is, squares_strict, unit

from .discriminative import CASE, DROPS, POPULATION, RIGHT, SCORES, by_class, objective, r
from .discriminative import p as accuracy

i = integers("i")
sigma = reals("sigma")
One = Fraction(1)
VARIANCE = j / G * (1 - j / G)  # phat (1 - phat)


def mean_over_groups(f: sp.Expr) -> sp.Expr:
    """E[f(R)]."""
    return sp.Sum(b(G, j) * f, (j, 0, G))


WEIGHT = mean_over_groups(sp.sqrt(VARIANCE))
SHRUNK = (1 - 1 / G) * p * (1 - p)
HALF = group(2, "1/2")


def two(n: Fraction, j: Fraction) -> Fraction:
    """b(n, j) = 2"""
    return Fraction(2)


DROPPED: Case = {LAW: HALF | {"b": two}, "G ≥ 2": UNNEEDED, "0 < p < 1": UNNEEDED}


@proposition(
    "disco.weight.group",
    title="with any deviation σ in the advantage the weight is p(1-p)/σ, also with p the accuracy of a group itself",
    source="our own",
    printed="A = (r-p)/σ:  J_0 = (p(1-p)/σ) (E₊ s⁺ - E₋ s⁻)",
    assumptions=POPULATION | SCORES | {"σ > 0": sigma > 0},
    statement=equals(objective((r(sp.Symbol("o", integer=True)) - accuracy) / sigma), accuracy * (1 - accuracy) / sigma * RIGHT),
    model=CASE | {"sigma": 2},
    drops={name: case | {"sigma": 2} for name, case in DROPS.items()} | {"σ > 0": CASE | {"sigma": -1}},
    not_claimed="anything about groups whose rewards are all equal: p is 0 or 1 there",
)
def weight_group(goal: Goal) -> Theorem:
    """A group is a population of G outputs that weigh 1/G each."""
    return by_class(goal, 1 / sigma)


DEVIATION = sp.Sum((r(i) - accuracy) ** 2, (i, 1, G)) / (G - 1)
PAIR: Case = {"G": 2, "r": [1, 0], "p": "1/2"}


@proposition(
    "disco.weight.ddof",
    title="with the deviation of a group over G-1 the weight is √(1-1/G) times √(phat(1-phat))",
    source="our own",
    printed="σ² = Σ(r-phat)²/(G-1):  phat(1-phat)/σ = √((1-1/G) phat(1-phat))",
    assumptions={
        "G ≥ 2": G >= 2,
        "rewards are binary": ForAll(i, 1, G, equals(r(i) ** 2, r(i))),
        "p is the accuracy of the group": equals(sp.Sum(r(i), (i, 1, G)), G * accuracy),
        "0 < p < 1": sp.And(accuracy > 0, accuracy < 1),
    },
    statement=equals(accuracy * (1 - accuracy) / sp.sqrt(DEVIATION), sp.sqrt((1 - 1 / G) * accuracy * (1 - accuracy))),
    model=PAIR,
    drops={
        "G ≥ 2": UNNEEDED,
        "rewards are binary": PAIR | {"r": ["1/4", "3/4"]},
        "p is the accuracy of the group": PAIR | {"p": "1/4"},
        "0 < p < 1": PAIR | {"r": [1, 1], "p": 1},
    },
)
def weight_ddof(goal: Goal) -> Theorem:
    """Σ (r-phat)² = G phat (1-phat); then both sides have the square (1-1/G) phat (1-phat)."""
    size, left = term(G), goal.claim.args[0]
    inside = goal.fresh(goal.claim)
    member = goal.assuming(le(ONE, inside), le(inside, size))
    square = k.sum_congr(inside, ONE, size, member.at(goal.given["rewards are binary"], inside))
    x = term(DEVIATION)
    product = term(accuracy * (1 - accuracy))
    positive = goal.arith(lt(ZERO, product), products=2)
    fewer = k.inv_positive(goal.prove(lt(ZERO, term(G - 1))))
    full = mul(size, inv(term(G - 1)), product)
    goal.know(positive, k.sos(lt(ZERO, full), [(One, ONE, [goal.prove(lt(ZERO, size)), fewer, positive])], [], []))
    closed = goal.equal(x, full, square, goal.given["p is the accuracy of the group"])
    over = k.sos(lt(ZERO, x), [(One, ONE, [goal.prove(lt(ZERO, size)), fewer, positive])], [closed], [ONE])
    goal.know(over)
    root = goal.sqrt_positive(x)
    goal.know(root)
    y = term((1 - 1 / G) * accuracy * (1 - accuracy))
    target = goal.equal(y, mul(term(G - 1), inv(size), product))
    shrunk = k.sos(
        lt(ZERO, y), [(One, ONE, [goal.prove(lt(ZERO, term(G - 1))), k.inv_positive(goal.prove(lt(ZERO, size))), positive])],
        [target], [ONE],
    )  # fmt: skip
    goal.define(over, root, shrunk)
    # (w/σ)² = w² / x, x = G w/(G-1)
    sigma_square = k.law("sqrt_square", x, ZERO, [weaken(over)])
    s = root.concl.args[1]
    value = goal.equal(mul(product, product, inv(full)), y)
    at_inverse = k.linear(
        mul(mk("pow", s, 2), inv(s), inv(s)), ONE, [goal.equal(mul(mk("pow", s, 2), inv(s), inv(s)), ONE)], [ONE]
    )
    full_unit = goal.equal(mul(full, inv(full)), ONE)
    # 1/σ² = 1/full: (1/σ²) full/full = (1/σ²) σ²/full
    lefts = mul(inv(s), inv(s))
    inverse = k.linear(
        lefts, inv(full), [full_unit, closed, sigma_square, at_inverse],
        [mul(MINUS, lefts), mul(MINUS, lefts, inv(full)), mul(MINUS, lefts, inv(full)), inv(full)],
    )  # fmt: skip
    squares = k.linear(mk("pow", left, 2), y, [inverse, value], [mul(product, product), ONE])
    sign = k.sos(le(ZERO, left), [(One, ONE, [positive, k.inv_positive(root)])], [], [])
    th = root_is(goal.with_facts(weaken(shrunk), sign), y, left, squares)
    return k.linear(*goal.claim.args, [th], [MINUS])


refuted(
    "disco.weight.finite",
    title="in sampled groups GRPO weighs a question by √(p(1-p)), as in Proposition 1",
    source="reconstruction: Proposition 1, read for the mean and deviation of a group of G in the place of the population's",
    printed="E[√(phat(1-phat))] = √(p(1-p))",
    assumptions=GROUP,
    statement=equals(WEIGHT, sp.sqrt(p * (1 - p))),
    witness=HALF,
    module=__name__,
    repair="disco.weight.finite.repaired",
    finding="Two completions, p = 1/2: with probability 1/2 they agree and the group weighs 0, else √(1/4) = 1/2. The mean "
    "weight is 1/4, half of √(p(1-p)) = 1/2; for p = 1/100 and G = 8 it is 0.26 of √(p(1-p)).",
    hints={"p": "unit"},
)


class Moments:
    """E[1], E[R], E[R²] of the number R of correct completions, and signs."""

    def __init__(self, goal: Goal):
        self.goal, self.size, self.p = goal, term(G), term(p)
        self.law = Law(goal, self.p, self.size)
        self.one, self.first, self.second = self.law.total(self.size), self.law.first(self.size), self.squares(self.size)

    def squares(self, at: Term) -> Theorem:
        """Σ j² b(n, j) = n p (1-p) + n² p²."""
        law, x = self.law, self.p

        def claim(n: Term) -> Term:
            return eq(law.sum(n, lambda j: mul(j, j)), add(mul(n, x, sub(ONE, x)), mul(n, n, x, x)))

        def step(inside: Context, n: Term) -> Theorem:
            here = law.known(inside)
            moved, ih = here.moved(inside, n, lambda j: mul(j, j)), inside.facts[-1]
            at = var("moved_j", "Z")
            bodies = [mul(at, at, chance(n, at)), mul(at, chance(n, at)), chance(n, at)]
            apart = k.sum_linear(at, ZERO, n, [ONE, k.num(2), ONE], bodies)
            used = [moved, apart, here.total(n), here.first(n), ih]
            return k.linear(*claim(add(n, ONE)).args, used, [ONE, x, x, mul(k.num(2), x), ONE])

        return law.induct(claim, law.at_zero(claim(ZERO), lambda j: mul(j, j)), step, at)

    def mean(self, f: Callable[[Term], Term], c0: Term, c1: Term, c2: Term) -> Theorem:
        """Σ b(G, j) f(j) in closed form, for f(j) = c0 + c1 j + c2 j²."""
        at = var("moved_j", "Z")
        bodies = [chance(self.size, at), mul(at, chance(self.size, at)), mul(at, at, chance(self.size, at))]
        apart = k.sum_linear(at, ZERO, self.size, [c0, c1, c2], bodies)
        left = mk("sum", at, ZERO, self.size, mul(chance(self.size, at), f(at)))
        value = add(*(mul(c, th.concl.args[1]) for c, th in zip((c0, c1, c2), (self.one, self.first, self.second), strict=True)))
        return k.linear(left, value, [apart, self.one, self.first, self.second], [ONE, c0, c1, c2])

    def variance(self) -> Theorem:
        """E[phat (1-phat)] = (1 - 1/G) p (1-p)."""
        n = inv(self.size)
        th = self.mean(lambda j: mul(j, n, sub(ONE, mul(j, n))), ZERO, n, mul(MINUS, n, n))
        return self.goal.equal(th.concl.args[0], term(SHRUNK), th)

    def pointwise(self, bound: Callable[[Term], Term], proof: Callable[[Context, Term], Theorem]) -> Theorem:
        """E[√(phat(1-phat))] <= E[bound], from √x_j <= bound(j)."""
        at = var("moved_j", "Z")
        inside = self.goal.assuming(le(ZERO, at), le(at, self.size))
        sign = self.law.known(inside).nonnegative(self.size, at)
        below = proof(inside, at)
        small, large = (mul(chance(self.size, at), x) for x in below.concl.args)
        return k.sum_congr(at, ZERO, self.size, k.sos(le(small, large), [(One, ONE, [sign, below])], [], []))


def root_below(inside: Context, at: Term, s: Theorem) -> Theorem:
    """√x <= (x + S²)/(2 S) for 0 < S, x = phat (1-phat)."""
    S = s.concl.args[1]
    x, root, sign = root_at(inside, at)
    square = k.law("sqrt_square", x, ZERO, [sign])
    half = k.inv_positive(s)
    gap = k.sos(le(ZERO, mk("pow", sub(root, S), 2)), [(One, sub(root, S), [])], [], [])
    bound = mul(k.num(Fraction(1, 2)), inv(S), add(x, mk("pow", S, 2)))
    return k.sos(
        le(root, bound), [(Fraction(1, 2), ONE, [half, gap])], [square, unit(s)], [mul(k.num(Fraction(-1, 2)), inv(S)), root]
    )


def root_at(inside: Context, at: Term) -> tuple[Term, Term, Theorem]:
    """x = phat (1-phat) at j, its root, and 0 <= x."""
    x = subst(term(VARIANCE), {term(j): at})
    size, n = term(G), inv(term(G))
    positive = k.inv_positive(inside.prove(lt(ZERO, size)))
    one = unit(inside.prove(lt(ZERO, size)))
    low, high = (inside.prove(q) for q in (le(ZERO, at), le(at, size)))
    sign = k.sos(le(ZERO, x), [(One, ONE, [positive, positive, low, high])], [one], [mul(MINUS, at, n)])
    return x, mk("app", "sqrt", "R", x), sign


def roots_defined(goal: Goal) -> None:
    at = var("moved_j", "Z")
    inside = goal.assuming(le(ZERO, at), le(at, term(G)))
    goal.define(for_all(at, ZERO, term(G), root_at(inside, at)[2]))


@proposition(
    "disco.weight.finite.repaired",
    title="in groups of G the weight is at most √(1-1/G) √(p(1-p)), so below that of Proposition 1 for every p and G",
    source="our own",
    printed="E[√(phat(1-phat))] ≤ √((1-1/G) p(1-p)) < √(p(1-p))",
    assumptions=GROUP,
    statement=sp.And(WEIGHT <= sp.sqrt(SHRUNK), sp.sqrt(SHRUNK) < sp.sqrt(p * (1 - p))),
    model=HALF,
    drops=DROPPED | {"G ≥ 2": HALF | {"G": 0}, "0 < p < 1": group(2, "1")},
    not_claimed="that the bound is close for small p: lossproof.disco_weight has one that is",
    hints={"p": "unit"},
)
def weight_finite(goal: Goal) -> Theorem:
    below, strict = (next(q for q in goal.claim.args if q.op == op) for op in ("le", "lt"))
    moments, shrunk, full = Moments(goal), term(SHRUNK), term(p * (1 - p))
    n = k.inv_positive(goal.prove(lt(ZERO, term(G))))
    product = goal.arith(lt(ZERO, full), products=2)
    fewer = goal.prove(lt(ZERO, term(G - 1)))
    one = unit(goal.prove(lt(ZERO, term(G))))
    positive = k.sos(lt(ZERO, shrunk), [(One, ONE, [fewer, n, product])], [one], [mul(MINUS, full)])
    goal.know(positive, product)
    s = goal.sqrt_positive(shrunk)
    goal.define(positive, product)
    roots_defined(goal)
    total = moments.pointwise(lambda j: ZERO, lambda inside, at: root_below(inside, at, s))
    S = s.concl.args[1]
    half, nn = mul(k.num(Fraction(1, 2)), inv(S)), inv(term(G))
    mean = moments.mean(
        lambda j: mul(half, add(mul(j, nn, sub(ONE, mul(j, nn))), mk("pow", S, 2))),
        mul(half, mk("pow", S, 2)), mul(half, nn), mul(MINUS, half, nn, nn),
    )  # fmt: skip
    # the mean is (y + S²)/(2 S) = S
    square = k.law("sqrt_square", shrunk, ZERO, [weaken(positive)])
    value = goal.equal(mean.concl.args[1], mul(half, add(shrunk, mk("pow", S, 2))))
    end = k.linear(mul(half, add(shrunk, mk("pow", S, 2))), S, [square, unit(s)], [mul(MINUS, half), S])
    bound = k.sos(below, [(One, ONE, [total])], [mean, value, end], [MINUS] * 3)
    top = k.law("sqrt_square", full, ZERO, [weaken(product)])
    gap = k.sos(lt(mk("pow", S, 2), mk("pow", strict.args[1], 2)), [(One, ONE, [n, product])], [square, top], [MINUS, ONE])
    order = squares_strict(strict.args[0], strict.args[1], gap, k.law("sqrt_nonnegative", full, ZERO, [weaken(product)]))
    return k.and_intro([bound if q is below else order for q in goal.claim.args])


@proposition(
    "disco.weight.dr_grpo_finite",
    title="in groups of G the weight of Dr. GRPO is exactly (1-1/G) p(1-p), for every p",
    source="our own",
    printed="E[phat(1-phat)] = (1-1/G) p(1-p)",
    assumptions=GROUP,
    statement=equals(mean_over_groups(VARIANCE), SHRUNK),
    model=HALF,
    drops=DROPPED | {"G ≥ 2": HALF | {"G": 0}},
    hints={"p": "unit"},
)
def weight_dr_grpo(goal: Goal) -> Theorem:
    return k.restate(Moments(goal).variance(), goal.claim)
