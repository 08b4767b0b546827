"""Nothing is proved from a recording that is not the function: at no shape, of neither of two objectives, in no enumeration."""

import numpy as np
import pytest

from lossproof.compare import compare
from lossproof.decide import decide
from lossproof.properties import everything
from lossproof.target import checked

PROPERTIES = everything()


def plain(logp, advantages, mask):
    return -(advantages * logp * mask).sum() / len(mask)


def doubled(x):
    """1, but 2 where a number lies in a small interval: through NumPy, so that no branch is seen."""
    return 2 if 0.7310 < float(np.float64(x.max().item())) < 0.7311 else 1


def by_advantage(logp, advantages, mask):
    return plain(logp, advantages, mask) * doubled(advantages)


def by_reward(logp, rewards, mask):
    return plain(logp, (rewards - rewards.mean())[:, None], mask) * doubled(rewards)


def by_reference(logp, ref_logp, advantages, mask):
    penalty = ((ref_logp - logp) ** 2 / 2 * mask).sum() / len(mask)
    return plain(logp, advantages, mask) + penalty * doubled(-ref_logp)


def in_large_groups(logp, advantages, mask):
    """Only the stacked group is large enough for what NumPy decides."""
    return plain(logp, advantages, mask) / 2 * (doubled(advantages) if len(mask) > 4 else 1)


def clipped(logp, old_logp, ref_logp, advantages, mask):
    s = (logp - old_logp).exp()
    return -((s * advantages).minimum(s.clamp(0.8, 1.2) * advantages) * mask).sum() / len(mask) * doubled(advantages)


@pytest.mark.parametrize("id", [i for i, p in PROPERTIES.items() if not p.exists])
def test_no_property_is_proved_of_a_loss_with_a_hole(id):
    assert decide(PROPERTIES[id], checked("clipped", clipped), 2, 2).verdict != "proved"


@pytest.mark.parametrize("pair", [(plain, by_advantage), (by_advantage, plain)])
def test_two_objectives_are_not_called_equal_over_a_hole_in_either(pair):
    assert compare(*(checked(f.__name__, f) for f in pair), shapes=[(2, 2)]).relation == "unknown"


@pytest.mark.parametrize(
    ("loss", "id"),
    [(by_reward, "on-policy-unbiased"), (by_reference, "kl-gradient-exact"), (in_large_groups, "duplication-invariant")],
)
def test_a_hole_is_never_proved_over(loss, id):
    assert decide(PROPERTIES[id], checked(loss.__name__, loss), 3, 2).verdict in ("tested", "unknown", "refuted")
