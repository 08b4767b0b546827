"""Likelihood displacement: can a step that widens the margin make the winner less likely?

Not in the tabular model of one pair, at any step size; with features it can. The text of the source was not at hand.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, lt, mul
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import Context, atoms
from theory.tactics.deviation import squares_nonnegative
from theory.tactics.prefix import differentiate, opened

N, y, w, l, d, i = integers("N y w l d i")  # noqa: E741
s, a, b, R, c = reals("s a b R c")
x, f, pi, phi = (family(name) for name in ("x", "f", "pi", "phi"))
One = Fraction(1)
SOURCE = "reconstruction: likelihood displacement, arXiv 2410.08847; general knowledge, the text was not at hand"
WIN, LOSE = sp.exp(a + s), sp.exp(b - s)  # the logits of winner and loser move by s and -s
ALL = WIN + LOSE + R
CASE: Case = {"s": 0, "a": 0, "b": 0, "R": 1}


@proposition(
    "dpo.displacement.tabular",
    title="in the tabular model of one pair a step of any size raises the winner, at the rate 1 - π_w + π_l, and lowers the "
    "loser",
    source=SOURCE,
    printed="logits + s (e_w - e_l):  d log π_w/ds = 1 - π_w + π_l > 0,  d log π_l/ds = -1 - π_w + π_l < 0",
    assumptions={"the others have the weight R ≥ 0": R >= 0},
    statement=sp.And(
        derivative(sp.log(WIN / ALL), s, 1 - WIN / ALL + LOSE / ALL),
        1 - WIN / ALL + LOSE / ALL > 0,
        derivative(sp.log(LOSE / ALL), s, -1 - WIN / ALL + LOSE / ALL),
        -1 - WIN / ALL + LOSE / ALL < 0,
    ),
    model=CASE,
    drops={"the others have the weight R ≥ 0": CASE | {"R": -2}},
    not_claimed="the same for several pairs that share responses",
)
def tabular(goal: Goal) -> Theorem:
    signs = [k.law("exp_positive", e, ZERO, []) for e in (term(a + s), term(b - s))]
    total = k.sos(
        lt(ZERO, term(ALL)), [(One, ONE, [th]) for th in (*signs, goal.given["the others have the weight R ≥ 0"])], [], []
    )
    over = k.inv_positive(total)
    shares = [k.sos(lt(ZERO, term(e / ALL)), [(One, ONE, [th, over])], [], []) for e, th in zip((WIN, LOSE), signs, strict=True)]
    goal.know(*signs, total, over, *shares)
    goal.define(total, *shares)
    unit = goal.equal(mul(term(ALL), over.concl.args[1]), ONE)
    rest = goal.given["the others have the weight R ≥ 0"]
    out = []
    for claim in goal.claim.args:
        if claim.op == "deriv":
            v, g, slope = opened(claim)
            th = k.diff(v, g, v, [*goal.facts, k.negate(total)])
            equal, hole = goal.equal(th.concl.args[3], slope), k.var("hole")
            out.append(k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), claim))
        else:
            # 1 - π_w + π_l = (2 e_l + R)/ALL, and 1 + π_w - π_l = (2 e_w + R)/ALL
            own = signs[1] if claim.args[0] is ZERO else signs[0]
            out.append(k.sos(claim, [(Fraction(2), ONE, [own, over]), (One, ONE, [rest, over])], [unit], [k.num(-1)]))
    return k.and_intro(out)


FEATURES = sp.Sum(sp.exp(x(y) + s * f(y)), (y, 1, N))
MEAN = sp.Sum(sp.exp(x(y) + s * f(y)) * f(y), (y, 1, N)) / FEATURES


@proposition(
    "dpo.displacement.linear",
    title="with features the winner moves at the rate f(w) - E_π f, f(y) = φ(y)·(φ(w) - φ(l)): down where f(w) is below the mean",
    source=SOURCE,
    printed="d log π_w/ds = (φ_w - E_π φ)·(φ_w - φ_l)",
    assumptions={"1 ≤ w ≤ N": sp.And(w >= 1, w <= N)},
    statement=derivative(sp.log(sp.exp(x(w) + s * f(w)) / FEATURES), s, f(w) - MEAN),
    model={"N": 2, "w": 1, "s": 0, "x": [0, 0], "f": [1, 0]},
    drops={"1 ≤ w ≤ N": UNNEEDED},
    not_claimed="a step of a given size: this is the rate at each point of the way. f is the change of the logits along the "
    "gradient "
    "of the margin",
)
def linear(goal: Goal) -> Theorem:
    return log_share(goal, goal.claim)


def log_share(goal: Goal, claim: Term) -> Theorem:
    total = term(FEATURES)
    positive = goal.prove(lt(ZERO, total))
    v, g, slope = opened(claim)
    (ratio,) = [t.args[2] for t in atoms(g) if t.op == "app" and t.args[0] == "log"]
    top = next(t for t in atoms(ratio) if t.op == "app" and t.args[0] == "exp")
    sign = k.law("exp_positive", top.args[2], ZERO, [])
    above = k.sos(lt(ZERO, ratio), [(One, ONE, [sign, k.inv_positive(positive)])], [], [])
    goal.know(positive, sign, above)
    goal.define(positive, above)

    def known(ctx: Context, t: Term) -> list[Theorem]:
        return [positive, above, k.negate(positive)]

    th = differentiate(goal, v, g, known)
    equal, hole = goal.equal(th.concl.args[3], slope), k.var("hole")
    return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), claim)


def along(index: sp.Symbol) -> sp.Expr:
    """φ(index)·(φ(w) - φ(l))."""
    return sp.Sum(phi(index, i) * (phi(w, i) - phi(l, i)), (i, 1, d))


@proposition(
    "dpo.displacement.margin",
    title="the margin h itself never falls: its rate is |φ(w) - φ(l)|² ≥ 0",
    source=SOURCE,
    printed="f(w) - f(l) = |φ_w - φ_l|² ≥ 0",
    assumptions={"d ≥ 0": d >= 0},
    statement=sp.And(equals(along(w) - along(l), sp.Sum((phi(w, i) - phi(l, i)) ** 2, (i, 1, d))), along(w) - along(l) >= 0),
    model={"d": 1, "w": 1, "l": 2, "phi": [[1], ["1/2"]]},
    drops={"d ≥ 0": UNNEEDED},
)
def margin(goal: Goal) -> Theorem:
    equation = next(p for p in goal.claim.args if p.op == "eq")
    th = goal.equal(*equation.args)
    sign = squares_nonnegative(goal, equation.args[1])
    order = next(p for p in goal.claim.args if p.op == "le")
    below = k.sos(order, [(One, ONE, [sign])], [th], [ONE])
    return k.and_intro([th if p is equation else below for p in goal.claim.args])


refuted(
    "dpo.displacement.never",
    title="a step that widens the margin never makes the winner less likely",
    source="our own; 'increasing the margin increases the likelihood of the winner'",
    printed="d log π_w/ds = (φ_w - E_π φ)(φ_w - φ_l) ≥ 0",
    assumptions={
        "π is a policy": sp.And(ForAll(y, 1, N, pi(y) > 0), equals(sp.Sum(pi(y), (y, 1, N)), 1)),
        "N ≥ 2": N >= 2,
    },
    statement=(f(1) - sp.Sum(pi(y) * f(y), (y, 1, N))) * (f(1) - f(2)) >= 0,
    witness={"N": 3, "pi": ["1/10", "1/10", "4/5"], "f": [1, "1/2", 3]},
    module=__name__,
    repair="dpo.displacement.tabular",
    finding="Features 1 for the winner, 1/2 for the loser and 3 for a third response with π = 4/5: E φ = 2.55, so the winner "
    "moves at "
    "(1 - 2.55)(1/2) = -0.775 and the loser at (0.5 - 2.55)(1/2) = -1.025. The margin widens, and the third response gains.",
)
