"""Who influences whose weight, at every G: nobody another's log-probabilities; and who changes places takes the weight along.

Statement   With ratios of the own tokens, of the own sequence (their product) or its geometric mean, (1) the weight of
            completion i stays the same when log-probabilities of other completions change; (2) the mean, σ(r) and Σ|o| do
            not change when two neighbours change places, so that κ_i A_i/(σ(r) + ε) does with them.
Place       Our own.
Hypotheses  (1) the log-probabilities of completion i are the same; (2) two neighbours of the group change places.
Proof       (1) equals for equals under the sum over the own tokens; (2) sums split around the two.
Not claimed (2) for other permutations at once: neighbours' exchanges make all of them.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, same, subst
from theory.kernel.terms import ONE, ZERO, le, lt
from theory.language import ForAll, equals, family, int_family, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import Context
from theory.tactics.adam import congruence
from theory.tactics.logic import conjunction
from theory.tactics.logic import swapped as back
from theory.tactics.members import chain, exchanged_neighbours
from theory.tactics.prefix import plain, put

from .lift_form import BELOW, DIFFER, EPSILON, G, advantage, ddof, epsilon, i, j, m, n, r

u = integers("u")
x = reals("x")
logp, old, other_logp, other_old = (family(name) for name in ("logp", "logold", "logp_", "logold_"))


def step(new: Any, before: Any) -> sp.Expr:
    return sp.Sum(new(i, u) - before(i, u), (u, 1, n(i)))


def ratios(new: Any, before: Any, t: Any) -> tuple[sp.Expr, ...]:
    """I, Π_t I and (Π_t I)^(1/|o_i|)."""
    return sp.exp(new(i, t) - before(i, t)), sp.exp(step(new, before)), sp.exp(step(new, before) / n(i))


t = integers("t")
OWN = {
    "the own log-probabilities stay": ForAll(
        u, 1, n(i), sp.And(equals(other_logp(i, u), logp(i, u)), equals(other_old(i, u), old(i, u)))
    ),
    "t is a token": sp.And(1 <= t, t <= n(i)),
}
CASE: dict[str, Any] = {
    "i": 1, "t": 1, "n": [1, 1], "logp": [[0], [0]], "logold": [[0], [0]], "logp_": [[0], [1]], "logold_": [[0], [1]],
}  # fmt: skip


@proposition(
    "lossproof.lift.sample_local",
    title="for every G, ratios of tokens, of sequences and their geometric means do not depend on other completions",
    source="our own",
    printed="I_{i,t}, Π_t I_{i,t} and (Π_t I_{i,t})^(1/|o_i|) are the same where the log-probabilities of completion i are",
    statement=sp.And(*(equals(a, b) for a, b in zip(ratios(other_logp, other_old, t), ratios(logp, old, t), strict=True))),
    assumptions=OWN,
    model=CASE,
    drops={
        "the own log-probabilities stay": CASE | {"logp_": [[1], [1]]},
        "t is a token": CASE
        | {"t": 2, "logp_": [[0, 1], [1, 1]], "logp": [[0, 0], [0, 0]], "logold": [[0, 0], [0, 0]], "logold_": [[0, 0], [0, 0]]},
    },
    not_claimed="anything for clips or masks that look at other completions",
)
def sample_local(goal: Goal) -> Theorem:
    stays = goal.given["the own log-probabilities stay"]
    at_token = goal.at(stays, term(t))
    token = goal.equal(
        term(other_logp(i, t) - other_old(i, t)), term(logp(i, t) - old(i, t)), *(k.and_elim(at_token, s) for s in (0, 1))
    )
    member = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, member), le(member, term(n(i))))
    here = inside.at(stays, member)
    f, g = (subst(term(a(i, u) - b(i, u)), {term(u): member}) for a, b in ((other_logp, other_old), (logp, old)))
    whole = k.sum_congr(member, ONE, term(n(i)), inside.equal(f, g, *(k.and_elim(here, s) for s in (0, 1))))
    parts = [congruence(token, term(x), term(sp.exp(x))), congruence(whole, term(x), term(sp.exp(x)))]
    parts.append(congruence(whole, term(x), term(sp.exp(x / n(i)))))
    goal.define(goal.prove(le(ONE, term(n(i)))))
    return conjunction(goal.claim, *parts)


r_, n_ = family("r_"), int_family("n_")
h = family("h")


def swapped(new: Any, before: Any) -> sp.Basic:
    """`new` is `before` with m and m + 1 exchanged."""
    same = equals(new(j), before(j))
    return sp.And(
        equals(new(m), before(m + 1)), equals(new(m + 1), before(m)), ForAll(j, 1, m - 1, same), ForAll(j, m + 2, G, same)
    )


def over_group(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, G))


def squares(of: Any) -> sp.Expr:
    return over_group(advantage(of) ** 2)


def whole_weight(of: Any, lengths: Any, at: Any) -> sp.Expr:
    """h(|o_i|, Σ|o|) A_i/(σ(r) + ε)."""
    own = of(at) - sp.Sum(of(j), (j, 1, G)) / G
    return h(lengths(at), over_group(lengths(i))) * own / (sp.sqrt(squares(of) / (G - ddof)) + epsilon)


CHANGES = ("the rewards change places", "the lengths change places")
PLACES: dict[str, Any] = {
    "G": 2, "m": 1, "ddof": 0, "epsilon": 0, "r": [1, 0], "r_": [0, 1], "n": [1, 2], "n_": [2, 1],
    "h": lambda length, total: length,
}  # fmt: skip


@proposition(
    "lossproof.lift.permutation_equivariant",
    title="for every G, two neighbours that change places take their weights along, for any α of |o_i|, Σ|o| and σ(r) + ε",
    source="our own",
    printed="r', |o'| with m and m + 1 exchanged: h(|o'_m|, Σ|o'|) A'_m/(σ(r') + ε) = h(|o_{m+1}|, Σ|o|) A_{m+1}/(σ(r) + ε)",
    statement=sp.And(
        equals(over_group(n_(i)), over_group(n(i))),
        equals(squares(r_), squares(r)),
        equals(whole_weight(r_, n_, m), whole_weight(r, n, m + 1)),
        equals(whole_weight(r_, n_, m + 1), whole_weight(r, n, m)),
    ),
    assumptions={"m and m + 1 are members": sp.And(1 <= m, m < G)}
    | BELOW
    | DIFFER
    | EPSILON
    | {"the rewards change places": swapped(r_, r), "the lengths change places": swapped(n_, n)},
    model=PLACES,
    drops={
        "m and m + 1 are members": UNNEEDED,
        "ddof is below G": PLACES | {"ddof": 2},
        "rewards are not all equal": PLACES | {"r": [1, 1], "r_": [1, 1]},
        "ε is not negative": UNNEEDED,
        "the rewards change places": PLACES | {"r_": [1, 1]},
        "the lengths change places": PLACES | {"n_": [1, 1]},
    },
    not_claimed="other permutations at once: exchanges of neighbours make all of them",
)
def permutation_equivariant(goal: Goal) -> Theorem:
    ctx = plain(goal)
    ctx.know(*(k.integer(ctx.prove(lt(term(a), term(G)))) for a in (m, ddof)))
    ctx.know(*(ctx.arith(lt(ZERO, term(a))) for a in (G, G - ddof)))
    lengths = total(goal, ctx, n_(i), n(i), "the lengths change places")
    sums = [total(goal, ctx, r_(i) ** power, r(i) ** power, "the rewards change places") for power in (1, 2)]
    squares_ = ctx.equal(term(squares(r_)), term(squares(r)), *sums)
    positive = goal.given["rewards are not all equal"]
    variance = ctx.prove(le(ZERO, term(squares(r) / (G - ddof))))
    ctx.know(ctx.sqrt_positive(variance.concl.args[1]))
    whole = ctx.arith(lt(ZERO, term(spread_of(squares(r)))))
    ctx.know(positive, variance, whole)
    goal.define(*(th for th in ctx.facts if th.concl.op in ("lt", "le")))
    for fact, template in ((whole, lt(ZERO, term(spread_of(x)))), (variance, le(ZERO, term(x / (G - ddof))))):
        goal.define(k.rewrite(back(squares_), fact, term(x), template))  # as defined for r' as for r
    parts = [lengths, squares_]
    for at, other in ((m, m + 1), (m + 1, m)):
        left, right = term(whole_weight(r_, n_, at)), term(whole_weight(r, n, other))
        own = [equation for name in CHANGES for equation in places(goal, name) if is_at(equation, at)]
        th = k.linear(left, left, [], [])
        for value in (squares_, lengths, *own):
            th = put(value, th)
        parts.append(chain(th, ctx.equal(th.concl.args[1], right, *sums)))
    return conjunction(goal.claim, *parts)


def spread_of(of_squares: sp.Expr) -> sp.Expr:
    return sp.sqrt(of_squares / (G - ddof)) + epsilon


def places(goal: Goal, name: str) -> list[Theorem]:
    return [k.and_elim(goal.given[name], at) for at in range(4)]


def is_at(th: Theorem, index: sp.Expr) -> bool:
    """Whether an equation says what the new value at this index is."""
    return th.concl.op == "eq" and same(th.concl.args[0].args[2], term(index))


def total(goal: Goal, ctx: Context, new: sp.Expr, before: sp.Expr, name: str) -> Theorem:
    """Σ new = Σ before."""
    first, second = term(over_group(new)), term(over_group(before))
    facts, member = places(goal, name), goal.fresh(goal.claim)

    def value(inside: Context, index: Term, target: Term, fact: Theorem) -> Theorem:
        return inside.equal(subst(term(new), {term(i): index}), subst(term(before), {term(i): target}), fact)

    here, there = (next(th for th in facts if is_at(th, at)) for at in (m, m + 1))
    spans = []
    for lo, hi in ((ONE, term(m - 1)), (term(m + 2), term(G))):
        inside = ctx.assuming(le(lo, member), le(member, hi))
        (fact,) = (th for th in facts if th.concl.op == "all" and same(th.concl.args[1].args[0].args[1].args[1], hi))
        spans.append(k.sum_congr(member, lo, hi, value(inside, member, member, inside.at(fact, member))))
    ends = value(ctx, term(m), term(m + 1), here), value(ctx, term(m + 1), term(m), there)
    return exchanged_neighbours(ctx, first, second, term(m), *ends, *spans)
