"""docs/questions.md and docs/inputs.md: the output is what the commands print, and what it cites is recorded as proved."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import questions  # noqa: E402

from lossproof import records  # noqa: E402
from theory.verdict import Status  # noqa: E402

TEXT = questions.PLACE.read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
COMMANDS = dict(questions.BLOCK.findall(TEXT + questions.INPUTS.read_text(encoding="utf-8")))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_what_is_quoted(command):
    assert questions.output(command) == COMMANDS[command].rstrip("\n") + "\n"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.splitlines()[0])
def test_each_answer_has_a_command_and_a_proposition_that_is_proved(section):
    recorded = records.read(questions.ROOT / records.NAME)
    cited = re.findall(r"`((?:fontana2026|lossproof)\.[a-z0-9_.]+)`", section)
    assert questions.BLOCK.search(section) and (cited or "No proposition stands behind this" in section)
    assert [id for id in cited if recorded.get(id) is not Status.PROVED] == []
