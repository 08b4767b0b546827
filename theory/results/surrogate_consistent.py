"""When the value of the surrogate does measure improvement: the counterpart of Prop. 4 of arXiv 2601.05002.

Statement   With one sequence-level ratio per completion, the same weight for all, no clipping and no regulariser, the
            expected value E[Σ_i A_i ρ_i] over groups of G draws from π_old is (G - 1) (V(θ) - V(θ_old)).
Place       Our own. It says what Prop. 4 needs: token weights that differ, or clipping, or one group instead of E.
Hypotheses  E is a sum over outcomes w = 1..N with weights p(w). The members of a group are drawn independently from
            π_old, of which two moments are used: E[r_i ρ_i] = V(θ) (importance sampling), and E[r_j ρ_i] =
            E[r_j] E[ρ_i] = V(θ_old) for i ≠ j, since a ratio has expectation 1.
Proof       exchange E and the sums over the group; of the G terms r_j ρ_i that member i meets, one has j = i.
Not claimed that the value of one group does so, nor that it holds for token-level ratios or for weights 1/|o_i|.
"""

from collections.abc import Callable

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, add, le, mul, sub, subst
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import Context
from theory.tactics.prefix import around, exchange

N, G, w, i, j = integers("N G w i j")
V, V_old = reals("V V_old")
p, r, rho = family("p"), family("r"), family("rho")


def expectation(f: sp.Expr) -> sp.Expr:
    return sp.Sum(p(w) * f, (w, 1, N))


def over_group(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, G))


# two members, two completions of probability 1/2 each under π_old, with rewards 1, 0; π_θ draws the first with 3/4
DRAWS = {
    "N": 4, "G": 2, "p": ["1/4"] * 4, "r": [[1, 1], [1, 0], [0, 1], [0, 0]], "V": "3/4", "V_old": "1/2",
    "rho": [["3/2", "3/2"], ["3/2", "1/2"], ["1/2", "3/2"], ["1/2", "1/2"]],
}  # fmt: skip


@proposition(
    "lossproof.surrogate_consistent",
    title="with sequence-level ratios, equal weights, no clip, no β, E[J] is (G - 1) times the gain in expected reward",
    source="our own",
    printed="E[ Σ_i A_i ρ_i ] = (G - 1) (V(θ) - V(θ_old))",
    assumptions={
        "there are outcomes": N >= 1,
        "a group has a member": G >= 1,
        "importance sampling": ForAll(i, 1, G, equals(expectation(r(w, i) * rho(w, i)), V)),
        "independent draws": ForAll(
            i, 1, G, ForAll(j, 1, G, sp.Implies(sp.Ne(i, j), equals(expectation(rho(w, i) * r(w, j)), V_old)))
        ),
    },
    statement=equals(expectation(over_group((r(w, i) - mean(r(w, j), j, G)) * rho(w, i))), (G - 1) * (V - V_old)),
    model=DRAWS,
    drops={
        "there are outcomes": UNNEEDED,
        "a group has a member": DRAWS | {"G": 0},
        "importance sampling": DRAWS | {"V": 1},
        "independent draws": DRAWS | {"V_old": 1},
    },
    not_claimed="that one group's value does so, nor that it holds for token-level ratios or weights 1/|o_i|",
)
def surrogate_consistent(goal: Goal) -> Theorem:
    own, other = goal.given["importance sampling"], goal.given["independent draws"]
    rewards = sp.Sum(r(w, j), (j, 1, G))

    def with_group(ctx: Context, member: Term) -> Theorem:
        """E[ρ_i Σ_j r_j] = V + (G - 1) V_old: the inner sum is split at j = i."""

        def at_member(f: sp.Expr) -> Term:
            return subst(term(f), {term(i): member})

        pairs = at_member(sp.Sum(p(w) * rho(w, i) * r(w, j), (j, 1, G), (w, 1, N)))
        met = exchanged(ctx, at_member(expectation(rho(w, i) * rewards)), pairs)
        split, below, above = around(ctx, met.concl.args[1], member)
        sides = [constant(ctx, part, lambda ctx, x: ctx.at(other, member, x)) for part in (below, above)]
        return ctx.equal(met.concl.args[0], term(V + (G - 1) * V_old), met, split, *sides, ctx.at(own, member))

    out = []
    for left, inner, member in (
        (expectation(over_group(r(w, i) * rho(w, i))), r(w, i) * rho(w, i), lambda ctx, x: ctx.at(own, x)),
        (expectation(over_group(rho(w, i)) * rewards), rho(w, i) * rewards, with_group),
    ):
        turned = exchanged(goal, term(left), term(sp.Sum(p(w) * inner, (i, 1, G), (w, 1, N))))
        out += [turned, constant(goal, turned.concl.args[1], member)]
    return goal.equal(*goal.claim.args, *out)


def exchanged(ctx: Context, left: Term, double: Term) -> Theorem:
    """left = Σ_i Σ_w f, where left is equal to the double sum Σ_w Σ_i f by expansion."""
    turned = exchange(ctx, double)
    return k.linear(left, turned.concl.args[1], [ctx.equal(left, double), turned], [ONE, ONE])


def constant(ctx: Context, s: Term, value: Callable[[Context, Term], Theorem]) -> Theorem:
    """A sum of terms of which `value` proves that all are equal to the same c: c times their number."""
    _, lo, hi, _ = s.args
    x = ctx.fresh(s)
    inside = value(ctx.assuming(le(lo, x), le(x, hi)), x)
    return ctx.equal(s, mul(inside.concl.args[1], sub(add(hi, ONE), lo)), k.sum_congr(x, lo, hi, inside))
