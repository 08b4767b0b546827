"""Weights f(L) of a completion's length: prefix-neutral and unbiased are the same thing, length-invariant is another.

Statement   For completions of lengths l and m with weights f_l, f_m and scores of size Γ_l, Γ_m:
            (1) a shared first token is left alone for rewards 1 and 0 exactly if f_l = f_m;
            (2) on a policy with two equally likely completions of each length, scores ±s_l and ±s_m, the expected updates for
            the rewards of one completion of length l, and of one of length m, are the same multiple of the gradient exactly
            if f_l = f_m;
            (3) so a weight that does either, and is length-invariant (f_l Γ_l = f_m Γ_m), needs Γ_l = Γ_m.
Place       Our own; it joins case 1 of App. B.2 of arXiv 2601.05002 (lossproof.prefix_neutral, any group), App. A of
            Dr. GRPO (arXiv 2503.20783) and Theorem 6 of arXiv 2607.23364: Dr. GRPO has the first two, GRPO the third if Γ
            grows like L, L^(-1/2) if Γ grows like sqrt(L).
Hypotheses  the scores are not 0 (for (2)), f_l ≠ 0 (for (3)).
Proof       the updates are (f_l - f_m)/2, and f_l s_l/4 and f_m s_m/4 for gradients s_l/4 and s_m/4.
Not claimed anything about weights that depend on more than the length.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, num
from theory.kernel.terms import ONE, ZERO, eq, inv, mul
from theory.language import equals, reals, term
from theory.proposition import proposition
from theory.tactics import MINUS
from theory.tactics.logic import conjunction

f_l, f_m, g_l, g_m, s_l, s_m = reals("f_l f_m Gamma_l Gamma_m s_l s_m")
half = sp.Rational(1, 2)
NEUTRAL = equals(f_l * (1 - half) + f_m * (0 - half), 0)
UNBIASED = equals((f_l * s_l / 4) * (s_m / 4), (f_m * s_m / 4) * (s_l / 4))
INVARIANT = equals(f_l * g_l, f_m * g_m)
EQUAL = {"f_l": 1, "f_m": 1, "s_l": 1, "s_m": 2, "Gamma_l": 1, "Gamma_m": 1}


@proposition(
    "lossproof.length_trilemma",
    title="a length weight is prefix-neutral exactly if it is unbiased, and then length-invariant only where the size of the "
    "score does not depend on the length",
    source="our own",
    printed="Σ_i f(L_i) A_i = 0 ⇔ f_l = f_m ⇔ E[update] ∝ ∇J;  f_l = f_m and f_l Γ_l = f_m Γ_m ⇒ Γ_l = Γ_m",
    assumptions={"scores": sp.And(sp.Ne(s_l, 0), sp.Ne(s_m, 0)), "f_l ≠ 0": sp.Ne(f_l, 0)},
    statement=sp.And(
        sp.Equivalent(NEUTRAL, equals(f_l, f_m), evaluate=False),
        sp.Equivalent(UNBIASED, equals(f_l, f_m), evaluate=False),
        sp.Implies(sp.And(equals(f_l, f_m), INVARIANT), equals(g_l, g_m)),
    ),
    model=EQUAL,
    drops={"scores": EQUAL | {"s_m": 0, "f_m": 2}, "f_l ≠ 0": EQUAL | {"f_l": 0, "f_m": 0, "Gamma_m": 2}},
    not_claimed="anything about weights that depend on more than the length",
)
def length_trilemma(goal: Goal) -> Theorem:
    nonzero = {th.concl.args[0].args[0]: th for th in (k.and_elim(goal.given["scores"], n) for n in range(2))}
    units = {s: k.field(mul(s, inv(s)), ONE, [nonzero[s]]) for s in map(term, (s_l, s_m))}
    equal = eq(term(f_l), term(f_m))
    out = []
    for claim in goal.claim.args:
        if claim.op == "imp":
            out.append(sizes(goal, claim))
            continue
        directions = []
        for way in claim.args:
            given = k.assume(way.args[0])
            if not k.same(way.args[1], equal):  # f_l = f_m gives the equation by substitution
                scale = factor(way.args[1])
                directions.append(k.imp_intro(way.args[0], k.linear(*way.args[1].args, [given], [scale])))
            elif way.args[0].args[1] is ZERO or way.args[0].args[0] is ZERO:
                directions.append(k.imp_intro(way.args[0], k.linear(*equal.args, [given], [num(2)])))
            else:
                (x, u), (y, v) = units.items()
                gap = term(f_l - f_m)
                cofactors = [mul(num(16), inv(x), inv(y)), mul(MINUS, gap, y, inv(y)), mul(MINUS, gap)]
                directions.append(k.imp_intro(way.args[0], k.linear(*equal.args, [given, u, v], cofactors)))
        out.append(k.and_intro(directions))
    return conjunction(goal.claim, *out)


def factor(claim: Term) -> Term:
    """The coefficient of f_l - f_m in the equation."""
    return term(half) if claim.args[1] is ZERO or claim.args[0] is ZERO else term(s_l * s_m / 16)


def sizes(goal: Goal, claim: Term) -> Theorem:
    """f_l (Γ_l - Γ_m) = 0."""
    both = [k.and_elim(k.assume(claim.args[0]), n) for n in range(2)]
    same = next(th for th in both if th.concl.args[0] is term(f_l) and th.concl.args[1] is term(f_m))
    given = next(th for th in both if th is not same)
    scale = inv(term(f_l))
    unit = k.field(mul(term(f_l), scale), ONE, [goal.given["f_l ≠ 0"]])
    # Γ_l - Γ_m = [f_l Γ_l - f_m Γ_m + (f_m - f_l) Γ_m]/f_l
    cofactors = [scale, mul(MINUS, scale, term(g_m)), term(g_m - g_l)]
    return k.imp_intro(claim.args[0], k.linear(*claim.args[1].args, [given, same, unit], cofactors))
