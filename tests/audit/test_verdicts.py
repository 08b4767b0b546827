"""Planted losses: what the auditor must refute, must prove, and must not claim."""

import losses
import pytest
import torch

from lossproof.decide import decide, first_violation
from lossproof.properties import load
from lossproof.target import checked

PROPERTIES = load()


def verdict(loss, id, group=4, length=3):
    return decide(PROPERTIES[id], checked(loss.__name__, loss), group, length)


@pytest.mark.parametrize("id", ["reward-scale-linear", "prefix-neutral"])
def test_needle_is_refuted(id):
    finding = verdict(losses.needle, id)
    assert finding.verdict == "refuted"
    advantages = torch.tensor(finding.witness["case"]["rewards"]) - sum(finding.witness["case"]["rewards"]) / 4
    assert finding.witness["left"] != pytest.approx(finding.witness["right"])
    assert len(advantages) <= 4


@pytest.mark.parametrize("id", ["reward-scale-linear", "prefix-neutral"])
def test_the_loss_beside_the_needle_is_proved(id):
    assert verdict(losses.dr_grpo, id).verdict == "proved"


def test_dead_loss_is_refuted_as_such():
    finding = verdict(losses.dead, "reward-aligned")
    assert finding.verdict == "refuted" and finding.witness["left"] == 0


def test_a_branch_on_data_is_explored_on_both_sides():
    assert verdict(losses.branch, "reward-scale-linear").verdict == "refuted"
    assert verdict(losses.branch, "reward-shift-invariant").verdict == "proved"


def test_item_and_python_max_stay_symbols():
    assert verdict(losses.item_normaliser, "prefix-neutral").verdict == "proved"
    assert verdict(losses.item_normaliser, "microbatch-invariant").verdict == "refuted"


def test_a_float_is_never_part_of_a_proof():
    finding = verdict(losses.lost_in_float, "prefix-neutral")
    assert finding.verdict == "unknown"
    line = next(n for n, text in enumerate(open(losses.__file__), 1) if "np.float64(mask" in text)
    assert f"losses.py:{line}" in finding.reason
    assert verdict(losses.lost_in_float, "microbatch-invariant").verdict == "refuted"


def test_a_kl_that_pushes_away_is_refuted():
    assert verdict(losses.wrong_sign_kl, "kl-pulls-to-reference").verdict == "refuted"


def test_a_broadcast_along_the_wrong_axis_is_refuted():
    assert verdict(losses.swapped_broadcast, "permutation-equivariant", 3, 3).verdict == "refuted"


# -- the built-ins: verdicts that follow from theorems or from the papers they cite -------------------------------------

KNOWN = {
    ("dr_grpo", "prefix-neutral"): "proved", ("grpo", "prefix-neutral"): "refuted", ("dapo", "prefix-neutral"): "proved",
    ("gcpo", "prefix-neutral"): "refuted", ("grpo", "reward-scale-invariant"): "proved",
    ("dr_grpo", "reward-scale-linear"): "proved", ("dr_grpo", "on-policy-unbiased"): "proved",
    ("rloo", "on-policy-unbiased"): "proved", ("grpo", "on-policy-unbiased"): "refuted",
    ("dapo", "on-policy-unbiased"): "refuted", ("grpo", "value-blind"): "proved", ("dapo", "value-blind"): "refuted",
    ("cispo", "clipped-silent"): "refuted", ("dual_clip", "clip-pessimistic"): "refuted", ("ppo", "clip-pessimistic"): "proved",
    ("ppo", "microbatch-invariant"): "refuted", ("dr_grpo", "microbatch-invariant"): "proved",
    ("gpg", "uses-old-logp"): "refuted", ("gspo", "sample-local"): "proved", ("dr_grpo", "trust-region-kept"): "refuted",
    ("grpo_v32", "kl-gradient-exact"): "proved", ("dr_grpo", "difficulty-neutral"): "proved",
    ("grpo", "difficulty-neutral"): "refuted",
    ("reinforce", "masked-completion-neutral"): "proved", ("ppo", "masked-completion-neutral"): "refuted",
    ("sapo", "reward-scale-invariant"): "proved", ("gmpo", "sample-local"): "proved",
}  # fmt: skip


@pytest.mark.parametrize(("name", "id"), KNOWN)
def test_known_verdicts(name, id):
    from lossproof.target import objective

    group, length = {"value-blind": (2, 2), "difficulty-neutral": (4, 2)}.get(id, (3, 2))  # G = 3 is symmetric in difficulty
    finding = decide(PROPERTIES[id], objective(name), group, length)
    assert finding.verdict == KNOWN[name, id], finding


@pytest.mark.parametrize("id", ["prefix-neutral", "length-neutral", "reward-scale-linear", "padding-invariant"])
def test_a_witness_is_re_executed_on_the_function_itself(id):
    from lossproof.target import objective

    subject = objective("grpo")
    finding = decide(PROPERTIES[id], subject, 3, 2)
    if finding.verdict == "refuted":
        claim, world = first_violation(PROPERTIES[id], subject, finding.witness["case"])
        assert float(claim.left) == pytest.approx(finding.witness["left"])
    else:
        assert finding.verdict == "proved"
