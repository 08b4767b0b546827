"""Appendix A, Eq. 7 and 8: the value of the surrogate where clipping does not act, and on policy.

E is a finite sum over outcomes w = 1..N with weights p(w). An outcome is a sampled group: its rewards r(w, i), lengths
n(w, i) = |o_i|, token ratios rho(w, i, t), token weights and regulariser R(w). N, G and all lengths are symbolic, and
nothing needs the weights p(w) to be probabilities. `omega` is the weight of Eq. 7, and omega/G the ω̃ of Eq. 8.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, le, lt, mul, sub
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, formula, int_family, integers, maximum, minimum, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import Context, atoms, instantiate
from theory.tactics.logic import by_branches, impossible
from theory.tactics.prefix import follow
from theory.tactics.surrogate import everywhere, under_sums

N, G, w, i, j, t, m = integers("N G w i j t m")
beta, eps_low, eps_up, a, s = reals("beta eps_low eps_up a s")
p, r, A, R, omega, rho = (family(x) for x in ("p", "r", "A", "R", "omega", "rho"))
n = int_family("n")


def expectation(f: sp.Expr) -> sp.Expr:
    return sp.Sum(p(w) * f, (w, 1, N))


def over_group(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, G))


def over_tokens(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (t, 1, n(w, i)))


def for_tokens(claim: sp.Basic) -> sp.Basic:
    return ForAll(w, 1, N, ForAll(i, 1, G, ForAll(t, 1, n(w, i), claim)))


def clipped_surrogate(ratio: sp.Expr, advantage: sp.Expr) -> sp.Expr:
    """min(s A, clip(s, 1-ε_low, 1+ε_up) A) of Eq. 1."""
    return minimum(ratio * advantage, minimum(maximum(ratio, 1 - eps_low), 1 + eps_up) * advantage)


def unclipped(ratio: sp.Expr, advantage: sp.Expr) -> sp.Basic:
    """Not in R_clip of Eq. 28: the ratio has not left the clip range on the side that the advantage favours."""
    return sp.And(sp.Implies(advantage > 0, ratio <= 1 + eps_up), sp.Implies(advantage < 0, ratio >= 1 - eps_low))


token_surrogate = clipped_surrogate(rho(w, i, t), A(w, i))
eq1 = expectation(over_group(over_tokens(omega(w, i, t) / G * token_surrogate)) - beta * R(w))
eq7 = expectation(over_group(A(w, i) * over_tokens(omega(w, i, t) * rho(w, i, t))) / G - beta * R(w))
NOT_CLIPPED = "no token has left the clip range on the side that its advantage favours"
A_GROUP = {"N": 1, "G": 2, "p": [1], "n": [[1, 2]], "A": [["1/2", "-1/2"]], "beta": "1/10", "R": [3]}
A_GROUP |= {"omega": [[[1], ["1/2", "1/2"]]], "eps_low": "1/5", "eps_up": "1/5"}
WITHIN = {"rho": [[["11/10"], ["9/10", 2]]]}  # a ratio of 2 is not clipped where A < 0


def arithmetic(ctx: Context, goal: Term) -> Theorem:
    """An inequality, from linear facts, or because they contradict each other."""
    try:
        return ctx.arith(goal)
    except Refused:
        return impossible(ctx, goal)


def first_branch() -> Theorem:
    """min(s a, clip(s) a) = s a outside R_clip: there s <= clip(s) if a > 0, and clip(s) <= s if a < 0."""
    claim, outside = formula(equals(clipped_surrogate(s, a), s * a)), formula(unclipped(s, a))
    ratio, advantage, clip = map(term, (s, a, minimum(maximum(s, 1 - eps_low), 1 + eps_up)))
    ctx, first = Context([k.assume(outside)]), le(mul(ratio, advantage), mul(clip, advantage))
    signs = []
    for sign, order in ((lt(advantage, ZERO), le(clip, ratio)), (lt(ZERO, advantage), le(ratio, clip))):
        ordered = by_branches(follow(ctx.assuming(sign)), order, arithmetic)
        signs.append(k.sos(first, [(Fraction(1), ONE, [ordered, k.assume(sign)])], [], []))
    tie = k.sos(first, [], [k.assume(eq(advantage, ZERO))], [sub(clip, ratio)])
    below = k.trichotomy(advantage, ZERO, signs[0], tie, signs[1])
    return k.restate(k.if_(below, *below.concl.args), claim)


def first_branch_at_tokens(goal: Goal, outside: Callable[[Context, Term, tuple[Term, ...]], Theorem]) -> Theorem:
    """min(..) = ρ A at all tokens, from a proof for each that it is outside R_clip."""
    lemma = first_branch()

    def at_token(ctx: Context, claim: Term) -> Theorem:
        ratio, advantage = (next(x for x in atoms(claim) if x.op == "app" and x.args[0] == f) for f in ("rho", "A"))
        here = instantiate(lemma, {term(s): ratio, term(a): advantage})
        (condition,) = here.hyps
        return k.restate(k.cut(outside(ctx, condition, ratio.args[2:]), here), claim)

    return everywhere(goal, formula(for_tokens(equals(token_surrogate, rho(w, i, t) * A(w, i)))), at_token)


@proposition(
    "fontana2026.eq7",
    title="where no token is clipped, Eq. 1 with s = ρ and α = ω/G is Eq. 7",
    source="Appendix A, Eq. 7",
    printed="J = E[ (1/G) Σ_i ( A_i Σ_t ω_{i,t} ρ_{i,t} ) - β R ] (clipping ignored)",
    assumptions={
        "a group has a member": G >= 1,
        NOT_CLIPPED: for_tokens(unclipped(rho(w, i, t), A(w, i))),
    },
    statement=equals(eq1, eq7),
    model=A_GROUP | WITHIN,
    drops={
        "a group has a member": A_GROUP | WITHIN | {"G": 0},
        NOT_CLIPPED: A_GROUP | {"rho": [[["13/10"], [1, 1]]]},
    },
    hints={"rho": "ratio"},
    not_claimed="that clipping may be ignored: beyond the bounds the two differ",
)
def eq7_from_eq1(goal: Goal) -> Theorem:
    """Token by token, min takes its first argument; then both sides are the same sum."""
    left, right = goal.claim.args
    outside = goal.given[NOT_CLIPPED]
    tokens = first_branch_at_tokens(goal, lambda ctx, condition, indices: ctx.at(outside, *indices))
    return goal.equal(left, right, under_sums(goal, left, tokens))


weight, alpha, ratio, advantage = reals("omega alpha rho A")  # of one token
OMEGA = "Eq. 7: (1/G) A_i ω_{i,t} ρ_{i,t}; Eq. 1: α_{i,t} s_{i,t} A_i with s = ρ; Eq. 18: ω_{i,t} = α_{i,t} s_{i,t}"

refuted(
    "fontana2026.eq7.omega",
    title="the ω of Eq. 7 is the ω = α s of Eq. 18",
    source="Appendix A, Eq. 7 against Eq. 1 and Eq. 18",
    printed=OMEGA,
    assumptions={"a group has a member": G >= 1, "ratios are positive": ratio > 0},
    statement=equals(alpha * ratio * advantage, advantage * (alpha * ratio) * ratio / G),
    witness={"G": 2, "alpha": 1, "rho": 1, "A": 1},
    module=__name__,
    repair="fontana2026.eq7.omega.repaired",
    finding="A token with α = 1, s = ρ = 1, A = 1 adds 1 to Eq. 1; in a group of G = 2, Eq. 7 with Eq. 18's ω = α s = "
    "1 adds 1/2. Off policy it would also count the ratio twice: Eq. 7 needs ω = G α, so the symbol has two meanings.",
)


@proposition(
    "fontana2026.eq7.omega.repaired",
    title="Eq. 7 gives a token the value that Eq. 1 gives it if and only if its ω is G α",
    source="Appendix A, Eq. 7 against Eq. 1 and Eq. 18",
    printed=OMEGA,
    assumptions={"a group has a member": G >= 1, "ratios are positive": ratio > 0, "an advantage": sp.Ne(advantage, 0)},
    statement=sp.Equivalent(
        equals(alpha * ratio * advantage, advantage * weight * ratio / G), equals(weight, G * alpha), evaluate=False
    ),
    model={"G": 2, "rho": "3/2", "A": "1/2", "alpha": "1/2", "omega": 1},
    drops={
        "a group has a member": {"G": 0, "rho": 1, "A": 1, "alpha": 1, "omega": 0},
        "ratios are positive": {"G": 1, "rho": 0, "A": 1, "alpha": 1, "omega": 0},
        "an advantage": {"G": 1, "rho": 1, "A": 0, "alpha": 1, "omega": 0},
    },
)
def omega_is_g_alpha(goal: Goal) -> Theorem:
    """Right to left: insert. Left to right: divide by A ρ / G, which is not zero."""
    same_weight = formula(equals(weight, G * alpha))
    out = []
    for implication in goal.claim.args:
        known, (left, right) = k.assume(implication.args[0]), implication.args[1].args
        if same(known.concl, same_weight):
            th = goal.equal(left, right, known)
        else:
            factor = term(-G / (advantage * ratio))
            rest = goal.equal(sub(sub(left, right), mul(factor, sub(*known.concl.args))), ZERO)
            th = k.linear(left, right, [known, rest], [factor, ONE])
        out.append(k.imp_intro(known.concl, th))
    return k.and_intro(out)


on_policy = for_tokens(equals(rho(w, i, t), 1))
Omega_i = over_tokens(omega(w, i, t) / G)
eq8 = expectation(over_group(A(w, i) * Omega_i) - beta * R(w))


@proposition(
    "fontana2026.eq8",
    title="on policy Eq. 7 is E[Σ A_i Ω_i - β R], with ω̃ = ω/G",
    source="Appendix A, Eq. 8",
    printed="J = E[ Σ_i A_i Ω_i - β R ], Ω_i = Σ_t ω̃_{i,t} (ρ = 1)",
    assumptions={"a group has a member": G >= 1, "on policy": on_policy},
    statement=equals(eq7, eq8),
    model=A_GROUP | {"rho": [[[1], [1, 1]]]},
    drops={
        "a group has a member": A_GROUP | {"rho": [[[1], [1, 1]]], "G": 0},
        "on policy": A_GROUP | {"rho": [[[2], [1, 1]]]},
    },
    not_claimed="that ω̃ is the ω of Eq. 7: it is ω/G",
)
def eq8_on_policy(goal: Goal) -> Theorem:
    left, right = goal.claim.args
    return goal.equal(left, right, under_sums(goal, left, goal.given["on policy"]))


@proposition(
    "fontana2026.eq8.clipped",
    title="on policy the same holds for Eq. 1 itself, min and clip included",
    source="Appendix A, Eq. 8, from Eq. 1",
    printed="J = E[ Σ_i A_i Ω_i - β R ], Ω_i = Σ_t ω̃_{i,t} (ρ = 1)",
    assumptions={
        "on policy": on_policy,
        "the clip range contains 1 (low)": eps_low >= 0,
        "the clip range contains 1 (up)": eps_up >= 0,
    },
    statement=equals(eq1, eq8),
    model=A_GROUP | {"rho": [[[1], [1, 1]]]},
    drops={
        "on policy": A_GROUP | {"rho": [[["11/10"], [1, 1]]]},
        "the clip range contains 1 (low)": A_GROUP | {"rho": [[[1], [1, 1]]], "eps_low": "-1/5"},
        "the clip range contains 1 (up)": A_GROUP | {"rho": [[[1], [1, 1]]], "eps_up": "-1/5"},
    },
)
def eq8_from_eq1(goal: Goal) -> Theorem:
    """A ratio of 1 lies within the clip range, so min takes its first argument."""
    on = goal.given["on policy"]

    def outside(ctx: Context, condition: Term, indices: tuple[Term, ...]) -> Theorem:
        return ctx.with_facts(ctx.at(on, *indices)).prove(condition)

    left, right = goal.claim.args
    return goal.equal(left, right, under_sums(goal, left, first_branch_at_tokens(goal, outside), on))
