"""Section 4, Eq. 12 and 14: the form of the importance ratio s of a token, and its gradient.

Eq. 12 (s = k π_θ, k free of θ) is assumed for all ten methods, but the s that Table 1 prints for GPG, CISPO and GCPO
is not of that form, and Eq. 14 (∇s = s ∇log π_θ) fails there: with the wrong sign for GPG and CISPO. The other seven
rows have both.

Gradients are taken in one real coordinate theta of the parameters; π_θ > 0. In Eq. 14 `logpi(theta)` is log
π_θ(y_t|x, y_<t) with slope `score(theta)`, and π_θ = exp(logpi). A stop-gradient sg[..] is a quantity that is free of
theta.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk
from theory.kernel.terms import ONE, ZERO, app, lt
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import proposition, refuted
from theory.tactics.logic import conjunction, with_slope
from theory.tactics.order import exponent_below
from theory.tactics.powers import square_positive
from theory.tactics.prefix import differentiate, opened, slopes

t, u, N = integers("t u N")
theta, eta, kappa, stopped = reals("theta eta k sg")
pi, old, sg, logpi, logold, score, dpi = (family(name) for name in ("pi", "pi_old", "sg", "logpi", "logpi_old", "score", "dpi"))

# -- Eq. 12 ------------------------------------------------------------------------------------------------------------


def printed_s(row: str, at: Any) -> sp.Expr:
    """The column s of Table 1 for token t of a completion of N tokens, at a parameter value."""
    return {
        "token": pi(t, at) / old(t),  # s = I, in six rows
        "gspo": sg(t) * pi(t, at),  # sg[(π_θ(y|x)/π_old(y|x))/π_θ] π_θ
        "gpg": sp.log(pi(t, at)),
        "cispo": sg(t) * sp.log(pi(t, at)),  # sg[I] log π_θ
        "gcpo": sp.exp(sp.Sum(sp.log(pi(u, at)) - sp.log(old(u)), (u, 1, N))),  # π_θ(y|x)/π_old(y|x)
    }[row]


def proportional(at_theta: sp.Expr, at_eta: sp.Expr) -> sp.Basic:
    """s = k π_θ with k free of θ: s/π_θ is the same at two parameter values."""
    return equals(at_theta * pi(t, eta), at_eta * pi(t, theta))


refuted(
    "fontana2026.eq12",
    title="in every method s is k π_θ(y_t|x, y_<t) with k independent of θ",
    source="Section 4, Eq. 12",
    printed="s_{i,t}(θ) = k_{i,t} · π_θ(y_{i,t}|x,y_{i,<t}), k_{i,t} independent of θ (assumed for all methods)",
    assumptions={
        "t is a token of the completion": sp.And(t >= 1, t <= N),
        "probabilities are positive": ForAll(u, 1, N, sp.And(pi(u, theta) > 0, pi(u, eta) > 0, old(u) > 0)),
    },
    statement=sp.And(
        *(proportional(printed_s(row, theta), printed_s(row, eta)) for row in ("token", "gspo", "gpg", "cispo", "gcpo"))
    ),
    witness={
        "N": 2,
        "t": 1,
        "theta": "1/2",
        "eta": "1/4",
        "pi": lambda t, theta: theta,
        "pi_old": [1, 1],
        "sg": [1, 1],
    },
    module=__name__,
    repair="fontana2026.eq12.repaired",
    finding="GPG and CISPO have s = log π_θ and s = sg[I] log π_θ: at π_θ = 1/2 the quotient s/π_θ is 2 log(1/2) = "
    "-1.39, at π_θ = 1/4 it is 4 log(1/4) = -5.55. GCPO has the ratio of the whole sequence: for two tokens of "
    "probability θ each and π_old = 1, s/π_θ(y_1) = θ, which is 1/2 at θ = 1/2 and 1/4 at θ = 1/4.",
    not_claimed="sg[..] is taken as free of θ, as differentiation sees it; its value does move with θ",
)

s_token, s_gspo = family("s_token"), family("s_gspo")
TWO_VALUES = {
    "t": 1, "theta": "1/2", "eta": "1/4", "pi": lambda t, theta: theta, "pi_old": [1], "sg": [2],
    "s_token": lambda t, theta: theta, "s_gspo": lambda t, theta: 2 * theta,
}  # fmt: skip


@proposition(
    "fontana2026.eq12.repaired",
    title="Eq. 12 holds for s = I and for GSPO's row; s = log π_θ breaks it at any two probabilities",
    source="Section 4, Eq. 12, for the rows GRPO R1, GRPO v3.2, GTPO, DAPO, CPPO, Dr. GRPO and GSPO; against GPG and CISPO",
    printed="s(θ)/π_θ = s(η)/π_η for s = I and s = sg[·] π_θ; log π_θ/π_θ is strictly increasing in π_θ",
    assumptions={
        "Table 1: s = I": sp.And(*(equals(s_token(t, at), printed_s("token", at)) for at in (theta, eta))),
        "Table 1: s = sg[.] π": sp.And(*(equals(s_gspo(t, at), printed_s("gspo", at)) for at in (theta, eta))),
        "probabilities are positive": sp.And(pi(t, theta) > 0, pi(t, eta) > 0),
    },
    statement=sp.And(
        proportional(s_token(t, theta), s_token(t, eta)),
        proportional(s_gspo(t, theta), s_gspo(t, eta)),
        sp.Implies(
            sp.And(pi(t, eta) < pi(t, theta), pi(t, theta) <= 1),
            sp.log(pi(t, eta)) * pi(t, theta) < sp.log(pi(t, theta)) * pi(t, eta),
        ),
    ),
    model=TWO_VALUES,
    drops={
        "Table 1: s = I": TWO_VALUES | {"s_token": lambda t, theta: 1},
        "Table 1: s = sg[.] π": TWO_VALUES | {"s_gspo": lambda t, theta: 1},
        "probabilities are positive": TWO_VALUES | {"eta": 0},
    },
    not_claimed="that GSPO's s is proportional to π_θ as a number: sg[..] is free of θ for differentiation only",
    hints={"pi": "unit"},
)
def eq12_by_rows(goal: Goal) -> Theorem:
    """The seven rows by substitution. Then, with b = log π_θ > a = log π_η and b <= 0: b π_η - a π_θ = b (π_η - π_θ)
    + (b - a) π_θ.
    """
    *rows, by_log = goal.claim.args
    equations = [k.and_elim(goal.given[name], m) for name in list(goal.given)[:2] for m in (0, 1)]
    shown = [goal.equal(*row.args, *equations) for row in rows]
    inside = goal.assuming(by_log.args[0])
    small, large = (app("log", term(pi(t, at))) for at in (eta, theta))
    ordered, below_one = exponent_below(inside, small, large), exponent_below(inside, large, ZERO, strict=False)
    sign = inside.with_facts(ordered, below_one).inequality(by_log.args[1], products=2)
    return k.and_intro([*shown, k.imp_intro(by_log.args[0], sign)])


# -- Eq. 14 ------------------------------------------------------------------------------------------------------------

SLOPE = {"log π_θ is differentiable": derivative(logpi(theta), theta, score(theta))}


def itself(theta: Any) -> Any:
    """the function is θ itself"""
    return theta


AT_MINUS_ONE = {"theta": -1, "logpi": itself, "score": lambda theta: 1}


@proposition(
    "fontana2026.eq14",
    title="∇s = s ∇log π_θ for s = k π_θ",
    source="Section 4, Eq. 14, under Eq. 12",
    printed="∇s_{i,t} = s_{i,t} ∇log π_θ",
    assumptions=SLOPE,
    statement=derivative(kappa * sp.exp(logpi(theta)), theta, kappa * sp.exp(logpi(theta)) * score(theta)),
    model=AT_MINUS_ONE | {"k": 1, "theta": 0},
    drops={"log π_θ is differentiable": AT_MINUS_ONE | {"k": 1, "score": lambda theta: 2}},
    not_claimed="anything for a row of Table 1 whose s is not of the form of Eq. 12: GPG, CISPO, GCPO (eq14.gpg, "
    "eq14.cispo, eq14.gcpo)",
)
def eq14(goal: Goal) -> Theorem:
    v, f, slope = opened(goal.claim)
    return with_slope(goal, differentiate(goal, v, f), slope)


refuted(
    "fontana2026.eq14.gpg",
    title="∇s = s ∇log π_θ for GPG's s = log π_θ",
    source="Section 4, Eq. 14, for the row GPG of Table 1",
    printed="∇s_{i,t} = s_{i,t} ∇log π_θ with s_{i,t} = log π_θ",
    assumptions=SLOPE,
    statement=derivative(logpi(theta), theta, logpi(theta) * score(theta)),
    witness=AT_MINUS_ONE,
    module=__name__,
    repair="fontana2026.eq14.gpg.repaired",
    finding="With s = log π_θ, ∇s is ∇log π_θ itself; Eq. 14 says log π_θ ∇log π_θ. At log π_θ = -1 these are ∇log "
    "π_θ and -∇log π_θ: the factor is negative for every probability below 1, so Eq. 14 turns the direction of the "
    "gradient around.",
)


HALF = {"theta": "1/2", "pi": itself, "dpi": lambda theta: 1}


@proposition(
    "fontana2026.eq14.gpg.repaired",
    title="for s = log π_θ the right side of Eq. 14 is log π_θ times the gradient, so against it where π_θ < 1",
    source="Section 4, Eq. 14, for the row GPG of Table 1",
    printed="∇s = ∇π_θ/π_θ, and ∇s · (s ∇log π_θ) < 0 where 0 < π_θ < 1 and ∇π_θ ≠ 0",
    assumptions={
        "π_θ is differentiable": derivative(pi(theta), theta, dpi(theta)),
        "0 < π_θ < 1": sp.And(pi(theta) > 0, pi(theta) < 1),
        "the gradient is not 0": sp.Ne(dpi(theta), 0),
    },
    statement=sp.And(
        derivative(sp.log(pi(theta)), theta, dpi(theta) / pi(theta)),
        dpi(theta) / pi(theta) * (sp.log(pi(theta)) * dpi(theta) / pi(theta)) < 0,
    ),
    model=HALF,
    drops={
        "π_θ is differentiable": HALF | {"dpi": lambda theta: 2},
        "0 < π_θ < 1": HALF | {"theta": 1},
        "the gradient is not 0": HALF | {"pi": lambda theta: Fraction(1, 2), "dpi": lambda theta: 0},
    },
    not_claimed="that GPG's gradient is wrong: its weight on ∇log π_θ is α A_i, not the α s A_i of Eq. 15",
    hints={"pi": "unit"},
)
def eq14_gpg(goal: Goal) -> Theorem:
    """log π < log 1 = 0, and the product is log π times (∇π)², which is positive, times (1/π)²."""
    slope, sign = sorted(goal.claim.args, key=lambda p: p.op != "deriv")
    v, f, _ = opened(slope)
    positive = goal.prove(lt(ZERO, f.args[2]))
    th = k.diff(v, f, v, [positive, *slopes(goal, f, v)])
    below, square = exponent_below(goal, f, ZERO), square_positive(term(dpi(theta)), goal.unequal(term(dpi(theta)), ZERO))
    inverse = k.inv_positive(goal.prove(lt(ZERO, mk("pow", f.args[2], 2))))
    against = k.sos(sign, [(Fraction(1), ONE, [below, square, inverse])], [], [])
    return conjunction(goal.claim, with_slope(goal, th, slope.args[3]), against)


refuted(
    "fontana2026.eq14.cispo",
    title="∇s = s ∇log π_θ for CISPO's s = sg[I] log π_θ",
    source="Section 4, Eq. 14, for the row CISPO of Table 1",
    printed="∇s_{i,t} = s_{i,t} ∇log π_θ with s_{i,t} = sg[I] log π_θ",
    assumptions=SLOPE,
    statement=derivative(stopped * logpi(theta), theta, stopped * logpi(theta) * score(theta)),
    witness=AT_MINUS_ONE | {"sg": 1},
    module=__name__,
    repair="fontana2026.eq14.cispo.repaired",
    finding="With s = sg[I] log π_θ, ∇s is sg[I] ∇log π_θ; Eq. 14 says sg[I] log π_θ ∇log π_θ. On policy (I = 1) at "
    "log π_θ = -1 these are ∇log π_θ and -∇log π_θ, the opposite direction.",
)


@proposition(
    "fontana2026.eq14.cispo.repaired",
    title="for s = sg[I] log π_θ, ∇s = sg[I] ∇log π_θ: what Eq. 14 would give for s = I",
    source="Section 4, Eq. 14, for the row CISPO of Table 1",
    printed="∇s = sg[I] ∇log π_θ, and ∇s · (s ∇log π_θ) < 0 where I > 0, π_θ < 1 and ∇log π_θ ≠ 0",
    assumptions=SLOPE,
    statement=sp.And(
        derivative(stopped * logpi(theta), theta, stopped * score(theta)),
        sp.Implies(
            sp.And(stopped > 0, logpi(theta) < 0, sp.Ne(score(theta), 0)),
            stopped * score(theta) * (stopped * logpi(theta) * score(theta)) < 0,
        ),
    ),
    model=AT_MINUS_ONE | {"sg": 1},
    drops={"log π_θ is differentiable": AT_MINUS_ONE | {"sg": 1, "score": lambda theta: 2}},
    not_claimed="that the min and clip of Eq. 1 act on this s; in the method the clip acts on sg[I]",
)
def eq14_cispo(goal: Goal) -> Theorem:
    slope, sign = sorted(goal.claim.args, key=lambda p: p.op != "deriv")
    v, f, target = opened(slope)
    inside = goal.assuming(sign.args[0])
    square = square_positive(term(score(theta)), inside.unequal(term(score(theta)), ZERO))
    weight, below = (inside.prove(p) for p in sign.args[0].args if p.op == "lt")
    factors = [weight, weight, below, square]
    against = k.sos(sign.args[1], [(Fraction(1), ONE, factors)], [], [])
    return conjunction(goal.claim, with_slope(goal, differentiate(goal, v, f), target), k.imp_intro(sign.args[0], against))


sequence_ratio = sp.exp(sp.Sum(logpi(u, theta) - logold(u), (u, 1, N)))
TOKEN_SLOPES = {"log π_θ is differentiable": ForAll(u, 1, N, derivative(logpi(u, theta), theta, score(u, theta)))}
TWO_TOKENS = {
    "N": 2, "t": 1, "theta": -1, "logpi_old": [-1, -1], "logpi": lambda u, theta: theta, "score": lambda u, theta: 1,
}  # fmt: skip

refuted(
    "fontana2026.eq14.gcpo",
    title="∇s = s ∇log π_θ(y_t|·) for GCPO's ratio of the whole sequence",
    source="Section 4, Eq. 14, for the row GCPO of Table 1",
    printed="∇s_{i,t} = s_{i,t} ∇log π_θ(y_{i,t}|·) with s_{i,t} = π_θ(y_i|x_i)/π_old(y_i|x_i)",
    assumptions=TOKEN_SLOPES | {"t is a token of the completion": sp.And(t >= 1, t <= N)},
    statement=derivative(sequence_ratio, theta, sequence_ratio * score(t, theta)),
    witness=TWO_TOKENS,
    module=__name__,
    repair="fontana2026.eq14.gcpo.repaired",
    finding="For two tokens with log π_θ = θ each, on policy (s = 1), the ratio s = exp(2θ + 2) at θ = -1 has ∇s = "
    "2; Eq. 14 gives s ∇log π_θ(y_t|·) = 1, because it sees one token of the two.",
)


@proposition(
    "fontana2026.eq14.gcpo.repaired",
    title="the ratio of the whole sequence has ∇s = s Σ_u ∇log π_θ(y_u|·), over all its tokens",
    source="Section 4, Eq. 14, for the row GCPO of Table 1",
    printed="∇s_{i,t} = s_{i,t} Σ_u ∇log π_θ(y_{i,u}|·) with s_{i,t} = π_θ(y_i|x_i)/π_old(y_i|x_i)",
    assumptions=TOKEN_SLOPES,
    statement=derivative(sequence_ratio, theta, sequence_ratio * sp.Sum(score(u, theta), (u, 1, N))),
    model=TWO_TOKENS,
    drops={"log π_θ is differentiable": TWO_TOKENS | {"score": lambda u, theta: 0}},
    not_claimed="a factor |o_i|: it comes on top where Eq. 1 sums this s over the tokens of the completion",
)
def eq14_gcpo(goal: Goal) -> Theorem:
    v, f, slope = opened(goal.claim)
    total = f.args[2]
    inner = differentiate(goal, v, total)
    return with_slope(goal, k.diff(v, f, v, [inner]), slope)
