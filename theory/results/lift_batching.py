"""Batches at every G, for advantages that are given: 1/G and 1/Σ|o| survive a group stacked on itself, 1/Σ|o| no split in halves.

Statement   Token weights c h(|o_i|) A_i with 1/G or 1/Σ|o| before them. (1) For the group stacked on itself, the weights of
            the two copies add up to that of the group. (2) With 1/G the mean of two halves has the weights of the whole.
            (3) With 1/Σ|o|, halves of lengths 1 and 2 do not. (4) Without either, neither holds.
Place       Our own.
Hypotheses  c h A not 0 in (3), (4); a half has a member.
Proof       Σ over 2 G members, the second half shifted by G.
Not claimed anything for advantages that are computed in the batch.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, num, same, subst
from theory.kernel.ring import canon
from theory.kernel.terms import ONE, ZERO, add, le, lt, mul, sub
from theory.language import ForAll, equals, int_family, integers, reals, term
from theory.proposition import proposition
from theory.tactics import atoms
from theory.tactics.logic import conjunction
from theory.tactics.members import chain, differ
from theory.tactics.prefix import put

from .lift_form import SOME, G, i, n, over_group

w = reals("w")  # c h(|o_i|) A_i S
n_ = int_family("n_")
H = integers("H")
TOKENS = {"completions have tokens": ForAll(i, 1, G, n(i) >= 1)}
COPIES = {"the group stands twice": ForAll(i, 1, G, sp.And(equals(n_(i), n(i)), equals(n_(G + i), n(i))))}
TWICE = sp.Sum(n_(i), (i, 1, 2 * G))
STACK: dict[str, Any] = {"G": 2, "n": [1, 2], "n_": [1, 2, 1, 2], "w": 1}


def twice(goal: Goal) -> Theorem:
    """Σ over the stacked group = 2 Σ|o|."""
    whole, half = term(TWICE), term(over_group(n(i)))
    split = k.sum_split(whole, term(G), [goal.prove(le(ZERO, term(G))), goal.arith(le(term(G), term(2 * G)))])
    member = goal.fresh(goal.claim)
    upper = split.concl.args[1].args[1]
    moved = k.sum_reindex(upper, member, 1, term(G))
    inside = goal.assuming(le(ONE, member), le(member, term(G)))
    said = inside.at(goal.given["the group stands twice"], member)
    parts = [split, moved]
    for at in (member, add(term(G), member)):
        fact = next(
            k.and_elim(said, s) for s in (0, 1) if same(k.and_elim(said, s).concl.args[0], subst(term(n_(i)), {term(i): at}))
        )
        parts.append(k.sum_congr(member, ONE, term(G), fact))
    return k.linear(whole, mul(num(2), half), parts, [ONE] * 4)


@proposition(
    "lossproof.lift.duplication_invariant",
    title="for every G, with weights over G or over Σ|o| the two copies in a group stacked on itself weigh as much as the one",
    source="our own",
    printed="w/(2G) + w/(2G) = w/G;  w/Σ|o'| + w/Σ|o'| = w/Σ|o| for o' = o, o",
    statement=sp.And(equals(w / (2 * G) + w / (2 * G), w / G), equals(w / TWICE + w / TWICE, w / over_group(n(i)))),
    assumptions=SOME | TOKENS | COPIES,
    model=STACK,
    drops={
        "a group has a member": STACK | {"G": 0},
        "completions have tokens": STACK | {"n": [0, 0], "n_": [0, 0, 0, 0]},
        "the group stands twice": STACK | {"n_": [1, 2, 1, 1]},
    },
    not_claimed="anything for advantages that are computed in the batch",
)
def duplication_invariant(goal: Goal) -> Theorem:
    total = twice(goal)
    below = goal.sum_sign(term(over_group(n(i))), True)
    goal.know(below)
    goal.define(below, k.sos(lt(ZERO, term(TWICE)), [(Fraction(2), ONE, [below])], [total], [ONE]))
    parts = []
    for claim in goal.claim.args:
        left, right = claim.args
        th = k.linear(left, left, [], [])
        if term(TWICE) in atoms(left):
            th = put(total, th)
        parts.append(chain(th, goal.equal(th.concl.args[1], right)))
    return conjunction(goal.claim, *parts)


@proposition(
    "lossproof.lift.microbatch_invariant",
    title="for every even G, with weights over G the mean of two halves weighs a token as the whole does",
    source="our own",
    printed="(1/2) w/H = w/(2H)",
    statement=equals(w / H / 2, w / (2 * H)),
    assumptions={"a half has a member": H >= 1},
    model={"H": 1, "w": 1},
    drops={"a half has a member": {"H": 0, "w": 1}},
    not_claimed="anything for weights over Σ|o|",
)
def microbatch_invariant(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


NOT_ZERO = {"w is not 0": sp.Ne(w, 0)}
HALVES = {"the halves have lengths 1 and 2": sp.And(ForAll(i, 1, H, equals(n(i), 1)), ForAll(i, H + 1, 2 * H, equals(n(i), 2)))}
HALF: dict[str, Any] = {"H": 1, "n": [1, 2], "w": 1}


@proposition(
    "lossproof.lift.microbatch_invariant.fails",
    title="for every even G, weights over Σ|o| depend on the split: halves of lengths 1 and 2 give w/(2H), the whole w/(3H)",
    source="our own",
    printed="(1/2) w/Σ_{i≤H}|o_i| = w/(2H) ≠ w/(3H) = w/Σ_{i≤2H}|o_i|",
    statement=sp.Ne(w / sp.Sum(n(i), (i, 1, H)) / 2, w / sp.Sum(n(i), (i, 1, 2 * H)), evaluate=False),
    assumptions={"a half has a member": H >= 1} | NOT_ZERO | HALVES,
    model=HALF,
    drops={
        "a half has a member": HALF | {"H": 0},
        "w is not 0": HALF | {"w": 0},
        "the halves have lengths 1 and 2": HALF | {"n": [1, 1]},
    },
)
def halves_differ(goal: Goal) -> Theorem:
    parts = [k.and_elim(goal.given["the halves have lengths 1 and 2"], s) for s in (0, 1)]
    whole, member = term(sp.Sum(n(i), (i, 1, 2 * H))), goal.fresh(goal.claim)
    split = k.sum_split(whole, term(H), [goal.prove(le(ZERO, term(H))), goal.arith(le(term(H), term(2 * H)))])
    rows = []
    for total in split.concl.args[1].args:
        _, lo, hi, _ = total.args
        inside = goal.assuming(le(lo, member), le(member, hi))
        fact = next(th for th in parts if same(th.concl.args[1].args[0].args[1].args[1], hi))
        rows.append(goal.equal(total, term(H if hi is term(H) else 2 * H), k.sum_congr(member, lo, hi, inside.at(fact, member))))
    all_ = goal.equal(whole, term(3 * H), split, *rows)
    first = next(th for th in rows if same(th.concl.args[1], term(H)))
    for th in (all_, first):
        goal.define(
            k.sos(lt(ZERO, th.concl.args[0]), [(Fraction(1), ONE, [goal.prove(lt(ZERO, th.concl.args[1]))])], [th], [ONE])
        )
    factors = [num(Fraction(1, 6)), term(w), term(1 / H)]
    return differ(goal, goal.claim, factors, [all_, first])


@proposition(
    "lossproof.lift.batch_sum.fails",
    title="weights that nothing normalises change with the batch: two copies weigh 2 w, the mean of two halves w/2",
    source="our own",
    printed="w + w ≠ w, w/2 ≠ w",
    statement=sp.And(sp.Ne(w + w, w, evaluate=False), sp.Ne(w / 2, w, evaluate=False)),
    assumptions=NOT_ZERO,
    model={"w": 1},
    drops={"w is not 0": {"w": 0}},
)
def sums_grow(goal: Goal) -> Theorem:
    parts = []
    for claim in goal.claim.args:
        left, right = claim.args[0].args
        scale = canon(sub(left, right))
        factor = ONE if scale is term(w) else num(Fraction(-1, 2))
        parts.append(differ(goal, claim, [factor, term(w)], []))
    return conjunction(goal.claim, *parts)
