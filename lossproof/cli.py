"""The command `lossproof`. Imports SymPy and torch only once a command needs them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated

import typer

from . import commands

if TYPE_CHECKING:
    from .report.json import Entry

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def about() -> None:
    """Prove or refute what is claimed of RL objectives."""


app.command()(commands.audit)
app.command()(commands.compare)
app.command()(commands.replay)


@app.command()
def check(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Claims whose id starts so; all if none.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the verdicts as JSON.")] = None,
    write: Annotated[Path | None, typer.Option(metavar="FILE", help="Render the verdicts: paper_checks.md.")] = None,
    jobs: Annotated[int, typer.Option("-n", "--jobs", min=1, help="Processes.", show_default="one per core")] = CORES,
) -> None:
    """Prove or refute every registered proposition, and print the table.

    Exit code 0: every recorded verdict was re-established; 1: one was not; 2: bad usage.
    """
    with _progress() as progress:
        from .session import check as run

        outcome = run(ids or [], json, write, jobs, progress)
    _show(outcome.entries)
    for line in (*outcome.failures, *outcome.misuse):
        typer.secho(line, fg="red", err=True)
    raise typer.Exit(outcome.exit_code)


def _show(entries: "list[Entry]") -> None:
    from .report import terminal

    width = get_terminal_size().columns if sys.stdout.isatty() else terminal.WIDTH
    if entries:
        for line, status in (*terminal.table(entries, max(width, terminal.WIDTH)), *terminal.footer(entries)):
            typer.secho(line, fg=terminal.COLOURS[status] if status else None)


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(metavar="[propositions|properties|objectives]")] = "propositions",
) -> None:
    """List what there is, one name per line."""
    if kind not in LISTS:
        typer.secho(f"nothing to list under {kind!r}; there are: {', '.join(LISTS)}", fg="red", err=True)
        raise typer.Exit(2)
    LISTS[kind]()


def _propositions() -> None:
    from .check import load

    registry, broken = load()
    for p in registry.values():
        typer.echo(f"{p.id:36} {p.title}")
    for line in broken:
        typer.secho(line, fg="red", err=True)
    if broken:
        raise typer.Exit(1)


def _properties() -> None:
    from .advantage import everything as of_estimators
    from .properties import everything as of_objectives

    for p in (*of_objectives().values(), *of_estimators().values()):
        typer.echo(f"{p.id:28} {p.statement}{' (on request)' if p.on_request else ''}")


def _objectives() -> None:
    from numerics.objectives import names

    from . import frameworks
    from .subject import BadTarget

    for name in names():
        typer.echo(name)
    for framework, version in frameworks.installed().items():
        try:
            found = frameworks.targets(framework)
        except BadTarget as e:
            typer.secho(str(e), fg="red", err=True)
            continue
        for target in found:
            typer.echo(f"{target:36} {frameworks.PACKAGES[framework]} {version}")


LISTS: dict[str, Callable[[], None]] = {
    "propositions": _propositions,
    "properties": _properties,
    "objectives": _objectives,
}


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """A callback (id that is done, number of all), which draws a bar on a terminal and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda id, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("loading", total=None)
        yield lambda id, total: bar.update(task, description=id, total=total, advance=1)


def main() -> None:
    """Entry point. A title may hold letters that the output cannot encode: they must not end the run."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
