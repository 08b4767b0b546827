"""Every number that the notes quote as checked agrees with a recomputation, or the disagreement is reported where people look."""

import numpy as np
import pytest

from numerics.evidence import load as load_evidence
from numerics.related.numbers import load
from numerics.related.numbers.__main__ import DOCUMENT, render
from numerics.related.numbers.measured import MEASURED
from numerics.related.numbers.row import agreement, judged, value
from theory.proposition import REGISTRY
from theory.proposition import load as load_propositions

ROWS = load()


@pytest.fixture(scope="module", autouse=True)
def registry():
    load_propositions()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.source}: {row.what}")
def test_the_number_agrees_or_the_disagreement_is_reported(row):
    found, verdict = judged(row)
    assert np.isfinite(found).all()
    if verdict in ("cut off", "differs"):
        assert row.remark
        reports = [check().detail for id in row.ids for check in load_evidence()[id]] + [REGISTRY[id].finding for id in row.ids]
        wrong = [q for q, x in zip(row.quoted, found, strict=True) if agreement(q, x, row.error) == verdict]
        assert any("notes" in text and wrong[0].lstrip("0") in text for text in reports), "paper_checks.md does not say so"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.source}: {row.what}")
def test_another_last_digit_would_not_agree(row):
    for quoted, x in zip(row.quoted, judged(row)[0], strict=True):
        if agreement(quoted, x) == "agrees":
            unit = value(quoted)[1] or 1
            assert "agrees" not in {agreement(quoted, x + 1.01 * unit), agreement(quoted, x - 1.01 * unit)}


def test_the_propositions_exist():
    named = [id for row in ROWS for id in row.ids] + [id for _, _, id in MEASURED]
    assert [id for id in named if id not in REGISTRY] == []
    assert [id for _, _, id in MEASURED if not REGISTRY[id].reason] == []


def test_the_document_is_current():
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run python -m numerics.related.numbers"


@pytest.mark.parametrize(
    ("quoted", "found", "error", "verdict"),
    [
        (".260", 0.25958, 0, "agrees"),
        ("0.168", 0.16876, 0, "cut off"),
        ("0.168", 0.16712, 0, "differs"),
        (".0015", 0.00163, 0, "differs"),
        ("-.0153", 0.0153, 0, "differs"),
        ("54%", 0.5405, 0, "agrees"),
        ("54%", 0.5460, 0, "cut off"),
        ("7,340", 7341, 0, "differs"),
        ("6.9e-4", 6.92e-4, 0, "agrees"),
        ("6.9e-4", 7.1e-4, 0, "differs"),
        ("1", 0.9999, 0, "differs"),
        (".77", 0.75, 0.03, "within its error"),
    ],
)
def test_agreement_is_about_the_printed_digits(quoted, found, error, verdict):
    assert agreement(quoted, found, error) == verdict
