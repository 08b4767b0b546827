"""`docs/objectives.md` says what an audit of today finds."""

import pytest

from lossproof import advantage, properties
from lossproof.report import matrix
from numerics import advantages, objectives

TEXT = matrix.PLACE.read_text(encoding="utf-8")
RECORDED = matrix.recorded(TEXT)


@pytest.mark.parametrize("name", [*objectives.names(), *advantages.names()])
def test_a_column_is_what_an_audit_finds(name: str) -> None:
    report = matrix.column(name)
    assert {f.id: f.verdict for f in report.findings} == RECORDED[name]
    if report.kind == "objective":
        assert list(matrix.rows([report]))[-1] in TEXT.splitlines()


def test_every_builtin_and_every_property_is_there() -> None:
    assert set(RECORDED) == {*objectives.names(), *advantages.names()}
    for name, verdicts in RECORDED.items():
        known = properties.load() if name in objectives.names() else advantage.load()
        assert [i for i in verdicts if i in known] == list(known), name


def test_a_file_is_read_as_it_was_written() -> None:
    reports = {n: matrix.column(n) for n in ("centred", "std")}
    text = "\n".join(matrix.table([*reports.values()]))
    assert matrix.recorded(text) == {n: {f.id: f.verdict for f in r.findings} for n, r in reports.items()}
