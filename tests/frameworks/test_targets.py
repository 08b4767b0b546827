"""Targets as a user types them: what they name, what is wrong with them, what they cost."""

import subprocess
import sys

import pytest

from lossproof import frameworks
from lossproof.advantage.subject import Estimator
from lossproof.api import audit
from lossproof.decide import decide
from lossproof.properties import load
from lossproof.subject import BadTarget
from lossproof.target import checked, estimator, function, kind, objective
from lossproof.trace import TooManyPaths

NEEDS = {"verl:dro": "[dro_beta=0.1]", "liger:dr_grpo": "[max_completion_length=3]"}  # no default of their own
# They choose tokens by what the data say: more choices than are explored.
SELECT = ["verl:clip_cov", "verl:kl_cov", "verl:optimal_token_baseline", "verl:tir_optimal_token_baseline"]
INSTALLED = [(f, t) for f in frameworks.installed() for t in frameworks.targets(f)]


@pytest.mark.parametrize("framework", frameworks.PACKAGES)
def test_an_absent_framework_says_how_to_install_it(framework, monkeypatch):
    monkeypatch.setattr(frameworks.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadTarget, match=rf"which is not installed: pip install 'lossproof\[{framework}\]'"):
        function(f"{framework}:grpo")


def test_nothing_imports_a_framework_before_a_target_asks_for_it():
    code = "import sys, lossproof.target, lossproof.cli; print({'trl', 'verl', 'liger_kernel', 'ray'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


@pytest.mark.framework("trl")
@pytest.mark.parametrize(
    "target, said",
    [
        ("trl:nope", "trl has no 'nope'; its losses are grpo, bnpo"),
        ("trl:dapo[nope=1]", "'nope' is no knob; the knobs, with their defaults, are epsilon=0.2"),
        ("trl:dapo[beta]", "'beta' is not of the form knob=value"),
        ("trl:dapo[beta=0.1", "is not of the form FRAMEWORK:NAME"),
        ("trl:dapo[importance_sampling_level=word]", "Unknown importance sampling level: word"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(target, said):
    with pytest.raises(BadTarget) as e:
        objective(target)
    assert said in str(e.value) and "\n" not in str(e.value)


@pytest.mark.framework("verl")
def test_one_name_may_be_a_loss_and_an_estimator():
    assert kind(function("verl:gpg")) == "objective"
    assert kind(function("verl:gpg-advantage")) == kind(function("verl:gpg", advantage=True)) == "advantage"
    with pytest.raises(BadTarget, match="has no 'vanilla-advantage'"):
        function("verl:vanilla-advantage")


def test_values_of_knobs():
    known = dict.fromkeys("abcde") | {"f": "group"}
    given = frameworks.parsed("t", "a=0.5, b=none,c=seq-mean-token-sum ,d=true,e=1e-3,f=none", known)
    assert given == {"a": 0.5, "b": None, "c": "seq-mean-token-sum", "d": True, "e": 0.001, "f": "none"}


@pytest.mark.parametrize("framework, target", [pytest.param(f, t, id=t) for f, t in INSTALLED])
def test_every_listed_target_runs_and_its_recording_is_the_function(framework, target):
    """No escape, and no operator that the recording misses: loss and gradient on other inputs come out the same."""
    whole = target + NEEDS.get(target, "")
    f = function(whole)
    subject = checked(whole, f) if kind(f) == "objective" else estimator(whole, f)
    if target in SELECT:
        with pytest.raises(TooManyPaths):
            subject.paths(3, 2)
        return
    assert subject.escapes(3, 2) == []
    assert subject.differs(3, 2) == ""


@pytest.mark.framework("trl")
@pytest.mark.framework("liger")
@pytest.mark.parametrize(
    "target, id, verdict",
    [
        ("trl:dapo", "prefix-neutral", "proved"), ("trl:grpo", "prefix-neutral", "refuted"),
        ("trl:dapo", "length-neutral", "proved"),
        ("trl:dapo[mask_truncated_completions=True]", "prefix-neutral", "refuted"),
        ("trl:grpo[mask_truncated_completions=True]", "masked-completion-neutral", "proved"),
        ("trl:grpo[mask_truncated_completions=True]", "padding-invariant", "proved"),
        ("trl:grpo", "masked-completion-neutral", "proved"), ("trl:dapo", "masked-completion-neutral", "refuted"),
        ("trl:luspo", "padding-invariant", "proved"), ("liger:luspo", "padding-invariant", "refuted"),
    ],
)  # fmt: skip
def test_verdicts_on_the_frameworks_own_code(target, id, verdict):
    assert decide(load()[id], objective(target), 3, 2).verdict == verdict


@pytest.mark.framework("trl")
@pytest.mark.framework("verl")
def test_estimators_compose_with_objectives():
    report = audit("trl:dapo", advantage="verl:grpo", group=2, length=1, only=["reward-scale-linear"])
    assert report.findings[0].verdict == "refuted"
    assert isinstance(estimator("verl:grpo", function("verl:grpo")), Estimator)
