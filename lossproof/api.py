"""`lossproof.audit` for notebooks and programs: audits a function or a TARGET, objective or advantage estimator."""

from collections.abc import Callable
from typing import Any

from numerics import objectives

from . import auditor as auditing
from .auditor import Report
from .compare import matches
from .decide import Finding
from .row import infer
from .subject import BadTarget
from .target import checked, function, kind
from .target import estimator as as_estimator


def audit(
    target: Callable[..., Any] | str, *, advantage: Callable[..., Any] | str | None = None, group: int = 4, length: int = 3,
    only: list[str] | None = None, progress: Callable[[Finding], None] = lambda f: None,
) -> Report:  # fmt: skip
    """The report on one objective. `only`: these properties, without the row. Raises BadTarget."""
    name = target if isinstance(target, str) else getattr(target, "__name__", "objective")
    f = function(target) if isinstance(target, str) else target
    if kind(f) == "advantage":
        if advantage is not None:
            raise BadTarget(f"{name} is an advantage estimator: --advantage goes with an objective")
        return auditing.audit(as_estimator(name, f), group, length, only, progress)
    estimator = function(advantage) if isinstance(advantage, str) else advantage
    if estimator is not None and kind(estimator) != "advantage":
        raise BadTarget(f"the advantage {advantage} takes logp: it is an objective, not an advantage estimator")
    subject = checked(name, f, estimator) if estimator else checked(name, f)
    report = auditing.audit(subject, group, length, only, progress)
    if only is None:
        report.fitted = True
        report.row = infer(subject)
        builtins = {n: checked(n, objectives.load(n)) for n in objectives.names() if n != name}
        report.matches = matches(subject, builtins)
    return report


def check_ids(needed: list[str], report: Report) -> None:
    there = {f.id for f in report.findings}
    for i in needed:
        if i not in there:
            raise BadTarget(f"--require {i}: there is no such property; `lossproof list properties` lists them")
