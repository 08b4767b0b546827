"""The audit for people: the row first, then findings in order of harm, then what is proved. Lines of (text, style)."""

from collections.abc import Iterator
from textwrap import wrap

from ..advantage import everything as of_estimators
from ..auditor import Report
from ..decide import Finding
from ..properties import everything
from .words import IDLE, sentence

STYLES = {"refuted": "bold red", "proved": "green", "tested": "cyan", "unknown": "bold yellow", "not-applicable": "dim"}
HEADINGS = {
    "refuted": "Refuted", "unknown": "Unknown", "tested": "Tested, not proved", "proved": "Proved",
    "not-applicable": "Not applicable",
}  # fmt: skip
Line = tuple[str, str]


def lines(report: Report, width: int = 100) -> Iterator[Line]:
    """The whole report."""
    fed = f", advantages by {report.fed}" if report.fed else ""
    yield f"{report.target}: {report.kind}{fed}, group {report.group}, lengths 1..{report.length}", "bold"
    yield from row(report)
    order = {i: p.harm for i, p in (everything() | of_estimators()).items()}
    for verdict, heading in HEADINGS.items():
        chosen = sorted((f for f in report.findings if f.verdict == verdict), key=lambda f: order.get(f.id, 50))
        if not chosen:
            continue
        yield "", ""
        yield f"{heading} ({len(chosen)})", STYLES[verdict]
        if verdict == "not-applicable":
            yield from folded(", ".join(f.id for f in chosen), width, "  ")
            continue
        for f in chosen:
            yield from entry(f, width)
    yield from knobs(report, width)
    yield "", ""
    counts = ", ".join(f"{n} {v}" for v in HEADINGS if (n := sum(f.verdict == v for f in report.findings)))
    yield counts, "bold"


def row(report: Report) -> Iterator[Line]:
    """The loss's own row of Table 1, and the built-ins it equals."""
    if report.row:
        for name, text in (
            ("alpha", report.row["alpha"]),
            ("s", report.row["ratio"]),
            ("R", report.row["regulariser"]),
            ("A", report.row["advantage"]),
        ):
            yield f"  {name:6}{text}", ""
    elif report.fitted:
        yield "  no row of Table 1 fits this loss", "dim"
    for m in report.matches:
        factor = f" (factor {m['factor']})" if m["relation"] == "proportional" else ""
        yield f"  {m['relation']}{factor} to the built-in {m['objective']}", "green"


def entry(f: Finding, width: int) -> Iterator[Line]:
    """One finding: refutations with the witness in words, proofs with their method and scope."""
    yield f"  {f.id}", STYLES[f.verdict]
    if f.verdict == "refuted":
        yield from folded(f"claim: {f.statement}", width, "    ", "dim")
        yield from folded(sentence(f.witness or {}), width, "    ")
    elif f.verdict == "proved":
        yield from folded(f"{f.statement} [{f.scope}; {f.method}]", width, "    ", "dim")
    else:
        detail = f.method if f.verdict == "tested" else ""
        yield from folded(f"{detail}{'; ' if detail and f.reason else ''}{f.reason or ''}", width, "    ", "dim")
    if f.formula:
        yield from folded(f.formula, width, "    ")


def knobs(report: Report, width: int) -> Iterator[Line]:
    """The knobs of a framework's target that do nothing."""
    if report.inert:
        yield "", ""
        yield f"{IDLE[report.kind]} ({len(report.inert)})", "bold"
    for k in report.inert or []:
        yield f"  {k.knob}", STYLES[k.verdict]
        yield from folded(
            f"{k.verdict}: {k.target} with {', '.join(map(str, k.values))} instead [{k.scope}]", width, "    ", "dim"
        )


def folded(text: str, width: int, indent: str, style: str = "") -> Iterator[Line]:
    for line in wrap(text, width, initial_indent=indent, subsequent_indent=indent):
        yield line, style
