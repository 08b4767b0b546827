"""For users' own test suites: assert that a loss has a property.

>>> from lossproof.testing import assert_property
>>> assert_property(my_loss, "padding-invariant")  # doctest: +SKIP
"""

from collections.abc import Callable
from typing import Any

from .auditor import audit
from .decide import Finding
from .report.words import sentence
from .subject import Subject
from .target import objective


class PropertyError(AssertionError):
    """The property does not hold, or could not be shown; the message holds the witness in words.

    `finding` is the verdict in full. `replay()` is the witness as plain PyTorch, '' where there is none.
    """

    def __init__(self, message: str, finding: Finding, subject: Subject):
        super().__init__(message)
        self.finding, self._subject = finding, subject

    def replay(self) -> str:
        from .replay import replay

        return replay(self.finding.witness, self._subject)[1] if self.finding.witness else ""


def assert_property(
    loss: Callable[..., Any] | str, property: str, *, group: int = 4, length: int = 3, allow_tested: bool = False,
    advantage: Callable[..., Any] | str | None = None,
) -> None:  # fmt: skip
    """Pass if the property is proved (or, with `allow_tested`, tested without a counterexample).

    Raises PropertyError with the witness otherwise, and BadTarget where the loss cannot be audited.
    """
    subject = objective(loss, advantage)
    finding = audit(subject, group, length, [property], jobs=1).findings[0]
    if finding.verdict == "proved" or (allow_tested and finding.verdict == "tested"):
        return
    said = sentence(finding.witness) if finding.witness else finding.reason or finding.method
    message = f"{property} is {finding.verdict} for {subject.name}: {finding.statement}\n  {said}"
    raise PropertyError(message, finding, subject)
