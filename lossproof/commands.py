"""The commands about objectives: audit, compare, replay. Registered on the application in `lossproof.cli`."""

import json as jsonlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from .auditor import Report


def audit(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="file.py:function, a.module:function, a built-in or trl:NAME.")],
    advantage: Annotated[str | None, typer.Option(metavar="TARGET", help="The estimator that feeds the objective.")] = None,
    group: Annotated[int, typer.Option(metavar="G", help="Completions per group.")] = 4,
    length: Annotated[int, typer.Option(metavar="T", help="Longest completion, in tokens.")] = 3,
    only: Annotated[str | None, typer.Option(metavar="ID,..", help="Only these properties.")] = None,
    require: Annotated[str | None, typer.Option(metavar="ID,..", help="Exit 1 if one of these is not proved.")] = None,
    certify: Annotated[bool, typer.Option("--certify", help="Count a proof only where cvc5 confirms z3.")] = False,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as one HTML page.")] = None,
) -> None:
    """Prove or refute what a PyTorch objective (or advantage estimator) does.

    Exit code 0: the audit is complete; 1: a required property is not proved; 2: the target cannot be audited.
    """
    with _usage():
        from .api import audit as run

        needed = _ids(require)
        chosen = _ids(only)
        wanted = list(dict.fromkeys([*chosen, *needed])) if chosen else None
        for path in (json, html):
            if path is not None:
                path.open("a").close()
        with _progress() as progress:
            report = run(
                target, advantage=advantage, group=group, length=length, only=wanted, also=needed, certify=certify,
                progress=progress,
            )  # fmt: skip
        if advantage is not None and not report.fed:
            typer.secho(
                f"{target} makes its own advantages from rewards: --advantage {advantage} has no effect on it",
                fg="yellow",
                err=True,
            )
        show(report)
        if json is not None:
            json.write_text(jsonlib.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
        if html is not None:
            from .report.html import page

            html.write_text(page(report), encoding="utf-8")
    missing = [f for f in report.findings if f.id in needed and f.verdict != "proved"]
    for f in missing:
        typer.secho(f"required, but {f.verdict}: {f.id}", fg="red", err=True)
    raise typer.Exit(1 if missing else 0)


def compare(
    a: Annotated[str, typer.Argument(metavar="A")],
    b: Annotated[str, typer.Argument(metavar="B")],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the outcome as JSON.")] = None,
) -> None:
    """Say whether two objectives have equal or proportional gradients, or what tells them apart."""
    with _usage():
        from .compare import compare as run
        from .report.words import sentence
        from .target import objective

        outcome = run(objective(a), objective(b))
        factor = f", factor {outcome.factor}" if outcome.relation == "proportional" else ""
        typer.echo(f"{a} and {b}: {outcome.relation}{factor}" + (f" ({outcome.note})" if outcome.note else ""))
        finding = outcome.finding
        if finding is not None:
            said = sentence(finding.witness) if finding.witness else f"{finding.method}; {finding.reason or finding.scope}"
            typer.echo(f"  {said}")
        if json is not None:
            data = {"schema": 1, "a": a, "b": b, "relation": outcome.relation, "factor": outcome.factor, "note": outcome.note,
                    "finding": finding.as_json() if finding else None}  # fmt: skip
            json.write_text(jsonlib.dumps(data, indent=1) + "\n", encoding="utf-8")


def replay(witness: Annotated[Path, typer.Argument(metavar="WITNESS.json")]) -> None:
    """Re-run a stored witness in plain PyTorch. Exit code 0: still violated; 1: not any more."""
    with _usage():
        from .replay import read
        from .replay import replay as run

        violated, text = run(read(witness))
        typer.echo(text)
    raise typer.Exit(0 if violated else 1)


def show(report: "Report") -> None:
    from rich.console import Console
    from rich.text import Text

    from .report.audit import lines

    width = min(get_terminal_size().columns, 110) if sys.stdout.isatty() else 100
    console = Console(width=width + 1, highlight=False, soft_wrap=True)
    for text, style in lines(report, width):
        console.print(Text(text, style=style))


def _ids(text: str | None) -> list[str]:
    return [i.strip() for i in text.split(",") if i.strip()] if text else []


@contextmanager
def _usage() -> Iterator[None]:
    """One sentence for what the user can mend, exit code 2."""
    from .subject import BadTarget

    try:
        yield
    except BadTarget as e:
        typer.secho(str(e), fg="red", err=True)
        raise typer.Exit(2) from None
    except OSError as e:
        typer.secho(f"{e.filename} cannot be written: {e.strerror}", fg="red", err=True)
        raise typer.Exit(2) from None


@contextmanager
def _progress() -> Iterator[Callable[[Any], None]]:
    if not sys.stderr.isatty():
        yield lambda finding: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("recording")
        yield lambda finding: bar.update(task, description=f"{finding.id}: {finding.verdict}")
