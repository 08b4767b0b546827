"""Section 4, Eq. 17 and 18: ∇log π_θ on a prefix that several completions share, and the gradient there.

Both hold. Eq. 17 is derived from what a shared prefix is: the same tokens lead to the same node of the token tree,
where the same token has one probability. Eq. 18 needs the prefix's tokens in the unclipped branch of Eq. 13, as Eq.
15 does.

Gradients are taken in one real coordinate theta; s = kappa exp(logpi) as in Eq. 12. `b` is the indicator of G̃, the
completions that share the prefix.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, add, app, eq, le
from theory.kernel.theorem import same
from theory.language import ForAll, derivative, equals, family, formula, int_family, integers, term
from theory.proposition import proposition
from theory.tactics import Context, atoms, discharge, instantiate
from theory.tactics.logic import swapped, with_slope
from theory.tactics.order import zero_or_one
from theory.tactics.prefix import Known, clipped_token, differentiate, exchange, opened, put, substituted

from .prefix_gradient import A, G, alpha, cut, i, kappa, logpi, low, score, surrogate, t, theta, up

j = integers("j")
node, child, y = (int_family(name) for name in ("node", "child", "y"))
omega, b = family("omega"), family("b")

# -- Eq. 17 ------------------------------------------------------------------------------------------------------------

SHARED_TOKENS = "the completions share their first k tokens"


def log_prob(completion: sp.Symbol) -> sp.Expr:
    """log π_θ of token t of a completion: of that token at the node of the token tree that the tokens before it lead
    to.
    """
    return logpi(node(completion, t), y(completion, t), theta)


def gradient(completion: sp.Symbol) -> sp.Expr:
    return score(node(completion, t), y(completion, t), theta)


TWO_SHARING = {
    "theta": 1, "i": 1, "j": 2, "k": 2, "y": [[1, 2, 1], [1, 2, 2]], "node": [[1, 2], [1, 2]],
    "child": lambda node, token: 2, "logpi": lambda node, token, theta: theta * (node + token),
    "score": lambda node, token, theta: node + token,
}  # fmt: skip


@proposition(
    "fontana2026.eq17",
    title="on a shared prefix ∇log π_θ of a token is the same for every completion that shares it",
    source="Section 4, Eq. 17",
    printed="∇log π_θ(y_{i,t}|x,y_{i,<t}) = ∇log π_θ(y_{j,t}|x,y_{j,<t}) for t ≤ k",
    assumptions={
        "both answer the same prompt": equals(node(i, 1), node(j, 1)),
        "a node and a token determine the next node": ForAll(
            t, 1, cut - 1, sp.And(*(equals(node(c, t + 1), child(node(c, t), y(c, t))) for c in (i, j)))
        ),
        SHARED_TOKENS: ForAll(t, 1, cut, equals(y(i, t), y(j, t))),
        "log π_θ is differentiable": ForAll(t, 1, cut, derivative(log_prob(j), theta, gradient(j))),
    },
    statement=ForAll(t, 1, cut, derivative(log_prob(i), theta, gradient(j))),
    model=TWO_SHARING,
    drops={
        "both answer the same prompt": TWO_SHARING | {"node": [[3, 2], [1, 2]]},
        "a node and a token determine the next node": TWO_SHARING | {"node": [[1, 3], [1, 2]]},
        SHARED_TOKENS: TWO_SHARING | {"y": [[1, 3, 1], [1, 2, 2]]},
        "log π_θ is differentiable": TWO_SHARING | {"score": lambda node, token, theta: 0},
    },
    not_claimed="anything about dropout or other noise in the forward pass, which would make π_θ depend on more than the prefix",
)
def eq17(goal: Goal) -> Theorem:
    """By induction on t the prefixes lead to the same node; then it is the same token at the same node."""
    m, last, (c, d) = var("m", "Z"), term(cut), map(term, (i, j))
    start, walk, tokens, differentiable = goal.given.values()

    def node_of(completion: Term, place: Term) -> Term:
        return app("node", completion, place, sort="Z")

    nodes = eq(node_of(c, m), node_of(d, m))
    more, ih = k.assume(le(add(m, ONE), last)), k.assume(mk("imp", le(m, last), nodes))
    inside = goal.with_facts(more, k.assume(le(ONE, m)))
    here = k.imp_elim(ih, inside.prove(le(m, last)))
    steps, token = inside.at(walk, m), inside.at(tokens, m)
    left, right = (
        k.and_elim(steps, n) for e in (c, d) for n, p in enumerate(steps.concl.args) if same(p.args[0], node_of(e, add(m, ONE)))
    )
    moved = put(token, put(here, left))  # node(i, m+1) = child(node(j, m), y(j, m))
    onward = k.linear(*subst(nodes, {m: add(m, ONE)}).args, [moved, right], [ONE, k.num(-1)])
    induction = k.induct(m, ONE, ih.concl, k.imp_intro(le(ONE, last), start), k.imp_intro(more.concl, onward))
    v = goal.fresh(goal.claim)
    within = mk("and", le(ONE, v), le(v, last))
    inside = goal.assuming(within)
    same_node = k.imp_elim(discharge(instantiate(induction, {m: v}), inside.facts), inside.prove(le(v, last)))
    th = put(swapped(inside.at(tokens, v)), put(swapped(same_node), inside.at(differentiable, v)))
    return k.all_intro(v, k.imp_intro(within, th))


# -- Eq. 18 ------------------------------------------------------------------------------------------------------------

SHARED = kappa(i, t) * sp.exp(logpi(t, theta))  # Eq. 17: one log π_θ per shared token, for all that share it
IN_PREFIX = "the tokens of the prefix are in the unclipped branch of Eq. 13"
INDICATOR = "b is the indicator of G̃"
PREFIX = {
    INDICATOR: ForAll(i, 1, G, equals(b(i) ** 2, b(i))),
    "log π_θ is differentiable": ForAll(t, 1, cut, derivative(logpi(t, theta), theta, score(t, theta))),
    IN_PREFIX: ForAll(
        i,
        1,
        G,
        sp.Implies(
            equals(b(i), 1),
            ForAll(t, 1, cut, sp.And(sp.Implies(A(i) > 0, SHARED < 1 + up), sp.Implies(A(i) < 0, SHARED > 1 - low))),
        ),
    ),
    "Eq. 18: ω = α s": ForAll(i, 1, G, ForAll(t, 1, cut, equals(omega(i, t), alpha(i, t) * SHARED))),
}
SHARING = {
    "theta": 0, "G": 3, "k": 1, "t": 1, "b": [1, 1, 0], "A": [1, 2, -3], "alpha": [[1], [2], [1]],
    "kappa": [[1], [1], [5]], "omega": [[1], [2], [5]], "logpi": lambda t, theta: theta, "score": lambda t, theta: 1,
    "epsilon_low": "1/5", "epsilon_up": "1/5",
}  # fmt: skip
SHARING_DROPS = {
    INDICATOR: SHARING | {"b": [1, 1, 2], "kappa": [[1], [1], ["1/2"]], "omega": [[1], [2], ["1/2"]]},
    "log π_θ is differentiable": SHARING | {"score": lambda t, theta: 2},
    IN_PREFIX: SHARING | {"kappa": [[2], [1], [5]], "omega": [[2], [2], [5]]},
    "Eq. 18: ω = α s": SHARING | {"omega": [[1], [1], [5]]},
}


def shared_part(last: sp.Expr) -> sp.Expr:
    """The terms of Eq. 1 for the tokens 1..last of the completions in G̃."""
    return sp.Sum(b(i) * alpha(i, t) * surrogate(SHARED, A(i)), (t, 1, last), (i, 1, G))


def shared_token() -> sp.Expr:
    """The terms of Eq. 1 for token t of the completions in G̃."""
    return sp.Sum(b(i) * alpha(i, t) * surrogate(SHARED, A(i)), (i, 1, G))


def shared_tokens(goal: Goal) -> Known:
    """For `differentiate`: the slope of b α min(..) at each token of the prefix, for b = 0 and for b = 1."""
    summand = b(i) * alpha(i, t) * surrogate(SHARED, A(i))
    claim = formula(derivative(summand, theta, b(i) * alpha(i, t) * A(i) * SHARED * score(t, theta)))
    inner = derivative(surrogate(SHARED, A(i)), theta, A(i) * SHARED * score(t, theta))

    def known(ctx: Context, part: Term) -> list[Theorem]:
        weight = next((f for f in atoms(part) if f.op == "app" and f.args[0] == "alpha"), None)
        if weight is None:
            return []
        place = dict(zip((term(i), term(t)), weight.args[2:], strict=True))
        member, whole = subst(term(b(i)), place), subst(claim, place)

        def by_membership(ctx: Context, value: Theorem) -> Theorem:
            if value.concl.args[1] is ZERO:
                v, f, slope = opened(whole)
                return substituted([value], whole, lambda simpler: k.diff(v, opened(simpler)[1], v, []))
            here = ctx.with_facts(ctx.at(goal.given[IN_PREFIX], *place.values()))
            parts = (formula(inner), *map(term, (SHARED, A(i), 1 - low, 1 + up)))
            token = clipped_token(here, *(subst(part, place) for part in parts))
            v, f, slope = opened(whole)
            return with_slope(ctx, k.diff(v, f, v, [token]), slope)

        return [zero_or_one(ctx, member, whole, by_membership)]

    return known


@proposition(
    "fontana2026.eq18",
    title="the gradient on a shared prefix is Σ_t ∇log π_θ(y_t|·) times the sum of A_i ω_{i,t} over those that share it",
    source="Section 4, Eq. 18, under Eq. 12",
    printed="ω_{i,t} = α_{i,t} s_{i,t};  ∇J̃ = Σ_{t≤k} ∇log π_θ(y_t|·) Σ_{i∈G̃} A_i ω_{i,t}",
    assumptions=PREFIX,
    unstated=(IN_PREFIX,),
    statement=derivative(
        shared_part(cut), theta, sp.Sum(score(t, theta) * sp.Sum(b(i) * A(i) * omega(i, t), (i, 1, G)), (t, 1, cut))
    ),
    model=SHARING,
    drops=SHARING_DROPS,
    not_claimed="that this is all that happens to π_θ on the prefix: where prefixes share parameters with other "
    "tokens, as in a transformer, the rest of Eq. 16 moves it too",
    hints={"b": "binary", "epsilon_low": "unit", "epsilon_up": "unit"},
)
def eq18(goal: Goal) -> Theorem:
    """Differentiate under both sums, exchange them, and take ∇log π_θ(y_t|·), which is free of i, out of the inner
    one.
    """
    v, f, slope = opened(goal.claim)
    return regrouped(goal, differentiate(goal, v, f, shared_tokens(goal)), slope, goal.given["Eq. 18: ω = α s"])


def regrouped(ctx: Context, th: Theorem, slope: Term, *weights: Theorem) -> Theorem:
    """A derivative that is a sum over i and t, its slope as Sum_t (.. Sum_i ..), the weights of the inner sum as they
    are known.
    """
    (double,) = (part for part in atoms(th.concl.args[3]) if part.op == "sum")
    columns = exchange(ctx, double)
    bound, lo, hi, body = slope.args
    place = ctx.fresh(slope)
    inside = ctx.assuming(le(lo, place), le(place, hi))
    summand, by_token = subst(body, {bound: place}), columns.concl.args[1]
    (inner,) = (part for part in atoms(summand) if part.op == "sum")
    known = unfolded(inside, inner, place, *weights)
    at_place = inside.equal(subst(by_token.args[3], {by_token.args[0]: place}), summand, known)
    return with_slope(ctx, th, slope, columns, k.sum_congr(place, lo, hi, at_place))


def unfolded(ctx: Context, total: Term, place: Term, *weights: Theorem) -> Theorem:
    """Sum_i f = Sum_i f', by equations for all i and t of the weights in f, read at t = `place` and used one after
    the other.
    """
    bound, lo, hi, body = total.args
    member = ctx.fresh(total, place)
    inside = ctx.assuming(le(lo, member), le(member, hi))
    f = subst(body, {bound: member})
    out = k.linear(f, f, [], [])
    for fact in weights:
        out = put(inside.at(fact, member, place), out)
    return k.sum_congr(member, lo, hi, out)
