"""Appendix C, Eq. 23: the advantage's part g_A of the gradient at another scale of the reward.

w(i, t) is s ∇log π of a token, in one coordinate of the parameters; G, the lengths and the divisor G - ddof of σ(r) are
symbolic. g_A is homogeneous in the rewards only where α is free of them. Six of the ten rows of Table 1 have 1/σ(r) in
α (GRPO R1, GSPO, DAPO, CPPO, CISPO, GCPO; and GPG, if its F_norm is σ(r)): there the scale cancels, but for CPPO, whose
threshold on |A_i| does not scale.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.reward_gradient import G, advantage, alpha, i, n, over_tokens, phi, rewards, t
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mk, mul, var
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.tactics import MINUS, Context, discharge, instantiate
from theory.tactics.adam import W, congruence, inverse_of_product, root
from theory.tactics.logic import by_branches, impossible

ddof = integers("ddof")
gamma = reals("gamma")
w, c = family("w"), family("c")


def square_sum(of: Any) -> sp.Expr:
    return sp.Sum(advantage(of) ** 2, (i, 1, G))


def sigma(of: Any) -> sp.Expr:
    """σ(r), with ddof = 0 for the population's and 1 for the sample's."""
    return sp.sqrt(square_sum(of) / (G - ddof))


def gradient(of: Any, weight: Any, token: Any = w) -> sp.Expr:
    """g_A of Eq. 22 in one coordinate: Σ_i A_i Σ_t α_{i,t} s_{i,t} ∇log π."""
    return sp.Sum(advantage(of) * over_tokens(weight * token(i, t)), (i, 1, G))


def normalised(of: Any) -> sp.Expr:
    """α^S_i = 1/(G |o_i| σ(r)) of Table 1, row GRPO R1."""
    return 1 / (G * n(i) * sigma(of))


def gradient_of_kept(of: Any, weight: Any, threshold: Any) -> sp.Expr:
    """g_A with α times 1{|A_i| > threshold}, as in the row CPPO."""
    term_of = advantage(of) * over_tokens(weight * w(i, t))
    return sp.Sum(sp.Piecewise((term_of, sp.Abs(advantage(of)) > threshold), (0, True)), (i, 1, G))


GROUP = {
    "completions have tokens": ForAll(i, 1, G, n(i) >= 1),
    "ddof is below G": sp.And(ddof >= 0, ddof < G),
    "rewards are not all equal": square_sum(rewards()) > 0,
    "φ is positive": phi > 0,
}
PAIR: dict[str, Any] = {"G": 2, "ddof": 0, "n": [1, 1], "r": [1, 0], "phi": 2, "w": [[1], [0]]}

refuted(
    "fontana2026.eq23",
    title="g_A is homogeneous in the reward, for the α of GRPO R1",
    source="Appendix C, Eq. 23, with Table 1, row GRPO R1 (the same in every row with σ(r) in α)",
    printed="g*_A = φ g_A",
    statement=equals(gradient(rewards(phi), normalised(rewards(phi))), phi * gradient(rewards(), normalised(rewards()))),
    assumptions=GROUP,
    unstated=tuple(GROUP)[:-1],
    witness=PAIR,
    module=__name__,
    repair="fontana2026.eq23.repaired",
    finding="α is treated as free of the reward, but six of the ten rows of Table 1 divide by σ(r), which scales with "
    "φ too, so that g*_A = g_A. For rewards (1, 0) and one token each, A = (1/2, -1/2), σ = 1/2, α = 1 (ddof = 0); "
    "φ = 2 doubles A and halves α: with s∇log π = (1, 0), g_A = 1/2 and g*_A = 1/2, not 1 (with ddof = 1 both change "
    "by the same factor).",
)


once, scaled, sd, sd_ = reals("g_A g_A_ sd sd_")  # g_A, g*_A, σ(r) and σ(φ r), in the row CPPO
CPPO = GROUP | {
    "γ is positive": gamma > 0,
    "σ(r) and σ(φ r)": sp.And(equals(sd, sigma(rewards())), equals(sd_, sigma(rewards(phi)))),
    "g_A at r": equals(once, gradient_of_kept(rewards(), 1 / (G * n(i) * sd), gamma)),
    "g*_A at φ r": equals(scaled, gradient_of_kept(rewards(phi), 1 / (G * n(i) * sd_), gamma)),
}

refuted(
    "fontana2026.eq23.cppo",
    title="for the α of CPPO, g_A is homogeneous in the reward or does not depend on its scale",
    source="Appendix C, Eq. 23, with Table 1, row CPPO",
    printed="g*_A = φ g_A, with α = α^S_i 1{|A_i| > γ}",
    statement=sp.Implies(sp.Ne(scaled, once), equals(scaled, phi * once)),
    assumptions=CPPO,
    unstated=(*tuple(GROUP)[:-1], "γ is positive"),
    witness=PAIR | {"gamma": "1/2", "sd": "1/2", "sd_": 1, "g_A": 0, "g_A_": "1/2"},
    hints={"r": "binary", "w": "binary"},
    module=__name__,
    repair="fontana2026.eq23.cppo.repaired",
    finding="CPPO's threshold γ is compared with |A_i|, so scaling the rewards changes which completions count. For "
    "rewards (1, 0), γ = 1/2 drops both and g_A = 0; for (2, 0), |A_i| = 1 keeps both and g*_A = 1/2 with "
    "s∇log π = (1, 0) and one token each.",
)


@proposition(
    "fontana2026.eq23.repaired",
    title="g_A is homogeneous, g*_A = φ g_A for every real φ, if α does not depend on the rewards",
    source="Appendix C, Eq. 23, corrected",
    printed="g*_A = φ g_A",
    statement=equals(gradient(rewards(phi), alpha(i, t)), phi * gradient(rewards(), alpha(i, t))),
    not_claimed="anything for an α that changes with the rewards: the statement has the same α on both sides",
)
def gradient_is_homogeneous(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def scaled_sigma(goal: Goal) -> list[Theorem]:
    """σ(φ r) = φ σ(r) and 1/σ(φ r) = (1/φ)(1/σ(r)); both have the square φ² σ(r)² and neither is negative."""
    group, factor = goal.prove(lt(term(ddof), term(G))), term(phi)
    goal.know(k.integer(group), goal.arith(lt(ZERO, term(G - ddof))))
    goal.know(goal.arith(le(ONE, term(G))))
    once, scaled = term(square_sum(rewards())), term(square_sum(rewards(phi)))
    squares = goal.equal(scaled, mul(factor, factor, once))
    signs = [goal.given[name] for name in ("φ is positive", "φ is positive", "rewards are not all equal")]
    positive = k.sos(lt(ZERO, scaled), [(W, ONE, signs)], [squares], [ONE])
    goal.know(positive)
    goal.define(group, positive)
    x, y = term(square_sum(rewards()) / (G - ddof)), term(square_sum(rewards(phi)) / (G - ddof))
    law = k.law("sqrt_square", x, ZERO, [goal.prove(le(ZERO, x))])
    q = mul(factor, app("sqrt", x))
    same_root = root(goal, y, q, goal.equal(mk("pow", q, 2), y, law, squares))
    split = inverse_of_product(goal, factor, app("sqrt", x))
    whole = congruence(same_root, term(gamma), inv(term(gamma)))
    return [same_root, k.linear(inv(app("sqrt", y)), split.concl.args[1], [whole, split], [ONE, ONE])]


SIGMA: dict[str, Any] = PAIR | {"c": [[1], [1]]}


@proposition(
    "fontana2026.eq23.sigma",
    title="g*_A = g_A for φ > 0, if α is free of the rewards but for a factor 1/σ(r)",
    source="Appendix C, Eq. 23, corrected for the rows with σ(r)",
    printed="g*_A = φ g_A",
    statement=equals(gradient(rewards(phi), c(i, t) / sigma(rewards(phi))), gradient(rewards(), c(i, t) / sigma(rewards()))),
    assumptions={name: GROUP[name] for name in tuple(GROUP)[1:]},
    unstated=tuple(GROUP)[1:],
    model=SIGMA,
    drops={
        "ddof is below G": SIGMA | {"ddof": 2},
        "rewards are not all equal": SIGMA | {"r": [1, 1]},
        "φ is positive": SIGMA | {"phi": -1},
    },
)
def gradient_without_scale(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, *scaled_sigma(goal))


@proposition(
    "fontana2026.eq23.cppo.repaired",
    title="with CPPO's threshold in units of σ(r), 1{|A_i| > γ σ(r)}, g_A does not change with the reward's scale",
    source="Appendix C, Eq. 23, and Table 1, row CPPO, corrected",
    printed="g*_A = φ g_A, with α = α^S_i 1{|A_i| > γ}",
    statement=equals(
        gradient_of_kept(rewards(phi), c(i, t) / sigma(rewards(phi)), gamma * sigma(rewards(phi))),
        gradient_of_kept(rewards(), c(i, t) / sigma(rewards()), gamma * sigma(rewards())),
    ),
    assumptions={name: GROUP[name] for name in tuple(GROUP)[1:]},
    unstated=tuple(GROUP)[1:],
    model=SIGMA | {"gamma": "1/2"},
    drops={
        "ddof is below G": SIGMA | {"gamma": "1/2", "ddof": 2},
        "rewards are not all equal": UNNEEDED,
        "φ is positive": SIGMA | {"gamma": "1/2", "phi": -1},
    },
)
def threshold_in_units_of_sigma(goal: Goal) -> Theorem:
    """|φ a| > φ x exactly where |a| > x, and what is kept is the same as in eq23.sigma: completion by completion."""
    a, b, x, y, u, v, factor = map(var, ("a", "b", "x", "y", "u", "v", "f"))
    ctx = Context(map(k.assume, (lt(ZERO, factor), eq(b, mul(factor, a)), eq(y, mul(factor, x)), eq(v, u))))

    def if_above(value: Term, threshold: Term, then: Term) -> Term:
        size = mk("ite", le(ZERO, value), value, mul(MINUS, value))
        return mk("ite", lt(threshold, size), then, ZERO)

    def leaf(here: Context, equation: Term) -> Theorem:
        try:
            return here.prove(equation)
        except k.Refused:
            return impossible(here, equation, products=2)

    lemma = by_branches(ctx, eq(if_above(b, y, v), if_above(a, x, u)), leaf)
    sigmas = scaled_sigma(goal)
    inner = goal.assuming(le(ONE, term(i)), le(term(i), term(G)))

    def parts(of: Any) -> tuple[Term, Term, Term]:
        kept = advantage(of) * over_tokens(c(i, t) / sigma(of) * w(i, t))
        return term(advantage(of)), term(gamma * sigma(of)), term(kept)

    once, scaled = parts(rewards()), parts(rewards(phi))
    facts = [inner.equal(scaled[0], mul(term(phi), once[0])), inner.equal(scaled[1], mul(term(phi), once[1]), *sigmas)]
    facts += [inner.equal(scaled[2], once[2], *sigmas), goal.given["φ is positive"]]
    values = dict(zip((a, x, u, b, y, v, factor), (*once, *scaled, term(phi)), strict=True))
    return k.sum_congr(term(i), ONE, term(G), discharge(instantiate(lemma, values), facts))
