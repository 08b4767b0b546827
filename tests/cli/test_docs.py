"""The documents say what is true of this tree: commands exist, files are current, no claim is missing."""

import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lossproof import records
from lossproof.check import Result, load
from lossproof.cli import LISTS, app
from lossproof.report import markdown
from theory.verdict import Verdict

ROOT = Path(__file__).parents[2]
MAKE_TARGETS = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def commands(document):
    """The indented command lines of a document, without comments."""
    blocks = re.findall(r"^    (?:\.venv/bin/)?(make|lossproof|pytest)\b *([^#\n]*)", document, re.MULTILINE)
    inline = re.findall(r"`(?:\.venv/bin/)?(make|lossproof|pytest) ([^`]*)`", document)
    return [(tool, rest.split()) for tool, rest in blocks + inline]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_command_in_the_documents_exists(name):
    subcommands = typer.main.get_command(app).commands
    for tool, words in commands(text(name)):
        if tool == "make":
            assert set(words) <= set(MAKE_TARGETS), words
        if tool == "lossproof":
            assert words[0] in subcommands, words
            offered = CliRunner().invoke(app, [words[0], "--help"]).stdout
            assert all(word in offered for word in words[1:] if word.startswith("-")), words
            assert words[0] != "list" or set(words[1:]) <= set(LISTS), words


def test_the_readme_gives_the_two_commands_first():
    first = [(tool, words) for tool, words in commands(text("README.md"))][:2]
    assert first == [("make", []), ("make", ["test"])]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_path_in_the_documents_exists(name):
    named = re.findall(r"`((?:theory|numerics|lossproof|tests)/[\w./]*)`", text(name))
    named += re.findall(r"\]\(([\w./]+)\)", text(name))
    named += ["theory/results/example.py"] if name == "CONTRIBUTING.md" else []
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_contributing_is_short():
    assert len(text("CONTRIBUTING.md").splitlines()) <= 50


PULLED_IN = "accelerate datasets pandas peft pyarrow ray tensordict torchdata transformers triton".split()  # by frameworks


def test_every_direct_dependency_is_pinned_and_nothing_else():
    project = tomllib.loads(text("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    pins = [line for line in text("constraints.txt").splitlines() if not line.startswith("#")]
    assert sorted([*PULLED_IN, *(re.split("[<>=]", d)[0] for d in wanted)]) == sorted(pin.partition("==")[0] for pin in pins)
    assert "torch==2.13.0" in pins
    assert "://" not in text("constraints.txt")


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert f'__version__ = "{version}"' in text("lossproof/__init__.py")
    assert f"version: {version}" in text("CITATION.cff")
    assert f"## {version}" in text("CHANGELOG.md")


def test_every_claim_of_the_paper_is_registered_and_every_proposition_recorded():
    registry, broken = load()
    assert broken == []
    claimed = text("tests/proofs/claim_ids.txt").split()
    assert [id for id in claimed if id not in registry] == []
    recorded = records.read(ROOT / records.NAME)
    assert sorted(recorded) == sorted(registry)
    assert "unknown" not in recorded.values()
    assert [p.repair for p in registry.values() if p.repair and p.repair not in registry] == []


def test_the_changelog_names_every_proposition():
    assert [id for id in load()[0] if f"`{id}`" not in text("CHANGELOG.md")] == []


def test_paper_checks_has_every_claim_in_order_and_nothing_else():
    """That what it says of each claim is what a run finds, the claim's own test in `theory` checks (see `lossproof.items`)."""
    registry, _ = load()
    recorded = records.read(ROOT / records.NAME)
    bare = [Result(id, Verdict(recorded[id])) for id in registry]
    headings = re.compile(r"^#+ .*$|^\| .*\| \d+ \| \d+ \|.*$", re.MULTILINE)  # and the table of sources
    assert headings.findall(text(records.NAME)) == headings.findall(markdown.render(registry, bare))
    assert [*recorded] == [*registry]


def test_every_figure_is_there_and_its_caption_names_propositions():
    document = text("docs/figures.md")
    drawn = re.findall(r"!\[\w+\]\((figures/\w+\.svg)\)", document)
    assert len(drawn) == document.count("\n## ") >= 4
    assert [path for path in drawn if not (ROOT / "docs" / path).is_file()] == []
    registry, _ = load()
    for section in document.split("\n## ")[1:]:
        named = re.findall(r"`([a-z_0-9]+(?:\.[a-z_0-9]+)+)`", section)
        assert named and set(named) <= set(registry), named
