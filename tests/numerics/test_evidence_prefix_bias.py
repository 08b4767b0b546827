"""The evidence for Section 4 notices wrong formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from numerics.evidence import length_bias, prefix_bias
from numerics.groups import length_reward
from theory.verdict import Evidence

torch.set_num_threads(1)


def test_a_check_says_the_same_twice() -> None:
    for check in (prefix_bias.gradient_of_s, prefix_bias.cancellation, length_bias.exact_length_drift):
        first = check()
        assert first.ok and check().detail == first.detail


@pytest.mark.parametrize("label", prefix_bias.TABLE1)
@pytest.mark.parametrize("check", [prefix_bias.gradient_of_eq1, prefix_bias.aggregate_weight])
def test_a_wrong_token_weight_is_noticed(check: Callable[[], Evidence], label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = prefix_bias.TABLE1[label]
    wrong = replace(row, weight_form=lambda x: row.weight_form(x) * 1.001)
    monkeypatch.setitem(prefix_bias.TABLE1, label, wrong)
    monkeypatch.setattr(prefix_bias, "SEEDS", 1)
    prefix_bias.shared_groups.cache_clear()
    assert not check().ok
    prefix_bias.shared_groups.cache_clear()


def test_a_wrong_ratio_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = prefix_bias.printed_s
    monkeypatch.setattr(prefix_bias, "printed_s", lambda label, x: printed(label, x) * x["logp"].exp())
    assert not prefix_bias.gradient_of_s().ok and not prefix_bias.sequence_ratio().ok


def test_a_longer_prefix_than_the_shared_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = prefix_bias.shared_groups(0.0)
    monkeypatch.setattr(prefix_bias, "shared_groups", lambda scale: groups)
    monkeypatch.setattr(prefix_bias, "PREFIX", 3)
    assert not prefix_bias.same_gradient_on_the_prefix().ok


def test_wrong_literals_and_factors_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prefix_bias.LITERALS, "gcpo", 0.0)  # what ω = α s of Eq. 18 would give
    assert not prefix_bias.lengths_one_and_two().ok
    monkeypatch.setattr(length_bias, "LOSSES", [(loss, f_2 + 0.1) for loss, f_2 in length_bias.LOSSES])
    assert not length_bias.exact_length_drift().ok


def test_a_drift_under_noise_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(length_bias, "noise_reward", lambda seed: length_reward(-0.5))
    assert not length_bias.simulated_length().ok
