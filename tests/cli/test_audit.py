"""The commands about objectives, as a user types them: exit codes, one-sentence errors, the files they write."""

import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lossproof.cli import app

CHEAP = "prefix-neutral,length-neutral,equal-rewards-silent"
LOSS = """
import torch

def good(logp, advantages, mask):
    return -(logp * advantages * mask).sum() / mask.shape[0]

def padded(logp, advantages, mask):
    return -(logp * advantages).mean()

def halved(logp, advantages, mask):
    return good(logp, advantages, mask) / 2

def vector(logp, mask):
    return logp.sum(1)

def dead(logp, advantages):
    return -(logp.detach() * advantages).sum()

def raises(logp, rewards):
    raise ValueError("no luck")

def odd(logp, temperature):
    return logp.sum() * temperature

def nothing(foo):
    return foo

def nan(logp, advantages):
    return (logp * advantages).sum() / 0

limit = 3
"""


@pytest.fixture
def my(tmp_path, monkeypatch):
    (tmp_path / "my_loss.py").write_text(LOSS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, [*args], catch_exceptions=False)


def test_an_audit_of_a_users_file_ends_with_0_whatever_it_finds(my):
    result = run("audit", "my_loss.py:padded", "--group", "3", "--length", "2", "--only", CHEAP + ",padding-invariant")
    assert result.exit_code == 0
    said = result.stdout
    assert said.startswith("my_loss.py:padded: objective, group 3, lengths 1..2")
    assert re.search(r"Refuted \(\d\)\n(?:.*\n)*?  padding-invariant\n", said)
    assert "rewards 1, 0 with lengths" in said


@pytest.mark.parametrize(("target", "code"), [("good", 0), ("padded", 1)])
def test_a_required_property_decides_the_exit_code(my, target, code):
    result = run(
        "audit", f"my_loss.py:{target}", "--group", "2", "--length", "2", "--only", CHEAP, "--require", "padding-invariant"
    )
    assert result.exit_code == code
    assert ("required, but refuted: padding-invariant" in result.stderr) == (code == 1)


FINDING = {"id", "verdict", "statement", "scope", "method", "seconds", "formula", "witness", "reason"}


def test_json_has_the_keys_of_the_contract(my):
    result = run("audit", "my_loss.py:padded", "--group", "3", "--length", "2", "--only", CHEAP, "--json", "out.json")
    assert result.exit_code == 0
    data = json.loads((my / "out.json").read_text())
    assert set(data) == {"schema", "kind", "target", "shapes", "row", "matches", "properties"}
    assert (data["schema"], data["kind"], data["target"]) == (1, "objective", "my_loss.py:padded")
    assert data["shapes"] == {"group": 3, "length": 2}
    assert [p["id"] for p in data["properties"]] == CHEAP.split(",")
    for p in data["properties"]:
        assert set(p) == FINDING
        assert (p["witness"] is not None) == (p["verdict"] == "refuted")
        assert p["seconds"] >= 0


def test_a_whole_audit_knows_the_row_and_what_it_equals(my):
    result = run("audit", "my_loss.py:good", "--group", "2", "--length", "1", "--json", "out.json")
    assert result.exit_code == 0
    data = json.loads((my / "out.json").read_text())
    assert data["row"]["alpha"] == "1 / G" and set(data["row"]) == {"alpha", "ratio", "regulariser", "advantage"}
    assert {"objective": "reinforce", "relation": "equal", "factor": "1"} in [m for m in data["matches"]] or data["matches"]
    assert all(set(m) == {"objective", "relation", "factor"} for m in data["matches"])


def test_the_page_is_one_file_without_links_to_others(my):
    run("audit", "my_loss.py:padded", "--group", "2", "--length", "2", "--only", "padding-invariant", "--html", "out.html")
    page = (my / "out.html").read_text()
    assert page.lower().startswith("<!doctype html>") and "padding-invariant" in page and "refuted" in page
    assert not re.search(r"""(?:src|href)=["']?(?:http|//)|@import|<script[^>]+src""", page)


def test_a_page_escapes_what_the_user_named(my):
    (my / "odd<b>.py").write_text(LOSS)
    run("audit", "odd<b>.py:good", "--group", "2", "--length", "1", "--only", "value-blind", "--html", "out.html")
    assert "odd<b>" not in (my / "out.html").read_text() and "odd&lt;b&gt;" in (my / "out.html").read_text()


def test_a_stored_witness_is_replayed(my):
    run("audit", "my_loss.py:padded", "--group", "2", "--length", "2", "--only", "padding-invariant", "--json", "out.json")
    result = run("replay", "out.json")
    assert result.exit_code == 0 and "# violated:" in result.stdout
    script = "\n".join(line for line in result.stdout.splitlines() if not line.startswith("#"))
    scope: dict[str, object] = {}
    exec(script, scope)  # plain PyTorch that anyone can paste
    assert "g0" in scope
    (my / "my_loss.py").write_text(LOSS.replace("(logp * advantages).mean()", "(logp * advantages * mask).mean() * 0"))
    mended = run("replay", "out.json")
    assert mended.exit_code == 1 and "the claim holds on this input" in mended.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "is not JSON"), ("[]", "is no witness"), ("{}", "is no witness"), ('{"property": "finite"}', "which target")],
)
def test_a_bad_witness_is_bad_usage(my, content, said):
    (my / "w.json").write_text(content)
    result = run("replay", "w.json")
    assert result.exit_code == 2 and said in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_a_missing_witness_is_bad_usage(my):
    assert run("replay", "gone.json").exit_code == 2


def test_compare(my):
    twice = run("compare", "my_loss.py:good", "my_loss.py:halved", "--json", "c.json")
    assert twice.exit_code == 0 and "proportional" in twice.stdout
    assert json.loads((my / "c.json").read_text())["factor"] in ("2", "1/2")
    assert "equal" in run("compare", "my_loss.py:good", "my_loss.py:good").stdout
    other = run("compare", "my_loss.py:good", "my_loss.py:padded")
    assert other.exit_code == 0 and "different" in other.stdout and "rewards" in other.stdout


BAD = {
    "gone.py:loss": "there is no file gone.py",
    "my_loss.py:lost": "has no function 'lost'; it defines",
    "my_loss.py:limit": "has no function 'limit'",
    "no_such_builtin": "there is no built-in 'no_such_builtin'",
    "no.such.module:loss": "cannot be imported",
    "my_loss.py:vector": "scalar",
    "my_loss.py:dead": "gradient",
    "my_loss.py:raises": "no luck",
    "my_loss.py:odd": "temperature",
    "my_loss.py:nothing": "logp",
    "my_loss.py:nan": "nan",
}


@pytest.mark.parametrize("target", BAD)
def test_bad_targets_are_one_sentence_and_exit_code_2(my, target):
    result = run("audit", target)
    assert result.exit_code == 2 and BAD[target] in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "options",
    [("--group", "1"), ("--length", "0"), ("--only", "no-such"), ("--require", "no-such"), ("--json", "gone/x.json"),
     ("--html", "gone/x.html"), ("--advantage", "my_loss.py:good"), ("--advantage", "lost"), ("--group", "many")],
)  # fmt: skip
def test_bad_options_are_exit_code_2(my, options):
    result = run("audit", "my_loss.py:good", *options)
    assert result.exit_code == 2 and result.stderr.strip() and "Traceback" not in result.stderr


def test_an_audit_that_fails_leaves_the_old_report_alone(my):
    (my / "out.json").write_text("old")
    assert run("audit", "my_loss.py:raises", "--json", "out.json").exit_code == 2
    assert (my / "out.json").read_text() == "old"


def test_an_estimator_is_audited_and_feeds_an_objective(my):
    alone = run("audit", "std", "--group", "3", "--only", "adv-centred,adv-scale-linear")
    assert alone.exit_code == 0 and alone.stdout.startswith("std: advantage")
    fed = run("audit", "my_loss.py:good", "--advantage", "std", "--group", "3", "--length", "1", "--only", "reward-scale-linear")
    assert fed.exit_code == 0 and "Refuted (1)" in fed.stdout
    unfed = run("audit", "my_loss.py:good", "--group", "3", "--length", "1", "--only", "reward-scale-linear")
    assert "Proved (1)" in unfed.stdout


@pytest.mark.parametrize(
    "args", [("std", "--only", "adv-scale-linear"), ("my_loss.py:good", "--advantage", "std", "--only", "reward-scale-linear")]
)
def test_witnesses_against_estimators_replay_too(my, args):
    assert run("audit", *args, "--group", "3", "--length", "2", "--json", "out.json").exit_code == 0
    result = run("replay", "out.json")
    assert result.exit_code == 0 and "# violated:" in result.stdout
    ran = subprocess.run([sys.executable, "-c", result.stdout], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_an_estimator_for_an_objective_that_takes_rewards_is_pointed_out():
    result = run("audit", "grpo", "--advantage", "std", "--group", "2", "--length", "1", "--only", "reward-shift-invariant")
    assert result.exit_code == 0 and "--advantage std has no effect" in result.stderr


def test_a_second_solver_confirms_on_request():
    result = run("audit", "dr_grpo", "--group", "2", "--length", "2", "--only", "prefix-neutral", "--certify")
    assert result.exit_code == 0 and re.search(r"unsat,\s+z3\s+[\d.]+\s+and\s+cvc5\s+[\d.]+", result.stdout)
