"""The command: exit codes, one clear sentence for bad input, and a quick start."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import lossproof
from lossproof.cli import app


@pytest.fixture
def lossproof_(tmp_path, monkeypatch):
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(app, args)


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_table_goes_to_stdout_and_success_is_0(tiny, lossproof_):
    tiny(tiny.double(), tiny.square())
    ran = lossproof_("check")
    assert (ran.exit_code, ran.stderr) == (0, "")
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert [row[0] for row in rows[1:3]] == ["tiny.double", "tiny.square"]
    assert "2 claims: 1 proved, 1 refuted" in ran.stdout
    assert "\x1b" not in ran.stdout  # no colours in a pipe


def test_undecided_is_1_and_bad_ids_are_2_with_one_sentence_on_stderr(tiny, lossproof_):
    tiny(tiny.double(proof=lambda goal: None))
    ran = lossproof_("check")
    assert (ran.exit_code, ran.stderr) == (1, "tiny.double is undecided\n")
    ran = lossproof_("check", "nobody")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == "no claim's id starts with 'nobody'; see: lossproof list\n"


def test_write_and_json(tiny, lossproof_, tmp_path):
    tiny(tiny.double())
    assert lossproof_("check", "--write", "paper_checks.md", "--json", "out.json", "-n", "1").exit_code == 0
    assert "| `tiny.double` | twice is the sum | proved |" in (tmp_path / "paper_checks.md").read_text()
    assert json.loads((tmp_path / "out.json").read_text())["propositions"][0]["verdict"] == "proved"


@pytest.mark.parametrize("args", [("check", "--bogus"), ("check", "-n", "0"), ("list", "dogs"), ("frobnicate",)])
def test_bad_usage_is_2_without_a_traceback(lossproof_, args):
    ran = lossproof_(*args)
    assert ran.exit_code == 2
    assert "Traceback" not in ran.output and isinstance(ran.exception, SystemExit)
    assert args[-1].lstrip("-") in ran.stderr or "-n" in ran.stderr


def test_list_propositions_and_objectives(tiny, lossproof_):
    tiny(tiny.double(), tiny.square())
    assert [line.split()[0] for line in lossproof_("list").stdout.splitlines()] == ["tiny.double", "tiny.square"]
    assert lossproof_("list", "propositions").stdout == lossproof_("list").stdout
    assert "dr_grpo" in lossproof_("list", "objectives").stdout.split()


def test_starting_up_imports_neither_sympy_nor_torch():
    code = """
import sys
from lossproof.cli import app
try:
    app(["check", "--help"])
except SystemExit:
    pass
sys.exit([m for m in ("sympy", "torch", "numpy", "rich.progress") if m in sys.modules] or 0)
"""
    ran = python(code)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Exit code 0: every recorded verdict was re-established" in ran.stdout


def test_an_output_that_cannot_encode_a_title_does_not_end_the_run(tmp_path):
    command = [sys.executable, "-m", "lossproof", "list", "objectives"]
    ran = subprocess.run(command, capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0, ran.stderr
    code = "import sys; from lossproof import cli; cli.app = lambda: print('\\u03a3'); cli.main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env={"PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stdout) == (0, b"?\n")


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert version("lossproof") == lossproof.__version__
