"""HA-DW's estimator and exact quantities against numbers worked out by hand; the evidence rejects wrong formulas."""

from fractions import Fraction as F

import pytest
import torch

from numerics.advantages.ha_dw import ha_dw, next_anchor
from numerics.evidence.related import hadw as checks
from numerics.evidence.related import hadw_effect
from numerics.related.hadw import bias, bias_given_reward, bias_rows, share_too_small


def test_weights_of_a_pair() -> None:
    rewards = torch.tensor([1.0, 0.0], dtype=torch.float64)
    out = ha_dw(rewards, torch.zeros(2, dtype=torch.long), anchor=0.0, scale=2.0)
    expected = torch.tensor([0.5, -0.5], dtype=torch.float64) * 2 * torch.exp(torch.tensor([-0.5, 0.5], dtype=torch.float64))
    assert torch.allclose(out, expected, atol=1e-15)


def test_two_prompts_do_not_mix() -> None:
    rewards = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    out = ha_dw(rewards, torch.tensor([0, 0, 1, 1]))
    assert out[2:].abs().sum() == 0 and out[0] > 0 > out[1]


def test_constant_anchor_is_absorbing() -> None:
    assert next_anchor(torch.full((3,), 0.25, dtype=torch.float64), 1.0, eta=5.0) == 0.25
    assert next_anchor(torch.tensor([0.0, 1.0], dtype=torch.float64), 0.0, eta=1.0) == 0.5


def test_bias_of_pairs_by_hand() -> None:
    assert bias(2, F(1, 4)) == F(1, 4) and bias_given_reward(4, F(2, 5), False) == F(75, 196) - F(2, 5)
    assert len(bias_rows((2, 8), 10)) == 18 and (F(1, 2), 8, F(0)) in bias_rows((8,), 2)
    assert share_too_small(2, F(1, 2)) == 1


def test_evidence_rejects_a_wrong_bias(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.zero_mean().ok and hadw_effect.direction().ok
    monkeypatch.setattr(checks, "bias", lambda size, p: F(0))
    assert not checks.zero_mean().ok
    monkeypatch.setattr(hadw_effect, "ha_dw", lambda rewards, ids: rewards - rewards.mean())
    assert not hadw_effect.direction().ok
