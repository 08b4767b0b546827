"""MaskGRPO's objective, the truncation of its mask ratios, and the released code beside the formulas."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem
from theory.kernel.terms import ONE, ZERO, lt
from theory.language import derivative, equals, family, formula, integers, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import MINUS
from theory.tactics.convex import One
from theory.tactics.powers import unit
from theory.tactics.slopes import by_parts

G, i, j, mu, n = integers("G i j mu n")
A, beta, D, E, rho, gamma, t, alone, given, eps = reals("A beta D E rho gamma t alone given eps")
r1, r2 = reals("r1 r2")
r = family("r")
PENALTY = {"β > 0": beta > 0, "a completion": n >= 1, "D < E": D < E}


def inside(kl: sp.Expr) -> sp.Expr:
    return A / n * (rho - beta * kl)


def outside(kl: sp.Expr) -> sp.Expr:
    return A / n * rho - beta / n * kl


STEP = {"beta": 1, "n": 1, "D": 0, "E": 1, "A": -1, "rho": 1}

refuted(
    "maskgrpo.objective.kl",
    title="the KL term is a penalty: more of it lowers the objective",
    source="the objective (reconstruction: as transcribed, A_i stands before the bracket with the KL term)",
    printed="(A_i/|o_i|) (ρ̂ - β D̂_KL), D < E ⇒ its value at E is below that at D",
    assumptions=PENALTY,
    statement=inside(E) < inside(D),
    witness=STEP,
    module=__name__,
    repair="maskgrpo.objective.kl.repaired",
    finding="With A_i = -1, β = 1, ρ̂ = 1 and one token, raising D̂_KL from 0 to 1 raises the transcribed objective from "
    "-1 to 0: a completion below the mean would be rewarded for leaving the reference.",
)


@proposition(
    "maskgrpo.objective.kl.repaired",
    title="it is one for every advantage, if A_i does not multiply it (as in the released code)",
    source="the objective, as the released code has it",
    printed="(A_i ρ̂ - β D̂_KL)/|o_i|, D < E ⇒ its value at E is below that at D",
    assumptions=PENALTY,
    statement=outside(E) < outside(D),
    model=STEP,
    drops={"β > 0": STEP | {"beta": -1}, "a completion": STEP | {"n": -1}, "D < E": STEP | {"E": 0}},
)
def penalty(goal: Goal) -> Theorem:
    over_n = goal.prove(lt(ZERO, term(beta / n)))
    return k.sos(goal.claim, [(One, ONE, [over_n, goal.given["D < E"]])], [], [])


@proposition(
    "maskgrpo.objective.unclipped",
    title="the printed objective has no clip: its slope in ρ̂ is A_i/|o_i| for every ρ̂",
    source="the objective (the released code clips)",
    printed="∂J_i/∂ρ̂ = A_i/|o_i| for every ρ̂",
    assumptions={"a completion": n >= 1},
    statement=derivative(inside(D), rho, A / n),
    model=STEP,
    drops={"a completion": STEP | {"n": 0}},
    not_claimed="that training without the clip is unstable",
)
def unclipped(goal: Goal) -> Theorem:
    return by_parts(goal, goal.claim)


# Two tokens: `alone` is the sum of their log-probabilities with both masked, `given` with the other one visible.
per_level = t * alone + (1 - t) * given  # E over masks at level t of the 1/t-weighted masked sum (maskgrpo.eq2.any_order)
integral = t**2 / 2 * alone + (t - t**2 / 2) * given
truncated = (integral.subs(t, 1) - integral.subs(t, gamma)) / (1 - gamma)
RANGE = {"0 ≤ γ < 1": sp.And(gamma >= 0, gamma < 1)}
TEXT = {"gamma": "3/5", "alone": -3, "given": -1, "t": "1/2"}

refuted(
    "maskgrpo.truncation",
    title="mask ratios drawn from (γ, 1) estimate the same bound as those from (0, 1) (two tokens)",
    source="the truncation (γ, 1), γ = 0.6 for text and 0.8 for images (reconstruction: that it is an estimate of Eq. 2)",
    printed="E_{t~U(γ,1)} l(x_t, x_0) = E_{t~U(0,1)} l(x_t, x_0)",
    assumptions=RANGE,
    statement=equals(truncated, (alone + given) / 2),
    witness=TEXT,
    module=__name__,
    repair="maskgrpo.truncation.repaired",
    finding="Two tokens whose log-probabilities sum to -3 with both masked and to -1 with the other visible: the bound is "
    "-2, with γ = 0.6 it becomes 0.8 (-3) + 0.2 (-1) = -2.6.",
)


@proposition(
    "maskgrpo.truncation.repaired",
    title="they shift it by γ/2 times what seeing the other token is worth",
    source="the truncation (γ, 1)",
    printed="E_{t~U(γ,1)} l - E_{t~U(0,1)} l = (γ/2) (Σ_i log π(x_i|c) - Σ_i log π(x_i|x_{-i}, c)), two tokens",
    assumptions=RANGE,
    statement=sp.And(derivative(integral, t, per_level), equals(truncated - (alone + given) / 2, gamma / 2 * (alone - given))),
    model=TEXT,
    drops={"0 ≤ γ < 1": TEXT | {"gamma": 1}},
    not_claimed="longer completions",
)
def shift(goal: Goal) -> Theorem:
    return by_parts(goal, goal.claim)


level = gamma + (1 - gamma) * j / mu


@proposition(
    "maskgrpo.schedule",
    title="the mask ratios of the inner updates rise from above γ to 1",
    source="the objective: t_j",
    printed="t_j = γ + (1-γ) j/μ ∈ (γ, 1], t_μ = 1, t_j < t_{j+1}",
    assumptions=RANGE | {"an inner update": sp.And(j >= 1, j <= mu)},
    statement=sp.And(gamma < level, level <= 1, level < level.subs(j, j + 1), equals(level.subs(j, mu), 1)),
    model={"gamma": "3/5", "j": 1, "mu": 4},
    drops={
        "0 ≤ γ < 1": {"gamma": 1, "j": 1, "mu": 4},
        "an inner update": {"gamma": "3/5", "j": 0, "mu": 4},
    },
)
def rising(goal: Goal) -> Theorem:
    """(1-γ) times j/μ > 0, 1 - j/μ ≥ 0 and 1/μ > 0."""
    room, fraction, step = (goal.prove(formula(p)) for p in (1 - gamma > 0, j / mu > 0, 1 / mu > 0))
    whole = unit(goal.prove(formula(mu > 0)))
    short = k.sos(formula(j / mu <= 1), [(One, ONE, [step, goal.prove(formula(j <= mu))])], [whole], [MINUS])

    def part(p: Term) -> Theorem:
        for sign in (fraction, short, step) if p.op != "eq" else ():
            try:
                return k.sos(p, [(One, ONE, [room, sign])], [], [])
            except Refused:
                continue
        return goal.prove(p)

    return k.and_intro([part(p) for p in goal.claim.args])
