"""What is proved survives random float64 trials of the original function; planted holes are not proved."""

import planted_losses as planted
import pytest
import trials

from lossproof.decide import decide, first_violation, prove, refute
from lossproof.properties import load
from lossproof.target import checked, objective
from lossproof.witness import corners

PROPERTIES = load()
SOME = (
    "prefix-neutral length-neutral reward-shift-invariant reward-scale-invariant "
    "clipped-silent sample-local padding-invariant value-blind"
).split()


@pytest.mark.parametrize("name", ["dr_grpo", "grpo", "gspo", "gmpo", "grpo_v32"])
@pytest.mark.parametrize("id", SOME)
def test_proved_cells_survive_trials(name, id):
    subject = objective(name)
    finding = decide(PROPERTIES[id], subject, 3, 2)
    if finding.verdict == "proved":
        assert trials.broken(PROPERTIES[id], subject, finding, 3, 2, 60)[1] is None


@pytest.mark.parametrize(("loss", "id"), planted.FALSE, ids=lambda x: getattr(x, "__name__", x))
def test_a_planted_fault_is_never_proved(loss, id):
    assert decide(PROPERTIES[id], checked(loss.__name__, loss), 3, 2).verdict != "proved"


@pytest.mark.parametrize(("loss", "id"), planted.TRUE, ids=lambda x: getattr(x, "__name__", x))
def test_a_true_property_is_never_refuted(loss, id):
    assert decide(PROPERTIES[id], checked(loss.__name__, loss), 3, 2).verdict != "refuted"


def test_a_violation_is_one_that_the_property_speaks_of():
    p = PROPERTIES["reward-scale-invariant"]
    equal = next(c for c in corners(2, 1)) | {"rewards": [1.0, 1.0]}
    assert first_violation(p, checked("dr", planted.plain), equal) is None
    assert refute(p, checked("dr", planted.plain), corners(2, 1)) is not None
    assert not prove(p, checked("dr", planted.plain), 2, 1).proved
