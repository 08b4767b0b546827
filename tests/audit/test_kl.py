"""kl-pulls-to-reference far from the reference, where a penalty that is clamped pulls no more."""

import pytest
import torch

from lossproof.decide import decide
from lossproof.properties import load
from lossproof.target import checked


def penalised(penalty):
    def loss(logp, old_logp, ref_logp, advantages, mask):
        per_token = -(logp - old_logp).exp() * advantages + 0.1 * penalty(ref_logp - logp)
        return (per_token * mask).sum() / mask.sum()

    return loss


def k3(d):
    return d.exp() - d - 1


def clamped(d):
    return k3(d).clamp(max=10.0)


def saturating(d):
    return d.tanh() ** 2


def below_the_kink(d):
    return torch.where(d > -2.5, k3(d), 3.0 + 0 * d)


def found(penalty):
    return decide(load()["kl-pulls-to-reference"], checked(penalty.__name__, penalised(penalty)), 3, 2)


@pytest.mark.parametrize("penalty", [clamped, below_the_kink])
def test_a_penalty_that_ends_far_from_the_reference_is_refuted(penalty):
    witness = found(penalty).witness
    assert witness["right"] == 0.0
    assert all(x <= 0 for name in ("logp", "ref_logp") for row in witness["case"][name] for x in row)


@pytest.mark.parametrize("penalty", [k3, saturating])
def test_one_that_pulls_everywhere_is_not(penalty):
    """Also where its pull is small."""
    assert found(penalty).verdict in ("proved", "tested")
