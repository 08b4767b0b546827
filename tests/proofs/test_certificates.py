"""Certificates: a proved claim replays in a fresh process; a forged theorem, or an altered certificate, does not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from claims import claim, x, y

import theory
from theory import kernel as k
from theory.certificates import certificate, digest
from theory.decide import Goal, decide
from theory.kernel import Refused, Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, le
from theory.language import equals, formula
from theory.results.example import leave_one_out
from theory.verdict import Status

WRONG = formula(equals(x, y))


def recheck(path: Path, certificates: Any) -> subprocess.CompletedProcess[str]:
    path.write_text(json.dumps(certificates), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(Path(theory.__path__[0]).parent)}
    command = [sys.executable, "-P", "-m", "theory.kernel.recheck", str(path)]
    return subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


def forged(hyps: Any, concl: Term, rule: str, params: tuple[Any, ...], trust: Any = frozenset()) -> Theorem:
    """A theorem that no rule made."""
    th = object.__new__(Theorem)
    for slot, value in zip(Theorem.__slots__, (frozenset(hyps), concl, rule, params, frozenset(trust)), strict=True):
        object.__setattr__(th, slot, value)
    return th


def altered(th: Theorem, **slots: Any) -> Theorem:
    for name, value in slots.items():
        object.__setattr__(th, name, value)
    return th


def on_a_forgery(goal: Goal) -> Theorem:
    """Real steps on top of a forged one."""
    return k.cut(forged([], eq(ONE, ZERO), "assume", (eq(ONE, ZERO),)), k.imp_elim(
        k.imp_intro(eq(ONE, ZERO), forged([], goal.claim, "linear", (*goal.claim.args, (), ()))),
        forged([], eq(ONE, ZERO), "assume", (eq(ONE, ZERO),)),
    ))  # fmt: skip


FORGERIES: dict[str, Callable[[Goal], Theorem]] = {
    "no such rule": lambda goal: forged([], goal.claim, "believe", ()),
    "a rule that refuses": lambda goal: forged([], goal.claim, "linear", (*goal.claim.args, (), ())),
    "a rule that says something else": lambda goal: forged([], goal.claim, "linear", (ONE, ONE, (), ())),
    "a hidden hypothesis": lambda goal: forged([], goal.claim, "assume", (goal.claim,)),
    "a hidden axiom": lambda goal: forged([], goal.claim, "axiom", ("mine", goal.claim)),
    "an altered conclusion": lambda goal: altered(k.linear(ONE, ONE, [], []), concl=goal.claim),
    "an altered hypothesis": lambda goal: altered(k.assume(goal.claim), hyps=frozenset()),
    "altered trust": lambda goal: altered(k.axiom("mine", goal.claim), trust=frozenset()),
    "deep inside": on_a_forgery,
}


@pytest.mark.parametrize("proof", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_theorem_does_not_replay(proof: Callable[[Goal], Theorem], tmp_path: Path) -> None:
    verdict = decide(claim(equals(x, y), proof=proof))
    assert verdict.status is not Status.PROVED or verdict.certificate is not None
    if verdict.certificate is None:
        return  # it was not even believed
    done = recheck(tmp_path / "c.json", {"tiny.claim": verdict.certificate})
    assert done.returncode == 1 and "ok tiny.claim" not in done.stdout and "FAILED" in done.stdout, done


def test_the_forgeries_reach_the_replay() -> None:
    """Within one process nothing protects a theorem: so it is the replay that the verdict rests on."""
    believed = [name for name, proof in FORGERIES.items() if decide(claim(equals(x, y), proof=proof)).certificate]
    assert len(believed) >= 8, believed


def test_what_is_proved_replays(tmp_path: Path) -> None:
    verdict = decide(leave_one_out)
    assert verdict.status is Status.PROVED
    done = recheck(tmp_path / "c.json", {leave_one_out.id: verdict.certificate})
    assert done.returncode == 0 and done.stdout.startswith(f"ok {leave_one_out.id}: "), done


def test_a_certificate_is_plain_data_and_the_same_each_time() -> None:
    first, second = (decide(leave_one_out).certificate for _ in range(2))
    assert first is not None and second is not None
    assert json.loads(json.dumps(first)) == first and digest(first) == digest(second) and len(digest(first)) == 12


def test_an_altered_certificate_does_not_replay(tmp_path: Path) -> None:
    """Any step taken out, any conclusion swapped, any trust mark dropped."""
    good = decide(leave_one_out).certificate
    assert good is not None
    bad: dict[str, Any] = {}
    for n, step in enumerate(good["steps"]):
        others = [m for m in range(len(good["terms"])) if m != step["concl"] and good["terms"][m][0] in ("eq", "le", "lt")]
        swapped = [*good["steps"][:n], {**step, "concl": others[0]}, *good["steps"][n + 1 :]]
        bad[f"step {n} concludes another formula"] = {**good, "steps": swapped}
        rule = "assume" if step["rule"] != "assume" else "restate"
        shorter = [*good["steps"][:n], {**step, "rule": rule}, *good["steps"][n + 1 :]]
        bad[f"step {n} by another rule"] = {**good, "steps": shorter}
    bad["a trust mark added"] = {**good, "trust": ["axiom:none"]}
    bad["no steps"] = {**good, "steps": []}
    for cert in bad.values():
        with pytest.raises(Exception):  # noqa: B017 - untrusted input: whatever breaks on it, it is not a proof
            k.replay(cert)
    done = recheck(tmp_path / "c.json", {"bad": next(iter(bad.values()))})
    assert done.returncode == 1 and "ok bad" not in done.stdout


@pytest.mark.parametrize("x_", [0.5, {"a": 1}, b"bytes", {1, 2}], ids=["a float", "a dict", "bytes", "a set"])
def test_inexact_parameters_are_refused(x_: Any) -> None:
    with pytest.raises(Refused):
        certificate(forged([], WRONG, "linear", (x_,)))


def test_the_certificate_of_a_fraction_is_exact() -> None:
    thirds = [(Fraction(1, 3), ONE, []), (Fraction(2, 3), ONE, [])]
    cert = certificate(k.sos(le(ZERO, ONE), thirds, [], []))
    assert "1/3" in json.dumps(cert) and k.replay(json.loads(json.dumps(cert))).concl is le(ZERO, ONE)
