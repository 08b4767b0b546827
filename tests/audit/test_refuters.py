"""Where a refuter finds, or must not find, what is not a number that differs: an exception, a far ratio, chance."""

import torch

from lossproof.auditor import audit
from lossproof.decide import decide, refuted
from lossproof.properties import load
from lossproof.replay import replay
from lossproof.target import checked
from lossproof.witness import make


def weighted(logp, old_logp, advantages, mask):
    return -((logp - old_logp).exp() * advantages * mask).sum() / mask.sum().clamp(min=1.0)


def refuses_nothing_live(logp, old_logp, advantages, mask):
    if not mask.any():
        raise ValueError("no live token")
    return weighted(logp, old_logp, advantages, mask)


def refuses_odd_groups(logp, old_logp, advantages, mask):
    if len(mask) % 2:
        raise ValueError("an odd number of completions")
    return weighted(logp, old_logp, advantages, mask)


def low_bound(logp, old_logp, advantages, mask):
    """A detached ratio that is at most 0.2: only far off policy is it the ratio."""
    return -((logp - old_logp).exp().clamp(max=0.2).detach() * advantages * logp * mask).sum()


def found(loss, id, G=3, T=2):
    return decide(load()[id], checked(loss.__name__, loss), G, T)


def test_an_exception_on_inputs_in_range_is_no_finite_loss():
    finding = found(refuses_nothing_live, "finite")
    assert finding.verdict == "refuted" and "no live token" in finding.witness["claim"]
    subject = checked("refuses_nothing_live", refuses_nothing_live)
    assert replay(finding.witness | {"target": "refuses_nothing_live"}, subject)[0]
    assert found(weighted, "finite").verdict == "tested"


def test_a_shape_that_is_not_taken_is_no_such_input():
    assert found(refuses_odd_groups, "finite", G=2).verdict == "tested"
    with_three = audited(refuses_odd_groups, "finite", 3)
    assert (with_three.verdict, with_three.reason) == ("unknown", "ValueError: an odd number of completions")


def audited(loss, id, G):
    return audit(checked(loss.__name__, loss), G, 2, [id], jobs=1).findings[0]


def test_the_old_policy_may_matter_only_far_from_it():
    finding = found(low_bound, "uses-old-logp")
    assert finding.verdict == "proved" and "case" in finding.witness


def drawn(logp, advantages, mask):
    return (weighted(logp, logp.detach(), advantages, mask) * torch.rand(())).sum()


def test_a_loss_that_draws_random_numbers_is_not_refuted():
    """Every two calls of it differ, whatever is claimed."""
    finding = found(drawn, "reward-shift-invariant")
    assert finding.verdict == "unknown" and "random numbers" in finding.reason


def test_a_violation_that_does_not_come_again_is_no_refutation():
    p, case = load()["reward-shift-invariant"], make([1.0, 0.0], [1, 1], 1)
    finding = refuted(p, checked("weighted", weighted), case)
    assert finding.verdict == "unknown" and "called again" in finding.reason and finding.witness is None
