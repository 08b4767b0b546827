"""Runs the commands of docs/questions.md and docs/inputs.md. As a script it renews the output below each of them:
`python tests/cli/questions.py`."""

import os
import re
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

import torch
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
PLACE, INPUTS = (ROOT / "docs" / name for name in ("questions.md", "inputs.md"))
BLOCK = re.compile(r"^    \$ (lossproof .*)\n((?:\n?    (?!\$ ).*\n)*)", re.MULTILINE)


def trimmed(report):
    """A report without the lines that repeat a claim or describe a proof."""
    from lossproof.report.audit import lines

    print("\n".join(text for text, style in lines(report) if text and not (style == "dim" and text.startswith("    "))))


def output(command):
    """What a command prints, in the folder that its files are in."""
    from lossproof.cli import app

    torch.set_num_threads(1)
    with chdir(ROOT / "examples" / "questions"), patch("lossproof.commands.show", trimmed):
        ran = CliRunner().invoke(app, command.split()[1:])
    assert ran.exit_code == 0, ran.output
    return "".join(f"    {line}\n" for line in ran.stdout.splitlines())


def renewed(text):
    return BLOCK.sub(lambda m: f"    $ {m[1]}\n{output(m[1])}", text)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    for place in (PLACE, INPUTS):
        place.write_text(renewed(place.read_text(encoding="utf-8")), encoding="utf-8")
