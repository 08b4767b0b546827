"""The examples run as they are: the guarded loss, and a plug-in that is installed by its metadata alone."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CI, PLUGIN = ROOT / "examples" / "ci", ROOT / "examples" / "plugin"


def run(*args, cwd, path=()):
    """A command of this environment in a folder, with more on the path."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([*map(str, path), str(ROOT)])}
    return subprocess.run([sys.executable, "-m", *args], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def guarded(tmp_path):
    for name in ("loss.py", "test_loss.py", "conftest.py"):
        shutil.copy(CI / name, tmp_path)
    return tmp_path


def workflow():
    """The commands of the workflow file that run lossproof."""
    return [line.split() for line in re.findall(r"- run: (lossproof .*)", (CI / "audit.yml").read_text())]


def test_the_guarded_loss_passes_its_tests(guarded):
    ran = run("pytest", "-q", "-p", "no:cacheprovider", "test_loss.py", cwd=guarded)
    assert ran.returncode == 0, ran.stdout
    assert "6 passed" in ran.stdout


@pytest.mark.parametrize(("edit", "code"), [(None, 0), ("mask.sum()", 1)])
def test_the_workflow_stops_a_loss_that_depends_on_the_cut(guarded, edit, code):
    """Dr. GRPO's constant is replaced by the token count: `microbatch-invariant` is lost."""
    if edit:
        source = (guarded / "loss.py").read_text()
        assert "(LONGEST * logp.shape[0])" in source
        (guarded / "loss.py").write_text(source.replace("(LONGEST * logp.shape[0])", edit))
    (command,) = workflow()
    ran = run(*command, "--only", "padding-invariant", cwd=guarded)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ("required, but refuted: microbatch-invariant" in ran.stderr) == (code == 1)
    assert {p["id"] for p in json.loads((guarded / "audit.json").read_text())["properties"]} >= set(command[-3].split(","))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder that makes the plug-in an installed package: its metadata, and beside it a plug-in that is broken."""
    folder = tmp_path_factory.mktemp("site")
    groups = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]["entry-points"]
    install(folder, "lossproof_example", groups)
    broken = {"lossproof.objectives": {"gone": "no_such_module:f"}, "lossproof.propositions": {"claims2": "no_such_module"}}
    broken["lossproof.properties"] = {"taken": "lossproof.properties.padding:PROPERTY"}
    install(folder, "broken", broken)
    return folder


def install(folder, name, groups):
    info = folder / f"{name}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))


def lossproof(site, *args, cwd):
    return run("lossproof", *args, cwd=cwd, path=[site, PLUGIN])


def test_what_a_plugin_adds_is_listed(site, tmp_path):
    assert "positives_only" in lossproof(site, "list", "objectives", cwd=tmp_path).stdout.split()
    properties = lossproof(site, "list", "properties", cwd=tmp_path)
    assert "negatives-silent" in properties.stdout
    assert "'padding-invariant' of lossproof.properties.padding:PROPERTY is left out" in properties.stderr
    assert properties.stdout.count("\npadding-invariant ") == 1


def test_a_plugins_objective_is_audited_on_its_own_property_and_on_ours(site, tmp_path):
    ran = lossproof(site, "audit", "positives_only", "--only", "negatives-silent,prefix-neutral", "--group", "3", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"Refuted \(1\)\s+prefix-neutral", ran.stdout) and re.search(r"Proved \(1\)\s+negatives-silent", ran.stdout)
    ours = lossproof(site, "audit", "reinforce", "--require", "negatives-silent", "--only", "negatives-silent", cwd=tmp_path)
    assert ours.returncode == 1 and "required, but" in ours.stderr


def test_a_plugin_that_does_not_load_is_named_and_costs_nothing_else(site, tmp_path):
    ran = lossproof(site, "audit", "gone", cwd=tmp_path)
    assert ran.returncode == 2 and "the plug-in gone = no_such_module:f of broken cannot be loaded" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_plugins_proposition_is_proved(site, tmp_path):
    (tmp_path / "paper_checks.md").write_text("nothing is recorded here\n")
    ran = lossproof(site, "check", "example.", cwd=tmp_path)
    assert re.search(r"example\.centred_pair .* proved +kernel", ran.stdout), ran.stdout + ran.stderr
    assert "no_such_module could not be imported: the plug-in claims2 = no_such_module of broken cannot be loaded" in ran.stderr
    assert ran.returncode == 1  # a pack that is broken is never passed over in silence
