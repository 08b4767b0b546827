"""The evidence for KL estimators, GDPO, OBLR-PO and clipping against entropy holds, and fails when a formula is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import numerics.advantages.gdpo as gdpo_code
import numerics.advantages.groups as groups_code
import numerics.evidence.related.clip_entropy as clip_entropy
import numerics.evidence.related.gdpo as gdpo
import numerics.evidence.related.kl_estimators as kl_estimators
import numerics.evidence.related.oblrpo as oblrpo
from numerics.advantages.groups import group_mean, group_variance
from numerics.evidence import EVIDENCE
from theory.verdict import Evidence

torch.set_num_threads(1)
MODULES = (clip_entropy, gdpo, kl_estimators, oblrpo)
Check = Callable[[], Evidence]


def checks() -> Iterator[Check]:
    names = {m.__name__ for m in MODULES}
    yield from {check: None for found in EVIDENCE.values() for check in found if check.__module__ in names}


@pytest.mark.parametrize("check", list(checks()), ids=lambda check: check.__name__)
def test_holds(check: Check) -> None:
    assert check().ok


def of_population(reward: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    return (reward - group_mean(reward, group)) / group_variance(reward, group, 0).sqrt()


def irrational_left_out(column: gdpo.Column, exact: Any = gdpo.advantages) -> Any:
    return tuple((1, c) for _, c in exact(column))


def unweighted(self: oblrpo.Bandit, b: float) -> float:
    return float(self.p @ (self.r - b) ** 2)


def turned_round(old: torch.Tensor, pi: torch.Tensor, parts: Any = clip_entropy.first_order) -> Any:
    return {name: -change for name, change in parts(old, pi).items()}


WRONG: list[tuple[Check, object, str, Any]] = [
    (kl_estimators.completions, kl_estimators, "k2", lambda a, b: (a - b) ** 2),
    (kl_estimators.values, kl_estimators, "k1", lambda a, b: b - a),
    (kl_estimators.one_token, kl_estimators.ESTIMATORS, "k3", lambda a, b: (a - b).exp() - 1 - (a - b)),
    (kl_estimators.quoted_example, kl_estimators.ESTIMATORS, "k2", lambda a, b: (a - b) ** 2),
    (kl_estimators.weights_of_tokens, kl_estimators, "weight_in_loss", lambda x: {"k1": 1 + 0 * x, "k2": x, "k3": x}),
    (gdpo.examples, gdpo_code, "standardised", of_population),
    (gdpo.random_batches, groups_code, "group_mean", lambda x, group: 0 * x),
    (gdpo.quoted_counts, gdpo, "advantages", irrational_left_out),
    (gdpo.exact_groups, gdpo, "advantages", irrational_left_out),
    (oblrpo.which_baselines, oblrpo, "weighted_leave_one_out", lambda r, w: oblrpo.weighted_baseline(r, w).expand(len(r))),
    (oblrpo.best_baselines, oblrpo, "logit_norm", lambda log_p, tokens: 1 - log_p.exp().gather(-1, tokens[:, None])[:, 0]),
    (oblrpo.exact_variance, oblrpo.Bandit, "loss", unweighted),
    (oblrpo.signal_from_estimates, oblrpo, "step_size", lambda g, L: (g.mean(0) ** 2).sum() / (g**2).sum(-1).mean() / L),
    (clip_entropy.exact_drift, clip_entropy, "first_order", turned_round),
    (clip_entropy.shares_of_signs, clip_entropy, "first_order", turned_round),
    (clip_entropy.quoted_runs, clip_entropy, "EPS", 1.0),
    (clip_entropy.entropy_slopes, clip_entropy, "entropy", lambda logits: -(logits.softmax(-1) ** 2).sum(-1)),
]


@pytest.mark.parametrize(("check", "home", "name", "wrong"), WRONG, ids=lambda x: getattr(x, "__name__", None))
def test_fails_when_a_formula_is_wrong(check: Check, home: Any, name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(home, dict):
        monkeypatch.setitem(home, name, wrong)
    else:
        monkeypatch.setattr(home, name, wrong)
    assert not check().ok
