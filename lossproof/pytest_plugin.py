"""pytest as the proof checker: propositions are tests, and the run ends with one row per claim.

A module that states propositions is collected as `theory/fontana2026/prefix_bias.py::fontana2026.prop1`; its ids are
read from the source, so that neither loading this plugin nor listing imports SymPy or torch. An item passes only if its
claim is decided, and as recorded in `paper_checks.md`. All that the table needs travels on the test reports, so that it
is the same under xdist. Silent when no proposition ran.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .report.json import Entry

IMPORT = re.compile(rb"proposition\b.* import |import .*\bproposition\b")  # what a module that states claims must say


class Undecided(Exception):
    """The claim is not decided as recorded; the message says what a reader needs to act on it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lossproof", "proof checker")
    group.addoption("--verdict-json", metavar="FILE", type=Path, help="write the verdicts as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proposition: a claim that lossproof proves or refutes")
    if path := config.getoption("--verdict-json"):
        try:
            path.open("a").close()  # now, not after minutes of work
        except OSError as e:
            raise pytest.UsageError(f"--verdict-json: {path} cannot be written: {e.strerror}") from None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    # Only below a folder `theory`: other projects pay nothing for this plugin. A file named on the command line,
    # wherever it is, comes through pytest_pycollect_makemodule: pytest would also import it to look for test functions.
    if "theory" not in file_path.parts or parent.session.isinitpath(file_path):
        return None
    return _collector(file_path, parent)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return _collector(module_path, parent)


def _collector(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if path.suffix != ".py" or path.name.startswith(("test_", "conftest")):
        return None
    try:
        if not IMPORT.search(path.read_bytes()):
            return None
    except OSError:
        return None
    from .stated import stated

    try:
        ids = stated(path)
    except (SyntaxError, ValueError):
        return Statements.of(parent, path, {})  # it states claims that cannot be read: it must not vanish from the list
    return Statements.of(parent, path, ids) if ids else None


class Statements(pytest.File):
    """A module that states propositions."""

    ids: dict[str, int]

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, ids: dict[str, int]) -> Statements:
        node: Statements = cls.from_parent(parent, path=path)
        node.ids = ids
        return node

    def collect(self) -> Iterable[pytest.Item]:
        from .stated import module_name

        module = module_name(self.path)
        for id, line in (self.ids or {module: 1}).items():
            yield Claim.of(self, id, module, line)


class Claim(pytest.Item):
    """One proposition: decided, confronted with its evidence, replayed, compared with its record."""

    module: str
    line: int
    entry: Entry | None = None
    order: list[Any]

    @classmethod
    def of(cls, parent: Statements, id: str, module: str, line: int) -> Claim:
        node: Claim = cls.from_parent(parent, name=id)
        node.module, node.line = module, line
        node.add_marker("proposition")
        return node

    def runtest(self) -> None:
        from . import records
        from .items import examined, failure

        found = examined(self.name, self.module, self.path, self.line, records.locate())
        self.entry, self.order = found.entry, found.order
        self.user_properties += [
            ("lossproof.verdict", self.entry["verdict"]),
            ("lossproof.rests_on", " ".join(self.entry["rests_on"])),
            ("lossproof.certificate", self.entry["certificate"] or ""),
        ]
        message = failure(self.entry, found.recorded, found.stale)
        if message:
            raise Undecided(message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from .records import Unreadable

        if isinstance(excinfo.value, (Undecided, Unreadable)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    testing = sys.modules.get("lossproof.testing")  # loaded only where a test asserted a property
    if testing is not None and call.excinfo is not None and isinstance(call.excinfo.value, testing.PropertyError):
        try:
            report.sections.append(("the witness, as plain PyTorch", call.excinfo.value.replay()))
        except Exception as e:  # the failure itself matters more than how it is shown
            report.sections.append(("the witness", f"{call.excinfo.value.finding.witness} ({type(e).__name__}: {e})"))
    if isinstance(item, Claim) and report.when == "call" and item.entry is not None:
        # plain JSON data: xdist carries it to the controller
        report.lossproof, report.lossproof_order = item.entry, item.order  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    # xdist's workers have no terminal: this runs once, where all reports have arrived
    reports = [r for group in terminalreporter.stats.values() for r in group if getattr(r, "lossproof", None)]
    path = config.getoption("--verdict-json")
    if not reports and not path:
        return
    from .report import json, terminal

    entries = [r.lossproof for r in sorted(reports, key=lambda r: r.lossproof_order)]
    if path:
        json.write(path, entries)
    if not entries:
        return
    terminalreporter.section("claims")
    for line, status in (*terminal.table(entries), *terminal.footer(entries)):
        colour = {terminal.COLOURS[status]: True} if status else {}
        terminalreporter.write_line(line, **colour)
