"""The auditor on mistakes that were made: the wrong formula is refuted on the property named, the right one is not."""

import re
from pathlib import Path

import controls
import cuts
import estimators
import normalisers
import options
import penalties
import pytest
import ratios
import side_effects

from lossproof import advantage, properties
from lossproof.compare import compare
from lossproof.decide import decide
from lossproof.replay import replay
from lossproof.target import checked, estimator, kind

PAIRS = [p for module in (ratios, penalties, normalisers, cuts, estimators, side_effects, options) for p in module.PAIRS]
IDS = sorted({p.id for p in PAIRS if not p.id.startswith("adv-")} - {"kl-pulls-to-reference", "kl-gradient-exact"})
KNOWN = properties.everything() | advantage.everything()


def subject_of(f):
    return estimator(f.__name__, f) if kind(f) == "advantage" else checked(f.__name__, f)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_wrong_formula_is_refuted_by_an_input_that_breaks_it(pair):
    subject = subject_of(pair.wrong)
    finding = decide(KNOWN[pair.id], subject, pair.G, pair.T)
    assert finding.verdict == "refuted", finding
    again, said = replay(finding.witness | {"property": pair.id}, subject)
    assert again, said


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_right_formula_is_not(pair):
    finding = decide(KNOWN[pair.id], subject_of(pair.right), pair.G, pair.T)
    assert finding.verdict == pair.right_is, finding


@pytest.fixture(scope="module")
def without_log():
    return {id: decide(KNOWN[id], subject_of(controls.clipped), 3, 2).verdict for id in IDS}


@pytest.mark.parametrize("logging", controls.CONTROLS)
def test_a_wrong_log_changes_no_verdict(logging, without_log):
    before = dict(controls.LOG)
    assert {id: decide(KNOWN[id], subject_of(logging), 3, 2).verdict for id in IDS} == without_log
    assert controls.LOG != before  # it did log


def test_a_fused_loss_is_told_from_the_eager_one():
    """Row 39: differential testing of the two paths on the same tensors."""
    eager, fused = subject_of(ratios.kept_clip), subject_of(ratios.ratio_to_itself)
    outcome = compare(eager, fused, [(2, 2)])
    assert outcome.relation == "different" and outcome.finding.witness["left"] != outcome.finding.witness["right"]


def test_every_row_is_here_or_said_to_be_out_of_scope():
    """The table in the README of this folder names each row, its formulas and its property."""
    text = (Path(__file__).parent / "README.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    said = {(line.split("|")[1].strip(), id) for line in rows for id in re.findall(r"`([a-z-]+)`", line) if id in KNOWN}
    assert said == {(p.where, p.id) for p in PAIRS}
