"""Claims that follow from one another by the order of the completions, and terms made smaller: both keep values."""

import random
from itertools import permutations, product

import pytest
import random_terms as terms
import torch

from lossproof.alike import Alike, Forms
from lossproof.decide import decide
from lossproof.meanings import Unsupported
from lossproof.properties import load
from lossproof.proving import Solver, prove
from lossproof.target import checked, objective
from lossproof.tidy import Tidy
from lossproof.world import SymbolicWorld
from theory.kernel import var
from theory.kernel.terms import ONE, ZERO, add, eq, inv, lt, mk, mul, num

PROPERTIES = load()
A, B, C = (var(f"reward_{i}") for i in range(3))
L, M, N = (var(f"logp_{i}_0") for i in range(3))


def differ(*xs):
    return mk("not", mk("and", *(eq(xs[0], x) for x in xs[1:])))


# -- tidy --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_tidied_terms_keep_their_value_wherever_they_have_one(seed):
    rng, tidy, compared = random.Random(seed), Tidy(), 0
    for _ in range(60):
        t = terms.drawn(rng, 4)
        try:
            small = tidy(t)
        except Unsupported:  # it divides by the constant 0
            continue
        for _ in range(4):
            at = terms.inputs(rng)
            try:
                expected = terms.value(t, at)
                found = terms.value(small, at)
            except terms.Undefined:
                continue
            except OverflowError:
                continue
            compared += 1
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-6), (t, small)
    assert compared > 40


def test_tidying_removes_what_a_solver_need_not_see():
    flag = var("mask_0_1", "Z")
    length = add(ONE, flag)
    clamped = mk("ite", lt(length, ONE), ONE, length)
    ratio = mk("app", "exp", "R", add(L, mul(num(-1), L)))
    assert Tidy()(mul(ratio, inv(clamped))) is inv(length)


@pytest.mark.parametrize("flags", [[0], [1], [0, 0], [0, 1], [1, 0], [1, 1]])
@pytest.mark.parametrize("op", ["lt", "le", "eq"])
def test_comparisons_of_lengths_at_their_bounds(op, flags):
    """Every polynomial c + a m + b n of mask entries against 0, both ways round."""
    names = terms.FLAGS[: len(flags)]
    for c, *rest in product(range(-2, 3), repeat=1 + len(flags)):
        d = add(num(c), *(mul(num(k), v) for k, v in zip(rest, names, strict=True)))
        for t in (mk(op, ZERO, d), mk(op, d, ZERO), mk(op, add(*names, d), add(d, *reversed(names)))):
            at = dict(zip(names, flags, strict=True))
            assert terms.value(Tidy()(t), at) == terms.value(t, at), t


# -- alike -------------------------------------------------------------------------------------------------------------


def moved(at, order):
    """The values after completion i has taken the place order[i]."""
    out = {}
    for v, x in at.items():
        name, i, *rest = v.args[0].split("_")
        out[var("_".join([name, str(order[int(i)]), *rest]), v.args[1])] = x
    return out


@pytest.mark.parametrize("seed", range(30))
def test_equal_forms_mean_equal_values_after_the_renaming(seed):
    rng, forms, pairs = random.Random(seed), Forms(), 0
    some = [terms.drawn(rng, 2) for _ in range(60)]
    orders = [(), *permutations(range(3))]
    by_form = {}
    for t in some:
        for order in orders:
            by_form.setdefault(forms.of(t, order), []).append((t, order))
    for group in by_form.values():
        (t, order), *others = group
        for u, other in others:
            at = terms.inputs(rng)
            try:
                first, second = (terms.value(x, inverse(at, o)) for x, o in ((t, order), (u, other)))
            except (terms.Undefined, OverflowError):
                continue
            pairs += 1
            assert first == pytest.approx(second, rel=1e-6, abs=1e-6), (t, order, u, other)
    assert pairs > 20


def inverse(at, order):
    """Values for the variables before the renaming."""
    return {v: at[next(iter(moved({v: 0}, order)))] for v in at} if order else at


def test_the_same_claim_of_two_completions_is_one():
    alike = Alike([differ(A, B, C)], Forms())
    sigma = add(mul(A, A), mul(B, B), mul(C, C))
    assert alike.key(lt(mul(L, inv(sigma)), A), []) == alike.key(lt(mul(N, inv(sigma)), C), [])
    assert alike.key(lt(L, A), [lt(B, A)]) == alike.key(lt(M, B), [lt(C, B)])


def test_claims_that_differ_are_two():
    alike = Alike([differ(A, B, C)], Forms())
    assert alike.key(lt(L, A), []) != alike.key(lt(M, A), [])
    assert alike.key(lt(L, A), []) != alike.key(lt(mul(num(2), M), B), [])
    assert alike.key(lt(L, A), [lt(B, A)]) != alike.key(lt(M, B), [lt(B, C)])
    assert alike.key(lt(L, A), []) != alike.key(lt(A, L), [])


def test_forms_count_how_often_a_part_occurs():
    flag = var("mask_0_1", "Z")
    part = mk("ite", lt(L, A), L, flag)
    forms = Forms()
    assert forms.of(add(part, part)) != forms.of(part) != forms.of(mul(part, part))
    assert forms.of(add(part, L, part)) == forms.of(add(L, add(part, part))) != forms.of(add(part, L))


def test_an_assumption_about_one_completion_keeps_the_others_apart():
    """0 < r_0 is assumed: that 0 < 2 r_0 says nothing about r_1."""
    world = SymbolicWorld(None, 2, 1)
    world.given = [lt(ZERO, A), differ(A, B)]
    solver = Solver(world)
    assert solver.holds(lt(ZERO, mul(num(2), A)))[0] == "unsat"
    assert solver.holds(lt(ZERO, mul(num(2), B)))[0] == "sat"


def test_a_definedness_that_holds_for_one_completion_only():
    world = SymbolicWorld(None, 2, 1)
    world.given = [lt(ZERO, A), differ(A, B)]
    solver = Solver(world)
    assert solver.holds(eq(mul(A, inv(A)), ONE))[0] == "unsat"
    assert solver.holds(eq(mul(B, inv(B)), ONE))[0] == "undefined"
    assert solver.holds(eq(inv(B), inv(B)))[0] == "undefined"


@pytest.mark.parametrize("cancels", [eq(inv(B), inv(B)), eq(mul(ZERO, inv(B)), ZERO), eq(add(A, inv(B)), add(inv(B), A))])
def test_a_division_that_cancels_has_a_value_all_the_same(cancels):
    """All claims a = a have one form; that one has a value says nothing of the others."""
    solver = Solver(SymbolicWorld(None, 2, 1))
    assert solver.holds(eq(A, A))[0] == "unsat"
    assert solver.holds(cancels)[0] == "undefined"
    assert solver.holds(eq(L, L), [lt(A, inv(B))])[0] == "undefined"


def last_is_odd(logp, old_logp, rewards, mask):
    """Right for all completions but the last, whose weight follows the first one's log-probability."""
    a = (rewards - rewards.mean())[:, None] * torch.ones_like(logp)
    a = torch.cat([a[:-1], a[-1:] * logp[:1].detach().exp()])
    return -((logp - old_logp).exp() * a * mask).sum() / logp.shape[0]


@pytest.mark.parametrize("id", ["sample-local", "permutation-equivariant", "reward-aligned", "prefix-neutral"])
def test_one_odd_completion_is_not_overlooked(id):
    assert not prove(PROPERTIES[id], checked("odd", last_is_odd), 3, 2).proved
    assert decide(PROPERTIES[id], checked("odd", last_is_odd), 3, 2).verdict in ("refuted", "tested", "unknown")


def test_the_scale_of_rewards_under_adamw_rests_on_a_proved_theorem():
    from lossproof import records
    from theory.verdict import Status

    finding = decide(PROPERTIES["adamw-scale-invariant"], objective("dr_grpo"), 3, 2)
    assert finding.verdict == "proved" and "fontana2026.prop2.trajectory" in finding.method
    assert records.read(records.locate())["fontana2026.prop2.trajectory"] is Status.PROVED
