"""In your test suite: what must stay true of the loss, for all inputs of a shape, whatever you change in it."""

import pytest
from loss import loss

from lossproof.testing import assert_property

REQUIRED = ["padding-invariant", "microbatch-invariant", "uses-old-logp", "clipped-silent", "prefix-neutral"]


@pytest.mark.parametrize("property", REQUIRED)
def test_the_loss_is(property: str) -> None:
    assert_property(loss, property, group=4, length=2)


def test_nothing_is_written_to_its_inputs() -> None:
    assert_property(loss, "pure", allow_tested=True)  # of one call: searched, never proved
