"""Every claim of the notes on related papers is a proposition with a verdict, and every such proposition answers a claim."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from theory.proposition import REGISTRY, load

LINES = [line for line in (Path(__file__).parent / "claims.txt").read_text(encoding="utf-8").splitlines() if line]
CLAIMS = [line.rsplit(": ", 1) for line in LINES if not line.startswith("#")]
SOURCES = (
    "hadw gdpo gac oblrpo maskgrpo disco sgpo dpo owmmd rubric_arm ustat length_impossibility drgrpo kl_estimators clip_entropy "
    "gspo cispo"
).split()


@pytest.fixture(scope="module", autouse=True)
def registry():
    load()


def answers(patterns):
    return {id for id in REGISTRY for pattern in patterns.split() if fnmatchcase(id, pattern)}


@pytest.mark.parametrize(("claim", "patterns"), CLAIMS, ids=[claim for claim, _ in CLAIMS])
def test_every_claim_has_a_proposition(claim, patterns):
    missing = [p for p in patterns.split() if not answers(p)]
    assert not missing, claim


def test_every_source_is_listed():
    assert {claim.partition(":")[0] for claim, _ in CLAIMS} == set(SOURCES)


def test_every_proposition_answers_a_claim():
    listed = set().union(*(answers(patterns) for _, patterns in CLAIMS))
    repairs = {p.repair for p in REGISTRY.values() if p.repair} | {f"{id}.repaired" for id in listed}
    assert sorted(id for id, p in REGISTRY.items() if p.paper in SOURCES and id not in listed | repairs) == []


def test_what_is_not_judged_says_why():
    open_ones = [p for p in REGISTRY.values() if p.paper in SOURCES and not (p.proof or p.witness)]
    assert [p.id for p in open_ones if len(p.reason.split()) < 5] == []


def test_a_reconstruction_never_speaks_of_the_paper_in_error():
    guilty = ("the paper's error", "the paper is wrong", "error of the paper", "the authors' error", "the paper errs")
    guessed = [p for p in REGISTRY.values() if "reconstruction" in p.source]
    assert guessed and [p.id for p in guessed if any(words in p.finding.lower() for words in guilty)] == []
