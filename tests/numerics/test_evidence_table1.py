"""The evidence on Section 3 and Table 1 holds, says the same twice, and rejects what is wrong in one place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

import numerics.evidence.table1 as table1
import numerics.evidence.unified as unified
from numerics.evidence import EVIDENCE
from numerics.objectives import TABLE1
from numerics.objectives.dapo import dapo

torch.set_num_threads(1)
CHECKS = {check for checks in EVIDENCE.values() for check in checks if check.__module__ in (table1.__name__, unified.__name__)}


SOME = [x for x in table1.situations() if x.seed < 2]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight situations in place of forty."""
    monkeypatch.setattr(table1, "situations", lambda: SOME)


@pytest.mark.parametrize("check", sorted(CHECKS, key=lambda c: (c.__module__, c.__name__)), ids=lambda c: c.__name__)
def test_it_holds(check: Callable[[], Any]) -> None:
    evidence = check()
    assert evidence.ok and evidence.kind == "numeric"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("label", TABLE1)
def test_it_says_the_same_twice(label: str) -> None:
    first, second = (table1.compare(label, TABLE1[label]) for _ in range(2))
    assert first == second and first.ok


def test_every_row_and_equation_has_evidence() -> None:
    wanted = {f"fontana2026.{label}" for label in ("eq1", "eq2", "eq3", "s3a", "s3b", "table1.distinct")}
    assert wanted | {f"fontana2026.table1.{label}" for label in TABLE1} <= set(EVIDENCE)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("label", TABLE1)
def test_a_wrong_weight_is_rejected(label: str) -> None:
    row = TABLE1[label]
    off = replace(row, weight_form=lambda x: row.weight_form(x) * (1 + 1e-6 * (x.A > 0)))
    assert not table1.compare(label, off).ok


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("label", [label for label, row in TABLE1.items() if row.clips])
def test_a_gradient_past_the_clip_is_rejected(label: str) -> None:
    assert not table1.compare(label, replace(TABLE1[label], clips=False)).ok


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("label", [label for label, row in TABLE1.items() if row.regulariser_form])
def test_a_forgotten_regulariser_is_rejected(label: str) -> None:
    assert not table1.compare(label, replace(TABLE1[label], regulariser_form=None)).ok


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("label", ["gpg", "cispo", "gcpo"])
def test_an_exception_that_is_none_is_rejected(label: str) -> None:
    """If α s were the weight after all, the evidence would contradict the refutation."""
    row = TABLE1[label]
    alpha = replace(row, alpha_form=lambda x: row.weight_form(x) / row.s_form(x))
    assert not table1.compare(label, alpha).ok


@pytest.mark.usefixtures("few")
def test_the_loss_of_another_row_is_rejected() -> None:
    assert not table1.compare("grpo_r1", replace(TABLE1["grpo_r1"], loss=dapo)).ok


def test_a_clip_that_lets_a_token_through_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unified, "clipped_surrogate", lambda s, a, low, up: (s * a).minimum(s.clamp(max=1 + up) * a))
    assert not unified.term_by_sign().ok


def test_advantages_that_are_not_centred_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unified, "centred", lambda r: (r - r.median())[:, None])
    assert not unified.centring().ok
    monkeypatch.setattr(unified, "centred", lambda r: ((r - r.mean()) / r.std())[:, None])
    assert not unified.centring().ok


def test_a_bias_of_a_uniform_row_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE1, "dapo", TABLE1["grpo_r1"])
    assert not unified.prefixes().ok


@pytest.mark.parametrize("check", [unified.on_policy_value, unified.fixed_old_value])
def test_other_policies_are_no_example(check: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    tree = unified.tree
    monkeypatch.setattr(unified, "tree", lambda first, second: tree(first + 0.01, second))
    assert not check().ok
