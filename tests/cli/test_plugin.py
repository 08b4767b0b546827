"""The pytest plugin, run on a tiny pack of propositions in a fresh pytest each time."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]

CLAIMS = """
from theory.language import equals, reals
from theory.proposition import proposition, refuted, not_applicable
x = reals("x")

@proposition("tiny.double", title="twice is the sum", source="Eq. 1", printed="x + x = 2x",
             statement=equals(x + x, 2 * x))
def double(goal):
    return goal.prove(goal.claim)

refuted("tiny.square", title="squares", source="Prop. 2", printed="x^2 = x", statement=equals(x**2, x),
        witness={"x": 2}, module=__name__)
not_applicable("tiny.survey", title="it works", source="S. 5", printed="-", reason="empirical", module=__name__)
"""
UNDECIDED = """
from theory.language import equals, reals
from theory.proposition import proposition
x = reals("x")

@proposition("tiny.wrong", title="x is one", source="Eq. 9", printed="x = 1", statement=equals(x, 1))
def wrong(goal):
    return goal.prove(goal.claim)
"""
# no numeric checks: importing torch would only make these tests slow
PATH = "import sys; sys.path.insert(0, 'papers/theory')\n"
CONFTEST = """
def pytest_runtest_setup(item):
    from lossproof import check
    check.numeric_checks = lambda: ({}, {})
"""


@pytest.fixture
def pack(pytester):
    """A folder with a pack of propositions, `pack(claims=..., more=...)`, and a function that runs pytest in it."""
    # Not directly below the root: a folder `theory` on the path without __init__ would hide the real package.
    folder = pytester.mkdir("papers") / "theory" / "tiny_pack"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('TITLE = "A tiny paper"\nSECTIONS = {"second": "1", "claims": "2"}\n')
    pytester.makeini("[pytest]\n")

    def put(**modules):
        for name, source in modules.items():
            (folder / f"{name}.py").write_text(source)
        return run

    def run(*args, conftest=CONFTEST):
        (pytester.path / "conftest.py").write_text(PATH + conftest)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *args)

    return put


def rows(result):
    return [line for line in result.outlines if line.startswith("tiny.")]


def untimed(result):
    return [row.rsplit(maxsplit=1)[0] for row in rows(result)]


def test_listing_shows_the_claims_by_label_and_imports_nothing_heavy(pack, pytester):
    pack(claims=CLAIMS)("--collect-only", "-q").stdout.fnmatch_lines(
        [f"papers/theory/tiny_pack/claims.py::tiny.{name}" for name in ("double", "square", "survey")]
    )
    code = """
import sys, pytest
code = pytest.main(["--collect-only", "-q", "papers"])
sys.exit(code or [m for m in ("sympy", "torch", "z3") if m in sys.modules] or 0)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=pytester.path, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "3 tests collected" in ran.stdout


def test_importing_the_plugin_is_light():
    code = """
import sys, pytest
before = set(sys.modules)
import lossproof.pytest_plugin
new = {m for m in set(sys.modules) - before if not m.startswith("lossproof")}
sys.exit(sorted(new) or 0)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_run_ends_with_one_row_per_claim_and_a_footer(pack):
    result = pack(claims=CLAIMS)()
    result.assert_outcomes(passed=3)
    assert [row.split()[0] for row in rows(result)] == ["tiny.double", "tiny.square", "tiny.survey"]
    result.stdout.fnmatch_lines(
        ["*== claims ==*", "claim*verdict*", "tiny.double*proved*kernel*survived*", "tiny.square*refuted*", "*not-app*"]
        + [
            "3 claims: 1 proved, 1 refuted, 1 not-applicable",
            "open assumptions (axioms): none",
            "kernel: * lines; *: 1",
        ]
    )


def test_two_processes_give_the_same_rows_once(pack):
    run = pack(claims=CLAIMS, second=CLAIMS.replace('"tiny.', '"tiny.two.').replace("__name__", '"tiny_pack.second"'))
    alone, shared = run("-n", "0"), run("-n", "2")
    shared.assert_outcomes(passed=6)
    assert untimed(alone) == untimed(shared)
    assert [row.split()[0] for row in rows(alone)][0] == "tiny.two.double"  # in the order of SECTIONS, not of file names
    assert str(shared.stdout).count("claims: 2 proved, 2 refuted, 2 not-applicable") == 1


@pytest.mark.parametrize("workers", ["0", "2"])
def test_junit_and_json_carry_the_verdicts(pack, pytester, workers):
    pack(claims=CLAIMS)("-n", workers, "--junitxml=junit.xml", "--verdict-json=verdicts.json")
    cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    told = {c.get("name"): {p.get("name"): p.get("value") for p in c.iter("property")} for c in cases}
    assert {name: t["lossproof.verdict"] for name, t in told.items()} == {
        "tiny.double": "proved",
        "tiny.square": "refuted",
        "tiny.survey": "not-applicable",
    }
    assert len(told["tiny.double"]["lossproof.certificate"]) == 12
    assert told["tiny.double"]["lossproof.rests_on"] == ""
    data = json.loads((pytester.path / "verdicts.json").read_text())
    assert [p["verdict"] for p in data["propositions"]] == ["proved", "refuted", "not-applicable"]


def test_a_verdict_file_that_cannot_be_written_is_bad_usage_before_any_work(pack):
    result = pack(claims=CLAIMS)("--verdict-json=no/such/folder.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --verdict-json: no/such/folder.json cannot be written: No such file*"])


def test_unknown_is_red_and_says_what_was_refused(pack):
    result = pack(claims=CLAIMS, second=UNDECIDED)()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ["tiny.wrong: x is one", "place      Eq. 9", "printed    x = 1", "verdict    unknown", "reason     REFUSED *"]
        + ["again      lossproof check tiny.wrong", "*4 claims: 1 proved, 1 refuted, 1 unknown, 1 not-applicable"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_verdict_that_differs_from_the_record_fails(pack, pytester):
    record = "| `tiny.double` | t | proved | - | - |\n| `tiny.square` | t | proved | - | - |\n"
    (pytester.path / "paper_checks.md").write_text(record)
    result = pack(claims=CLAIMS)()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["tiny.square: squares", "verdict    refuted; recorded as proved", "witness    x = 2, *"])


def test_a_record_that_says_something_else_of_a_claim_fails(pack, pytester):
    record = "| `tiny.double` | twice is the sum | proved | kernel | - |\n\n#### `tiny.double`: twice is more than the sum\n"
    (pytester.path / "paper_checks.md").write_text(record)
    result = pack(claims=CLAIMS)("-k", "double")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["what paper_checks.md says of tiny.double is out of date: *"])


def test_a_record_that_cannot_be_read_fails_with_its_line(pack, pytester):
    (pytester.path / "paper_checks.md").write_text("| `tiny.double` | t | provd | - | - |\n")
    result = pack(claims=CLAIMS)("-k", "double")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["paper_checks.md, line 1: 'provd' is none of *"])


def test_it_is_silent_when_no_proposition_ran(pack, pytester):
    pytester.makepyfile(test_other="def test_other(): pass")
    result = pack(claims=CLAIMS)("-k", "test_other")
    result.assert_outcomes(passed=1, deselected=3)
    result.stdout.no_fnmatch_line("*claim*")


@pytest.mark.parametrize("source", ["import no_such_module\n" + UNDECIDED, UNDECIDED + "def broken(:\n"])
def test_a_module_that_does_not_import_fails_its_own_claims_only(pack, source):
    result = pack(claims=CLAIMS, second=source)()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["reason     tiny_pack.second could not be imported: *Error: *"])


def test_claims_are_chosen_by_file_name_marker_and_id(pack):
    run = pack(claims=CLAIMS, second=UNDECIDED)
    path = "papers/theory/tiny_pack/claims.py"
    run(path).assert_outcomes(passed=3)
    run(f"{path}::tiny.square").assert_outcomes(passed=1)
    run("-k", "square or survey", "--strict-markers").assert_outcomes(passed=2, deselected=2)
    run("-m", "not proposition").assert_outcomes(deselected=4)


def test_a_file_that_is_not_the_imported_one_is_not_called_proved(pack, pytester):
    run = pack(claims=CLAIMS)
    other = pytester.mkdir("copy") / "theory" / "tiny_pack"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    (other / "claims.py").write_text(CLAIMS)
    result = run("copy", "-k", "double", conftest=CONFTEST + "import tiny_pack.claims\n")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["reason     tiny_pack.claims was imported from *, not from this file"])


def test_every_registered_proposition_is_listed():
    from lossproof.check import load

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "theory"],
        capture_output=True,
        text=True,
        cwd=load.__globals__["theory"].__path__[0] + "/..",
        check=False,
    )
    listed = [line.rpartition("::")[2] for line in ran.stdout.splitlines() if "::" in line]
    assert sorted(listed) == sorted(load()[0])


ASSERTS = """
from lossproof.testing import assert_property

def padded(logp, advantages, mask):
    return -(logp * advantages).mean()

def test_padding():
    assert_property(padded, "padding-invariant", group=2, length=2)

def test_shift():
    assert_property(padded, "reward-shift-invariant", group=2, length=2)
"""


def test_a_property_that_fails_shows_its_witness_as_a_script(pytester):
    pytester.makepyfile(ASSERTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*PropertyError: padding-invariant is refuted for padded:*",
            "*the witness, as plain PyTorch*",
            "import torch",
            "# violated: *",
        ]
    )
