"""`lossproof.audit` for notebooks and programs: audits a function or a TARGET, objective or advantage estimator."""

from collections.abc import Callable, Sequence
from typing import Any

from numerics import objectives

from . import auditor as auditing
from .auditor import Report
from .compare import matches
from .decide import Finding
from .lifting import lift
from .row import fit
from .subject import BadTarget
from .target import checked, function, kind
from .target import estimator as as_estimator


def audit(
    target: Callable[..., Any] | str, *, advantage: Callable[..., Any] | str | None = None, group: int = 4, length: int = 3,
    only: list[str] | None = None, also: Sequence[str] = (), certify: bool = False,
    progress: Callable[[Finding], None] = lambda f: None,
) -> Report:  # fmt: skip
    """The report on one objective. `only`: these properties, without the row; `also`: these on request; `certify`: cvc5 has
    to confirm what z3 says. Raises BadTarget.
    """
    name = target if isinstance(target, str) else getattr(target, "__name__", "objective")
    f = function(target) if isinstance(target, str) else target
    if kind(f) == "advantage":
        if advantage is not None:
            raise BadTarget(f"{name} is an advantage estimator: --advantage goes with an objective")
        fed = as_estimator(name, f)
        fed.certify = certify
        return auditing.audit(fed, group, length, only, progress, also=also)
    estimator = function(advantage, True) if isinstance(advantage, str) else advantage
    if estimator is not None and kind(estimator) != "advantage":
        raise BadTarget(f"the advantage {advantage} takes logp: it is an objective, not an advantage estimator")
    subject = checked(name, f, estimator) if estimator else checked(name, f)
    subject.certify = certify
    if subject.takes("advantages"):
        subject.fed_by = advantage if isinstance(advantage, str) else getattr(advantage, "__name__", "")
    report = auditing.audit(subject, group, length, only, progress, also=also)
    for finding in report.findings:
        if finding.witness is not None and subject.fed_by:
            finding.witness["advantage"] = subject.fed_by  # what a replay feeds the objective with
    report.fed = subject.fed_by
    if only is None:
        report.fitted = True
        found = fit(subject)
        report.row = found.everywhere.row() if found.everywhere else None
        report.findings = lift(subject, found, report.findings, group, length)
        builtins = {n: checked(n, objectives.load(n)) for n in objectives.names() if n != name}
        report.matches = matches(subject, builtins)
    return report
