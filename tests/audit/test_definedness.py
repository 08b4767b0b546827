"""What a denominator needs: a product is not 0 if no factor is; one that can be 0 is never passed over."""

import pytest
import torch

from lossproof.properties import load
from lossproof.proving import evident, factors, prove
from lossproof.target import checked
from theory.kernel import num, var
from theory.kernel.terms import ZERO, add, lt, mul, ne

PREFIX = load()["prefix-neutral"]
m, n, x = var("mask_0_1", "Z"), var("mask_0_2", "Z"), var("reward_0")


@pytest.mark.parametrize(
    "sum_, sure",
    [
        (add(num(2), m, n), True), (add(num(2), mul(m, n)), True), (add(num(2), mul(num(-1), m)), False), (add(m, n), False),
        (add(num(-1), m), False), (add(num(2), x), False), (add(num(2), mul(m, x)), False),
    ],
)  # fmt: skip
def test_a_positive_number_and_mask_entries_are_not_zero(sum_, sure):
    assert evident(ne(sum_, ZERO)) is sure


def test_other_conditions_are_not_evident():
    assert not evident(lt(ZERO, add(num(2), m))) and not evident(ne(add(num(2), m), num(3)))


def test_a_product_comes_in_factors():
    assert factors(ne(mul(m, mul(n, x)), ZERO)) == [ne(f, ZERO) for f in (m, n, x)]
    assert factors(lt(ZERO, mul(m, x))) == [lt(ZERO, mul(m, x))]


def token_mean(logp, rewards, mask):
    """Over the number of tokens times the spread: both are never 0 where rewards differ."""
    return -((rewards - rewards.mean())[:, None] * logp * mask).sum() / (mask.sum() * rewards.std())


def further_tokens(logp, rewards, mask):
    """Over the number of tokens beyond the first ones: 0 where all completions have one token."""
    return -((rewards - rewards.mean())[:, None] * logp * mask).sum() / ((mask.sum() - len(mask)) * rewards.std())


def one_reward(logp, rewards, mask):
    """Over a reward, which may be 0."""
    return -((rewards - rewards.mean())[:, None] * logp * mask).sum() / (mask.sum() * rewards[0])


def test_a_large_token_mean_is_proved():
    assert prove(PREFIX, checked("token_mean", token_mean), 6, 6).proved


@pytest.mark.parametrize("loss", [further_tokens, one_reward])
def test_a_factor_that_can_be_zero_is_seen(loss):
    assert not prove(PREFIX, checked(loss.__name__, loss), 3, 2).proved
    x = {"logp": -torch.ones(2, 2), "rewards": torch.tensor([0.0, 1.0]), "mask": torch.tensor([[1.0, 0.0], [1.0, 0.0]])}
    assert not torch.isfinite(loss(**x))
