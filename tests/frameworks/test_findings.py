"""What docs/findings.md and docs/frameworks.md are made of: scripts that run, knobs that are idle, settings that are the same."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lossproof.advantage.subject import Estimator
from lossproof.api import audit
from lossproof.frameworks import findings, knobs, matrix
from lossproof.frameworks.surprises import DEFECTS, DOCUMENTED, UNDOCUMENTED
from lossproof.report.audit import lines
from lossproof.report.html import page
from lossproof.target import objective

SCRIPTS = sorted((Path(__file__).parents[2] / "examples" / "findings").glob("*.py"))
ENTRIES = [*DEFECTS, *UNDOCUMENTED, *DOCUMENTED]


def framework(path):
    return pytest.mark.framework(path.stem.partition("_")[0])


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem, marks=framework(p)) for p in SCRIPTS])
def test_a_script_shows_its_surprise_with_the_framework_alone(path, capsys):
    """Each ends in an assertion about what it prints, and knows nothing of this package."""
    text = path.read_text(encoding="utf-8")
    assert "lossproof" not in text and "assert" in text and len(text.splitlines()) <= 30
    runpy.run_path(str(path))
    assert capsys.readouterr().out.strip()
    assert torch.get_default_dtype() == torch.float32


def test_every_surprise_has_its_script_and_every_script_its_surprise():
    assert sorted(s.script for s in ENTRIES) == [p.stem for p in SCRIPTS]


@pytest.mark.framework("trl")
@pytest.mark.framework("liger")
@pytest.mark.framework("verl")
def test_what_goes_with_a_surprise_is_audited():
    assert {s.shown[0] for s in ENTRIES if s.shown} <= set(findings.every())


@pytest.mark.framework("trl")
def test_a_surprise_is_written_with_its_witness_and_only_if_the_audit_agrees(monkeypatch):
    monkeypatch.setattr(findings, "shows", lambda script: f"({script})")
    (entry,) = (s for s in ENTRIES if s.script == "trl_cancelling_rewards")
    target, id, _ = entry.shown
    reports = {target: audit(target, group=findings.GROUP, length=findings.LENGTH, only=[id])}
    said = "\n".join(findings.surprises([entry], reports))
    assert f"`{id}` refuted: rewards (1, 0), (0, 1)" in said and "0.2929 instead of 0" in said
    assert "(trl_cancelling_rewards)" in said
    with pytest.raises(ValueError, match="is refuted, and docs/findings.md is about proved"):
        findings.surprises([replace(entry, shown=(target, id, "proved"))], reports)


@pytest.mark.framework("verl")
def test_idle_knobs_of_verl():
    found = {i.knob: i for i in knobs.inert("verl:vanilla")}
    assert found.keys() == {"clip_ratio", "micro_batches"}
    assert (found["clip_ratio"].verdict, found["clip_ratio"].values) == ("proved", (0.4, 0.1))
    assert found["micro_batches"].verdict == "tested"
    assert "loss_agg_mode" in {i.knob for i in knobs.inert("verl:sapo")}
    assert "micro_batches" not in {i.knob for i in knobs.inert("verl:geo_mean")}


@pytest.mark.framework("trl")
def test_a_knob_that_acts_is_not_idle():
    assert {i.knob for i in knobs.inert("trl:cispo")} == {"delta", "gradient_accumulation_steps"}
    a, b = (knobs.subject(t) for t in ("trl:dapo", "trl:dapo[epsilon_high=0.28]"))
    assert knobs.differs(a, b) and not knobs.identical(a, b)
    assert knobs.identical(a, knobs.subject("trl:dapo[sapo_temperature_pos=2.0]"))


@pytest.mark.framework("trl")
def test_idle_knobs_of_an_estimator():
    """`scale_rewards` acts under one of two aggregations and not under the other."""
    assert knobs.inert("trl:advantages") == [] == knobs.inert("trl:rloo-advantage")
    (found,) = knobs.inert("trl:advantages[multi_objective_aggregation=normalize_then_sum,scale_rewards=none]")
    assert (found.knob, found.values, found.verdict) == ("scale_rewards", ("batch", "group"), "proved")
    assert found.scope == "all inputs at N = 4, T = 2, of one prompt or two"


@pytest.mark.framework("trl")
def test_estimators_of_other_rewards_are_not_compared(monkeypatch):
    """Whatever is compared here is found to be the same; the aggregations, of one reward and of several, are not compared."""
    monkeypatch.setattr(knobs, "differs", lambda a, b: False)
    found = knobs.inert("trl:advantages[multi_objective_aggregation=normalize_then_sum]")
    assert [i.knob for i in found] == ["scale_rewards"]


@pytest.mark.framework("trl")
def test_a_difference_between_prompts_alone_is_a_difference(monkeypatch):
    """Of one prompt, scaling by the group is scaling by the batch."""
    a, b = (knobs.subject(t) for t in ("trl:advantages", "trl:advantages[scale_rewards=batch]"))
    assert knobs.differs(a, b) and not knobs.identical(a, b)
    monkeypatch.setattr(knobs, "PROMPTS", ((0, 0, 0, 0),))
    assert not knobs.differs(a, b)


def test_advantages_are_compared_at_every_token():
    """These agree at the first token, which is all that a property of an estimator looks at."""

    def first(rewards, mask):
        return rewards[:, None] * mask

    def later(rewards, mask):
        return rewards[:, None] * mask * torch.arange(1, mask.shape[1] + 1)

    a, b = Estimator("first", first), Estimator("later", later)
    assert knobs.differs(a, b) and not knobs.identical(a, b)
    assert knobs.identical(a, Estimator("again", first)) and not knobs.differs(a, a)
    seen = []

    def drifting(rewards, mask):
        seen.append(1)
        return rewards[:, None] * mask * torch.tensor([1.0, len(seen)])

    c = Estimator("drifting", drifting)
    assert "do not reproduce" in c.differs(4, 2) and not knobs.identical(c, c)


@pytest.mark.framework("verl")
def test_idle_knobs_of_verls_estimators():
    assert {i.knob for i in knobs.inert("verl:opo")} == {"epsilon"}
    assert knobs.inert("verl:gdpo") == []  # its switch acts, where TRL's does not


@pytest.mark.framework("trl")
def test_an_estimators_idle_knobs_are_in_its_report():
    report = audit("trl:advantages[multi_objective_aggregation=normalize_then_sum]", group=2, length=1)
    assert [k["knob"] for k in report.as_json()["inert_knobs"]] == ["scale_rewards"]
    assert "Knobs that do not change the advantages (1)" in [text for text, _ in lines(report)]
    assert "<h2>Knobs that do not change the advantages</h2>" in page(report)


@pytest.mark.framework("trl")
def test_a_knob_that_is_set_in_vain_is_in_every_report():
    report = audit("trl:dapo[sapo_temperature_pos=2.0]", group=2, length=1)
    entry = {"knob": "sapo_temperature_pos", "values": [0.5, 1.0], "verdict": "proved", "scope": "all inputs at G = 2, T = 2"}
    assert entry in report.as_json()["inert_knobs"]
    assert {k["knob"] for k in report.as_json()["inert_knobs"]} == {"sapo_temperature_pos", "gradient_accumulation_steps"}
    said = "\n".join(text for text, _ in lines(report))
    assert "Knobs that change neither the loss nor its gradient (2)" in said and "sapo_temperature_pos=2.0] with 0.5, 1.0" in said
    assert "<td><code>sapo_temperature_pos</code></td><td>0.5, 1.0</td>" in page(report)


def test_a_loss_without_a_framework_has_no_such_list():
    report = audit("grpo", group=2, length=1)
    assert "inert_knobs" not in report.as_json() and "Knobs" not in "".join(text for text, _ in lines(report))


@pytest.mark.framework("trl")
def test_a_knob_that_could_not_be_swept_is_unknown(monkeypatch):
    def fails(a, b):
        raise RuntimeError("no")

    monkeypatch.setattr(knobs, "differs", fails)
    found = knobs.inert("trl:dapo")
    assert len(found) > 10 and {(i.verdict, i.scope) for i in found} == {("unknown", "RuntimeError: no")}


@pytest.mark.framework("liger")
def test_values_that_act_elsewhere_do_not_hide_an_idle_one():
    assert {i.knob for i in knobs.inert("liger:vespo")} == {"chunk_size", "epsilon_low", "epsilon_high", "delta"}


@pytest.mark.framework("trl")
@pytest.mark.framework("liger")
@pytest.mark.framework("verl")
@pytest.mark.parametrize(
    "a, b, sign",
    [
        ("trl:grpo", "liger:grpo[beta=0.0]", "="),
        ("trl:dapo[delta=3.0]", "verl:vanilla", "=°"),
        ("trl:luspo", "liger:dr_grpo[beta=0.0,max_completion_length=512]", "∝ 512"),
        ("trl:grpo[delta=3.0]", "verl:vanilla[loss_agg_mode=seq-mean-token-mean]", "≈"),  # verl divides by n + 1e-8
        ("trl:dapo", "verl:vanilla", ""),  # verl's is dual-clipped
        ("trl:luspo", "liger:luspo[beta=0.0]", ""),
        ("trl:dapo[delta=3.0,beta=0.04,use_bias_correction_kl=False]", "verl:vanilla[use_kl_loss=True,kl_loss_coef=0.04]", ""),
    ],
)
def test_which_setting_here_is_which_setting_there(a, b, sign):
    found, witness = matrix.relation(objective(a), objective(b))
    assert found == sign
    assert (witness is not None) == (sign == "")
