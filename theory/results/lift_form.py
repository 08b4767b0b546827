"""The form of a row of Table 1 that the `lossproof.lift` theorems speak of: the weight of a token, for every G and length.

g[i,t] = κ_i A_i S_{i,t} / D - p_{i,t}, with A_i = r_i - mean r; κ_i what α_i has that no reward is in (1, 1/G,
1/(G |o_i|), 1/Σ|o|, 1/(G T), ...); D = 1, or σ(r) + ε with any ddof < G; S_{i,t} = `up` where A_i > 0 and `down`
elsewhere, two numbers without a reward in them: a ratio and its clip, be it of tokens or of sequences; p the pull of a
regulariser. On policy S = 1, and p = 0 for k2 and k3; a factor C is then any number that is the same for all
completions, 1/σ(r) and 1/Σ|o| included.
"""

from typing import Any

import sympy as sp

from theory.decide import Goal
from theory.fontana2026.reward_gradient import G, advantage, i, j, n, phi, r, rewards, t
from theory.fontana2026.reward_scale import ddof, sigma, square_sum
from theory.kernel import Term, Theorem, and_elim, integer
from theory.kernel.terms import ZERO, lt
from theory.language import ForAll, equals, family, integers, reals, term
from theory.tactics.members import first_and_others, lengths_positive

C, c, epsilon = reals("C c epsilon")
m = integers("m")
kappa, up, down, pull = (family(name) for name in ("kappa", "up", "down", "p"))
A = advantage(rewards())

SOME = {"a group has a member": G >= 1}
PAIR = {"two members": G >= 2}
FACTOR = {"C is not 0": sp.Ne(C, 0)}
ONE_SUCCESS = {"only the first has a reward": sp.And(equals(r(1), 1), ForAll(i, 2, G, equals(r(i), 0)))}
SHORT_FIRST = {"the first has one token, the others two": sp.And(equals(n(1), 1), ForAll(i, 2, G, equals(n(i), 2)))}


def over_group(f: Any) -> sp.Expr:
    return sp.Sum(f, (i, 1, G))


def weight_at(a: sp.Expr, divisor: Any = 1, beside: Any = None) -> sp.Expr:
    """g[i,t] where A_i = a; `beside`: the pull of a regulariser."""
    side = sp.Piecewise((up(i, t), a > 0), (down(i, t), True))
    return kappa(i) * a * side / divisor - (beside(i, t) if beside else 0)


def weight(of: Any, divisor: Any = 1, beside: Any = None) -> sp.Expr:
    """g[i,t] for the rewards i -> of(i)."""
    return weight_at(advantage(of), divisor, beside)


def spread(of: Any) -> sp.Expr:
    """D = σ(r) + ε."""
    return sigma(of) + epsilon


def shifted(at: Any) -> sp.Expr:
    """The rewards r + c."""
    return r(at) + c


BELOW = {"ddof is below G": sp.And(ddof >= 0, ddof < G)}
DIFFER = {"rewards are not all equal": square_sum(rewards()) > 0}  # lossproof.lift.spread_positive
EPSILON = {"ε is not negative": epsilon >= 0}


def spread_is_positive(goal: Goal) -> Theorem:
    """0 < σ(r) + ε, for ddof < G, rewards that differ and ε >= 0."""
    goal.know(integer(goal.prove(lt(term(ddof), term(G)))))
    above = goal.arith(lt(ZERO, term(G - ddof)))
    goal.know(above)
    root = goal.sqrt_positive(term(square_sum(rewards()) / (G - ddof)))
    goal.know(root)
    whole = goal.arith(lt(ZERO, term(spread(rewards()))))
    goal.know(whole)
    goal.define(above, root, whole)
    return whole


def sum_of(goal: Goal, total: Term, *names: str, count: int = 1) -> Theorem:
    """A sum over the group, by the assumptions that say what the first `count` members are and what all others are."""
    facts = [and_elim(goal.given[name], at) for name in names for at in range(len(goal.given[name].concl.args))]
    first = [th for th in facts if th.concl.op == "eq"]
    return first_and_others(goal, total, first, [th for th in facts if th.concl.op == "all"], count)


def sum_of_rewards(goal: Goal, *names: str, count: int = 1) -> Theorem:
    return sum_of(goal, term(over_group(r(i))), *names, count=count)


def have_tokens(goal: Goal) -> None:
    """Every |o_i| is at least 1: for the check that 1/|o_i| is defined."""
    given = goal.given[next(iter(SHORT_FIRST))]
    facts = [and_elim(given, at) for at in range(2)]
    first, others = sorted(facts, key=lambda th: th.concl.op == "all")
    lengths = lengths_positive(goal, "n", term(G), first, others)
    goal.know(lengths)
    goal.define(lengths)


__all__ = [
    "A", "BELOW", "C", "DIFFER", "EPSILON", "FACTOR", "G", "ONE_SUCCESS", "PAIR", "SHORT_FIRST", "SOME", "advantage", "c",
    "ddof", "down", "epsilon", "have_tokens", "i", "j", "kappa", "m", "n", "over_group", "phi", "pull", "r", "rewards",
    "shifted", "sigma", "spread", "spread_is_positive", "square_sum", "sum_of", "sum_of_rewards", "t", "up", "weight",
    "weight_at",
]  # fmt: skip
