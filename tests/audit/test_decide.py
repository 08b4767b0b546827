"""Decisions: the second solver, and what a smaller shape says of itself."""

import planted_losses as planted
import pytest
import z3

from lossproof.decide import decide
from lossproof.properties import everything, load
from lossproof.proving import Solver, certify, prove
from lossproof.target import checked, objective
from lossproof.witness import make
from lossproof.world import Claim, ConcreteWorld, violated

PROPERTIES = load()


def test_cvc5_confirms_and_refuses():
    x = z3.Real("x")
    solver = z3.SolverFor("QF_NRA")
    solver.add(x * x < 0)
    assert certify(solver)
    other = z3.SolverFor("QF_NRA")
    other.add(x * x < 1)
    assert not certify(other)


def test_a_certified_proof_names_both_solvers():
    proof = prove(PROPERTIES["prefix-neutral"], checked("plain", planted.plain), 3, 2, certify=True)
    assert proof.proved and "z3" in proof.method and "cvc5" in proof.method


def test_assumptions_without_shared_symbols_are_left_out():
    from lossproof.world import SymbolicWorld
    from theory.kernel import var
    from theory.kernel.terms import ZERO, lt

    a, b, c, d = map(var, "abcd")
    world = SymbolicWorld(None, 2, 1)
    world.given = [lt(a, b), lt(b, c), lt(ZERO, d)]
    assert Solver(world).near([lt(ZERO, a)]) == [lt(a, b), lt(b, c)]
    assert Solver(world).holds(lt(a, c))[0] == "unsat"


@pytest.mark.parametrize(
    ("loss", "id", "group", "expected"),
    [
        ("grpo", "completion-neutral", 2, "not-applicable"),  # two of one reward are all, which are not all equal
        ("grpo", "completion-neutral", 3, "proved"),
        ("dpo", "permutation-equivariant", 2, "not-applicable"),
        ("dpo", "permutation-equivariant", 4, "proved"),
    ],
)
def test_what_never_arises_is_neither_proved_nor_tested(loss, id, group, expected):
    finding = decide(everything()[id], objective(loss), group, 2)
    assert finding.verdict == expected
    assert (finding.reason or "").startswith("it says nothing") is (expected == "not-applicable")


def test_claims_under_a_condition_that_never_holds_are_no_proof():
    equal_rewards = everything()["completion-neutral"]
    assert not prove(equal_rewards, objective("dr_grpo"), 2, 2).proved
    assert not prove(equal_rewards, objective("grpo"), 2, 1).proved


def test_nearly_equal_rewards_refute_nothing():
    for rewards in ([1000.0, 1000.0 + 1e-9, 1000.0], [1e-200, 0.0, 0.0]):
        world = ConcreteWorld(objective("grpo"), make(rewards, [1, 2, 2], 2))
        world.gradient(world.inputs())
        assert world.outside


def test_a_strict_claim_is_not_broken_by_rounding():
    assert not violated(Claim(1e-12, "<", 0.0, ""), 1.0)
    assert violated(Claim(1e-3, "<", 0.0, ""), 1.0)
    assert not violated(Claim(1e-15, "!=", 0.0, ""), 1.0)


def test_overflow_and_underflow_refute_nothing():
    """exp(r) at r = 5000 is no infinity of the loss's, exp(-r) no zero of it; at r = 50 either would be."""
    for size, counts in ((5000.0, False), (50.0, True)):
        world = ConcreteWorld(objective("grpo"), make([size, 0.0], [1, 1], 1))
        world.gradient(world.inputs())
        for left, relation in ((float("inf"), "="), (0.0, "!="), (0.0, "<")):
            assert violated(Claim(left, relation, 0.0, "", (), world.last), 1.0) is counts
