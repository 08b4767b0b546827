"""Properties on request, and the numbers about the batch that a loss may ask for."""

import pytest
import torch

from lossproof import advantage, properties
from lossproof.auditor import audit
from lossproof.batch import alone, told
from lossproof.decide import decide
from lossproof.subject import BadTarget, example
from lossproof.target import checked, estimator, objective
from numerics import advantages

PROPERTIES = properties.everything()


def total(logp, advantages, mask):
    return -(advantages * logp * mask).sum()


def by_tokens(logp, advantages, mask, num_items_in_batch):
    return total(logp, advantages, mask) / num_items_in_batch


def with_a_fallback(logp, advantages, mask, num_items_in_batch=None):
    return total(logp, advantages, mask) / (mask.sum() if num_items_in_batch is None else num_items_in_batch)


def by_sequences_and_ranks(logp, advantages, mask, global_batch_size, dp_size):
    return total(logp, advantages, mask) / global_batch_size * dp_size


def forgets_the_ranks(logp, advantages, mask, global_batch_size, dp_size):
    return total(logp, advantages, mask) / global_batch_size


def mean_over_ranks(logp, advantages, mask, world_size):
    return total(logp, advantages, mask) / len(mask)


def whitens_its_shard(logp, advantages, mask, world_size):
    return total(logp, advantages / (advantages.std(correction=0) + 1e-4), mask) / len(mask)


def drops_the_worse(logp, advantages, mask):
    return total(logp, advantages.clamp(min=0), mask)


def drops_the_better(logp, advantages, mask):
    return total(logp, advantages.clamp(max=0), mask)


def pushes_the_average(logp, advantages, mask):
    return total(logp, advantages + (advantages == 0), mask)


def verdict(loss, id, group=3, length=2):
    subject = objective(loss) if isinstance(loss, str) else checked(loss.__name__, loss)
    return decide(PROPERTIES[id], subject, group, length).verdict


@pytest.mark.parametrize(
    ("loss", "id", "expected"),
    [
        (by_tokens, "accumulation-invariant", "proved"),
        (with_a_fallback, "accumulation-invariant", "proved"),
        (by_sequences_and_ranks, "rank-invariant", "proved"),
        (forgets_the_ranks, "rank-invariant", "refuted"),
        (mean_over_ranks, "rank-invariant", "proved"),
        (whitens_its_shard, "rank-invariant", "refuted"),
        (total, "accumulation-invariant", "not-applicable"),
        (mean_over_ranks, "accumulation-invariant", "not-applicable"),
        ("grpo", "completion-neutral", "proved"),
        ("dr_grpo", "completion-neutral", "refuted"),
        ("gspo", "completion-neutral", "proved"),
        ("ppo", "advantage-signed", "proved"),
        (drops_the_worse, "advantage-signed", "refuted"),
        (drops_the_better, "advantage-signed", "refuted"),
        (pushes_the_average, "advantage-signed", "refuted"),
        ("grpo", "never-silent", "refuted"),
        ("cispo", "never-silent", "proved"),
        ("grpo", "pure", "tested"),
        ("dr_grpo", "gradient-of-value", "tested"),
        ("cispo", "gradient-of-value", "refuted"),
        ("grpo", "gap-invariant", "not-applicable"),
        ("dapo", "knobs-live", "proved"),
        ("grpo_v32", "knobs-live", "proved"),  # epsilon_low: only where the ratios of a completion cancel
        ("gpg", "knobs-live", "refuted"),  # ddof does nothing unless normalise is set
        ("sapo", "never-silent", "refuted"),  # 0 in floating point, at a ratio of 40
    ],
)
def test_verdicts(loss, id, expected):
    assert verdict(loss, id) == expected


@pytest.mark.parametrize("name", ["grpo", "dr_grpo", "gspo"])
def test_a_gap_needs_three_tokens(name):
    assert verdict(name, "gap-invariant", 2, 3) == "proved"


@pytest.mark.parametrize(
    ("name", "id", "expected"),
    [("std", "adv-group-by-id", "proved"), ("whitened", "adv-group-by-id", "not-applicable"),
     ("std", "adv-bounded-binary", "proved"), ("mean_normalised", "adv-bounded-binary", "proved")],
)  # fmt: skip
def test_verdicts_on_estimators(name, id, expected):
    subject = estimator(name, advantages.load(name))
    assert decide(advantage.everything()[id], subject, 3, 1).verdict == expected


def test_a_default_is_kept_and_a_gap_is_filled():
    x = example(2, 3)
    x["mask"][1, 1:] = 0
    given = {n: x[n] for n in ("logp", "advantages", "mask")}
    assert alone(with_a_fallback) is with_a_fallback
    assert torch.equal(alone(by_tokens)(**given), with_a_fallback(**given))
    assert told(checked("total", total)) is None
    assert told(checked("by_tokens", by_tokens)).takes("num_tokens")
    assert not checked("by_tokens", by_tokens).takes("num_tokens")


def test_a_number_of_the_batch_is_not_mixed_up_with_an_unknown_parameter():
    def strange(logp, advantages, mask, whatever):
        return total(logp, advantages, mask)

    with pytest.raises(BadTarget, match="'whatever' has no default"):
        checked("strange", strange)


def test_an_ordinary_audit_leaves_them_out_unless_they_are_named_or_asked_for(monkeypatch):
    from lossproof import auditor
    from lossproof.decide import Finding

    monkeypatch.setattr(auditor, "decided", lambda ps, *rest: [Finding(p.id, "tested", "") for p in ps])
    usual = [f.id for f in audit(checked("total", total), 2, 2).findings]
    assert usual == list(properties.load())
    assert [f.id for f in audit(checked("total", total), 2, 2, also=["pure"]).findings] == [*usual, "pure"]
    by_number = [f.id for f in audit(checked("by_tokens", by_tokens), 2, 2).findings]
    assert by_number == [*usual, "accumulation-invariant"]
    with pytest.raises(BadTarget, match="no property 'no-such'"):
        audit(checked("total", total), 2, 2, also=["no-such"])
