"""`lossproof.audit` for notebooks and programs: audits a function or a TARGET, objective or advantage estimator."""

from collections.abc import Callable, Sequence
from typing import Any

from numerics import objectives

from . import auditor as auditing
from . import frameworks
from .advantage.subject import Estimator
from .auditor import Report
from .compare import matches
from .decide import Finding
from .frameworks.knobs import inert
from .lifting import lift
from .row import fit
from .target import checked
from .target import subject as subject_of


def audit(
    target: Callable[..., Any] | str, *, advantage: Callable[..., Any] | str | None = None, group: int = 4, length: int = 3,
    only: list[str] | None = None, also: Sequence[str] = (), certify: bool = False,
    progress: Callable[[Finding], None] = lambda f: None,
) -> Report:  # fmt: skip
    """The report on one target. `only`: these properties, without the row and the knobs; `also`: these on request;
    `certify`: cvc5 has to confirm what z3 says. Raises BadTarget.
    """
    subject = subject_of(target, advantage)
    subject.certify = certify
    report = auditing.audit(subject, group, length, only, progress, also=also)
    if only is None and isinstance(target, str) and frameworks.named(target):
        report.inert = inert(target)
    if isinstance(subject, Estimator):
        return report
    for finding in report.findings:
        if finding.witness is not None and subject.fed_by:
            finding.witness["advantage"] = subject.fed_by  # what a replay feeds the objective with
    report.fed = subject.fed_by
    if only is None:
        report.fitted = True
        found = fit(subject)
        report.row = found.everywhere.row() if found.everywhere else None
        report.findings = lift(subject, found, report.findings, group, length)
        builtins = {n: checked(n, objectives.load(n)) for n in objectives.names() if n != subject.name}
        report.matches = matches(subject, builtins, group, length)
    return report
