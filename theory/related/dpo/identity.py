"""IPO, and what noise-free preferences do to DPO: a finite optimum against none, the latter approached at the rate of log t.

One pair; h is its log-ratio, q the probability that its first response is preferred, τ and β the strengths of the KL term.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, lt, mul, sub
from theory.language import derivative, equals, family, reals, term
from theory.proposition import UNNEEDED, Case, proposition
from theory.tactics import MINUS
from theory.tactics.convex import log_tangent
from theory.tactics.logs import log_of_product
from theory.tactics.order import exponent_below
from theory.tactics.prefix import opened, slopes

from .equivalence import sigma, unit

h, h2, q, tau, beta, eps, x, t = reals("h h' q tau beta epsilon x t")
H, dH = family("h"), family("dh")
One = Fraction(1)
IPO = "arXiv 2310.12036; general knowledge, the text was not at hand"


def ipo(h: sp.Expr) -> sp.Expr:
    """The expected squared loss of a pair that is shown in either order."""
    return q * (h - 1 / (2 * tau)) ** 2 + (1 - q) * (-h - 1 / (2 * tau)) ** 2


BEST = (q - sp.Rational(1, 2)) / tau


@proposition(
    "dpo.ipo.minimiser",
    title="the expected loss of IPO on a pair is least at h* = (q - 1/2)/τ, finite for q = 1 too, and exceeds it by (h - h*)²",
    source="reconstruction: " + IPO,
    printed="q (h - 1/(2τ))² + (1-q) (h + 1/(2τ))² = L(h*) + (h - h*)²,  h* = (q - 1/2)/τ",
    assumptions={"τ > 0": tau > 0},
    statement=sp.And(equals(ipo(h), ipo(BEST) + (h - BEST) ** 2), ipo(BEST) <= ipo(h)),
    model={"tau": 1, "q": 1, "h": 0},
    drops={"τ > 0": {"tau": 0, "q": 1, "h": 0}},
    hints={"q": "unit"},
)
def ipo_minimiser(goal: Goal) -> Theorem:
    equation = next(p for p in goal.claim.args if p.op == "eq")
    th = goal.equal(*equation.args)
    order = next(p for p in goal.claim.args if p.op == "le")
    gap = term(h - BEST)
    below = k.sos(order, [(One, gap, [])], [th], [MINUS])
    return k.and_intro([th if p is equation else below for p in goal.claim.args])


@proposition(
    "dpo.psipo.logit",
    title="with Ψ the logit, a Bradley-Terry preference is its difference of rewards: ΨPO is then KL-regularised reward "
    "maximisation",
    source="reconstruction: " + IPO,
    printed="Ψ(q) = log(q/(1-q)):  Ψ(σ(x)) = x",
    statement=equals(sp.log(sigma(x) / (1 - sigma(x))), x),
    not_claimed="that the mean over the second response y' shifts the reward by no more than a function of the prompt: it is "
    "that",
)
def psipo_logit(goal: Goal) -> Theorem:
    """σ/(1-σ) = 1/exp(-x) = exp(x)."""
    e = app("exp", term(-x))
    sign = k.law("exp_positive", term(-x), ZERO, [])
    total = k.sos(lt(ZERO, add(ONE, e)), [(One, ONE, [sign]), (One, ONE, [])], [], [])
    over = k.inv_positive(total)
    rest = sub(ONE, inv(add(ONE, e)))
    cancel = unit(total)
    above = k.sos(lt(ZERO, rest), [(One, ONE, [sign, over])], [cancel], [MINUS])
    ratio = goal.claim.args[0].args[2]
    goal.know(sign, total, over, above)
    positive = k.sos(lt(ZERO, ratio), [(One, ONE, [over, k.inv_positive(above)])], [], [])
    goal.define(total, over, above, positive)
    quotient = goal.equal(ratio, inv(e))
    back, zero = k.law("exp_add", term(-x), term(x), []), k.law("exp_zero", ZERO, ZERO, [])
    itself = app("exp", term(x))
    turned = k.linear(inv(e), itself, [back, zero, unit(sign)], [inv(e), mul(MINUS, inv(e)), itself])
    hole = k.var("hole")
    equal = k.linear(itself, ratio, [quotient, turned], [MINUS, MINUS])
    return k.rewrite(equal, k.law("log_exp", term(x), ZERO, []), hole, eq(app("log", hole), term(x)))


LOSS = -sp.log(sigma(beta * h))


def loss_is(goal: Goal, x: Term) -> Theorem:
    """-log(1/(1 + exp(x))) = log(1 + exp(x)), also told to the check of definedness."""
    sign = k.law("exp_positive", x, ZERO, [])
    total = k.sos(lt(ZERO, add(ONE, sign.concl.args[1])), [(One, ONE, [sign]), (One, ONE, [])], [], [])
    over = k.inv_positive(total)
    goal.define(total, over)
    goal.know(sign, total, over)
    th = log_of_product(goal, inv(total.concl.args[1]))
    return k.linear(mul(MINUS, th.concl.args[0]), app("log", total.concl.args[1]), [th], [MINUS])


@proposition(
    "dpo.deterministic",
    title="for a preference without noise the loss of DPO has no minimum, for any β: it falls strictly with h, and never "
    "reaches 0",
    source="reconstruction: " + IPO,
    printed="h < h' ⇒ -log σ(βh') < -log σ(βh),  0 < -log σ(βh) ≤ exp(-βh)",
    assumptions={"β > 0": beta > 0, "h < h'": h < h2},
    statement=sp.And(-sp.log(sigma(beta * h2)) < LOSS, LOSS > 0, LOSS <= sp.exp(-beta * h)),
    model={"beta": 1, "h": 0, "h'": 1},
    drops={"β > 0": {"beta": -1, "h": 0, "h'": 1}, "h < h'": {"beta": 1, "h": 1, "h'": 0}},
    not_claimed="that training gets there: it drives π(y_l)/π(y_w) towards 0 only as far as it runs",
)
def deterministic(goal: Goal) -> Theorem:
    b, low, high = term(-beta * h), term(-beta * h2), goal.given["h < h'"]
    losses = {x: loss_is(goal, x) for x in (b, low)}
    order = k.sos(lt(low, b), [(One, ONE, [goal.given["β > 0"], high])], [], [])
    smaller = exp_strict(order)
    sums = [add(ONE, app("exp", x)) for x in (low, b)]
    goal.know(k.sos(lt(*sums), [(One, ONE, [smaller])], [], []))
    falls = exponent_below(goal, app("log", sums[0]), app("log", sums[1]))
    goal.know(k.sos(lt(ONE, sums[1]), [(One, ONE, [k.law("exp_positive", b, ZERO, [])])], [], []))
    positive = exponent_below(goal, ZERO, app("log", sums[1]))
    tangent = log_tangent(sums[1], goal.prove(lt(ZERO, sums[1])))
    out = []
    for p in goal.claim.args:
        if p.op == "le":
            out.append(k.sos(p, [(One, ONE, [tangent])], [losses[b]], [MINUS]))
        elif p.args[0] is ZERO:
            out.append(k.sos(p, [(One, ONE, [positive])], [losses[b]], [ONE]))
        else:
            out.append(k.sos(p, [(One, ONE, [falls])], [losses[low], losses[b]], [MINUS, ONE]))
    return k.and_intro(out)


def exp_strict(order: Theorem) -> Theorem:
    """exp(u) < exp(v) from u < v."""
    u, v = order.concl.args
    d = sub(v, u)
    apart = k.sos(lt(ZERO, d), [(One, ONE, [order])], [], [])
    tangent = k.law("exp_above_tangent", d, ZERO, [k.negate(apart)])
    product, positive = k.law("exp_add", d, u, []), k.law("exp_positive", u, ZERO, [])
    parts = [(One, ONE, [positive, tangent]), (One, ONE, [positive, order])]
    return k.sos(lt(app("exp", u), app("exp", v)), parts, [product], [ONE])


def path(x: Any) -> Any:
    """h(x) = x/2, of which the slope at 0 is β/(1 + exp(0))"""
    return x * Fraction(1, 2)


def half(x: Any) -> Any:
    """dh(x) = 1/2"""
    return Fraction(1, 2)


def full(x: Any) -> Any:
    """dh(x) = 1"""
    return Fraction(1)


def fast(x: Any) -> Any:
    """h(x) = x"""
    return x


FLOW: Case = {"t": 0, "beta": 1, "h": path, "dh": half}


@proposition(
    "dpo.deterministic.log_rate",
    title="under gradient flow on h, exp(βh) + βh grows at the constant rate β²: h diverges like (1/β) log t",
    source="our own; sharpens 'diverges logarithmically'",
    printed="dh/dt = β σ(-βh) ⇒ d/dt (exp(βh) + βh) = β²",
    assumptions={"gradient flow": sp.And(derivative(H(t), t, dH(t)), equals(dH(t), beta * sigma(-beta * H(t))))},
    statement=derivative(sp.exp(beta * H(t)) + beta * H(t), t, beta**2),
    model=FLOW,
    drops={"gradient flow": FLOW | {"dh": full, "h": fast}},
    not_claimed="the solution in closed form",
)
def log_rate(goal: Goal) -> Theorem:
    """β h' (exp(βh) + 1) = β²."""
    v, f, slope = opened(goal.claim)
    flow = goal.given["gradient flow"]
    rate = next(k.and_elim(flow, m) for m in (0, 1) if flow.concl.args[m].op == "eq")
    e = next(a for a in f.args if a.op == "app" and a.args[0] == "exp")
    sign = k.law("exp_positive", e.args[2], ZERO, [])
    total = k.sos(lt(ZERO, add(ONE, e)), [(One, ONE, [sign]), (One, ONE, [])], [], [])
    goal.know(sign, total)
    th = k.diff(v, f, v, [*goal.facts, *slopes(goal, f, v)])
    flat = goal.equal(th.concl.args[3], slope, rate)
    hole = k.var("hole")
    return k.restate(k.rewrite(flat, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), goal.claim)


@proposition(
    "dpo.label_smoothing",
    title="with label smoothing ε the optimum is finite again: at h* = (1/β) log((1-ε)/ε) the model prefers with probability 1-ε",
    source="reconstruction: cDPO; general knowledge, the text was not at hand",
    printed="σ(β h*) = 1 - ε, β h* = log((1-ε)/ε)",
    assumptions={"0 < ε < 1": sp.And(eps > 0, eps < 1), "h is h*": equals(beta * h, sp.log((1 - eps) / eps))},
    statement=equals(sigma(beta * h), 1 - eps),
    model={"beta": 1, "epsilon": "1/2", "h": 0},
    drops={"0 < ε < 1": UNNEEDED, "h is h*": {"beta": 1, "epsilon": "1/4", "h": 0}},
    not_claimed="that this is the minimum: that is dpo.eq7.population with q = 1-ε",
)
def label_smoothing(goal: Goal) -> Theorem:
    """exp(-log((1-ε)/ε)) = ε/(1-ε), and 1 + ε/(1-ε) = 1/(1-ε)."""
    signs = [goal.prove(lt(ZERO, term(z))) for z in (1 - eps, eps)]
    ratio, odds = term((1 - eps) / eps), term(eps / (1 - eps))
    positive = k.sos(lt(ZERO, ratio), [(One, ONE, [signs[0], k.inv_positive(signs[1])])], [], [])
    goal.know(*signs, positive)
    x, minus = term(beta * h), term(-beta * h)
    hole, e = k.var("hole"), app("exp", minus)
    log = k.linear(app("log", ratio), x, [goal.given["h is h*"]], [MINUS])
    itself = k.rewrite(log, k.law("exp_log", ratio, ZERO, [positive]), hole, eq(app("exp", hole), ratio))
    back, zero = k.law("exp_add", x, minus, []), k.law("exp_zero", ZERO, ZERO, [])
    product = goal.equal(mul(ratio, odds), ONE)
    # exp(-x) exp(x) = 1 and exp(x) odds = 1
    value = k.linear(e, odds, [back, itself, zero, product], [mul(MINUS, odds), mul(MINUS, odds, e), odds, mul(MINUS, e)])
    one = goal.equal(add(ONE, odds), inv(term(1 - eps)))
    sign = k.law("exp_positive", minus, ZERO, [])
    total = k.sos(lt(ZERO, add(ONE, e)), [(One, ONE, [sign]), (One, ONE, [])], [], [])
    goal.know(total, k.inv_positive(signs[0]))
    goal.define(total)
    # 1/(1+e) (1+e) = 1, 1 + e = 1/(1-ε)
    cancel, last = unit(total), unit(signs[0])
    left = inv(add(ONE, e))
    rest = term(1 - eps)
    return k.linear(
        *goal.claim.args, [cancel, value, one, last], [rest, mul(MINUS, left, rest), mul(MINUS, left, rest), mul(MINUS, left)]
    )
