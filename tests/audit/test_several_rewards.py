"""Estimators of several rewards, and of norms: what the properties say of them, and that a witness carries the new inputs."""

import contextlib
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from lossproof.advantage import everything
from lossproof.advantage.cases import fitting
from lossproof.advantage.subject import NAMES, Estimator
from lossproof.decide import decide, first_violation
from lossproof.proving import prove
from lossproof.replay import replay
from lossproof.report.words import sentence
from lossproof.subject import BadTarget
from lossproof.target import subject
from lossproof.witness import drawn, make
from lossproof.world import ConcreteWorld
from numerics import advantages
from numerics.advantages.groups import group_mean, group_variance, standardised
from numerics.advantages.sgpo import graded

PROPERTIES = everything()


def finding(f, id, group=4):
    return decide(PROPERTIES[id], Estimator(f.__name__, f), group, 1)


def builtin(name, id, group=4):
    return finding(advantages.load(name), id, group)


# -- what the built-in ones are ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "id", "expected"),
    [
        ("gdpo", "adv-component-scale-invariant", "proved"),
        ("grpo_of_total", "adv-component-scale-invariant", "refuted"),
        ("std", "adv-component-scale-invariant", "not-applicable"),
        ("gdpo", "adv-scale-invariant", "proved"),
        ("gdpo", "adv-group-local", "refuted"),
        ("grpo_of_total", "adv-group-local", "proved"),
        ("sgpo", "adv-monotone", "tested"),
        ("oblrpo", "adv-centred", "refuted"),
        ("oblrpo", "adv-monotone", "proved"),
        ("oblrpo_leave_one_out", "adv-monotone", "refuted"),
        ("oblrpo_leave_one_out", "adv-singleton-zero", "proved"),
        ("oblrpo", "adv-group-local", "proved"),
        ("oblrpo", "adv-permutation-equivariant", "proved"),
    ],
)
def test_known_verdicts(name, id, expected):
    found = builtin(name, id)
    assert found.verdict == expected
    if expected == "proved":
        assert "G = 4" in found.scope
        assert ("2 rewards per completion" if "gdpo" in name or "grpo" in name else "positive squared norms") in found.scope


@pytest.mark.parametrize(
    ("name", "expected"),
    [("oblrpo", "refuted"), ("centred", "refuted"), ("std", "refuted"), ("gdpo", "not-applicable")]
    + [("oblrpo_leave_one_out", "proved"), ("leave_one_out", "proved")],
)
def test_only_a_baseline_without_the_own_reward_is_independent_of_it(name, expected):
    assert decide(everything()["adv-baseline-independent"], subject(name), 4, 1).verdict == expected


@pytest.mark.parametrize(("name", "bound"), [("gdpo", "1.5"), ("grpo_of_total", "1.5"), ("sgpo", "1.5")])
def test_bounds(name, bound):
    assert builtin(name, "adv-bounded").formula == f"|A| <= {bound} at G = 4"


def summed_first(reward_components, group, eps=1e-4):
    """GDPO with the rewards added before they are standardised."""
    total = standardised(reward_components.sum(dim=1), group)
    return (total - total.mean()) / (total.std() + eps)


def with_eps(reward_components, group, eps=1e-4):
    """GDPO as it is often coded: a constant beside the deviation of each reward, too."""
    parts = [(r - group_mean(r, group)) / (group_variance(r, group, 1).sqrt() + eps) for r in reward_components.unbind(1)]
    total = parts[0] + parts[1]
    return (total - total.mean()) / (total.std() + eps)


@pytest.mark.parametrize("f", [summed_first, with_eps])
def test_a_changed_gdpo_sees_the_scale_of_a_component(f):
    assert finding(f, "adv-component-scale-invariant").verdict == "refuted"


# -- the reading of each property: an estimator that breaks it, in the second reward alone -------------------------------


def against_the_second(reward_components, group):
    return standardised(reward_components[:, 0] - reward_components[:, 1], group)


def apart(reward_components):
    return reward_components[:, 0] - reward_components[:, 1]


def second_of_the_batch(reward_components, group):
    return standardised(reward_components[:, 0], group) + reward_components[:, 1] - reward_components[:, 1].mean()


def by_place(reward_components):
    return reward_components[:, 0] + torch.arange(len(reward_components)) * reward_components[:, 1]


def norms_of_the_batch(rewards, group, squared_norms):
    return (rewards - group_mean(rewards, group)) * squared_norms / squared_norms.mean()


@pytest.mark.parametrize(
    ("f", "id"),
    [
        (against_the_second, "adv-monotone"),
        (apart, "adv-zero-on-equal"),
        (apart, "adv-centred"),
        (by_place, "adv-permutation-equivariant"),
        (by_place, "adv-shift-invariant"),
        (second_of_the_batch, "adv-group-local"),
        (second_of_the_batch, "adv-scale-invariant"),
        (second_of_the_batch, "adv-component-scale-invariant"),
        (second_of_the_batch, "adv-bounded"),
        (norms_of_the_batch, "adv-group-local"),
    ],
)
def test_a_fault_in_one_input_is_found(f, id):
    assert finding(f, id).verdict == "refuted"


def test_completions_differ_where_their_rewards_are_different_vectors():
    """What is wrong only where all completions have one vector, of two different numbers, is outside of the scope."""

    def elsewhere(reward_components):
        same = (reward_components == reward_components[:1]).all()
        return reward_components[:, 0] - reward_components[:, 0].mean() + same.to(torch.float64)

    def within(reward_components):
        tied = (reward_components[:, 0] == reward_components[0, 0]).all()
        return reward_components[:, 0] - reward_components[:, 0].mean() + tied.to(torch.float64)

    assert finding(elsewhere, "adv-centred").verdict == "proved"
    assert finding(within, "adv-centred").verdict == "refuted"
    for f, proved in ((elsewhere, True), (within, False)):
        assert prove(PROPERTIES["adv-centred"], Estimator("planted", f), 2, 1).proved is proved
    for second, f, violated in ((0.0, elsewhere, False), (2.0, within, True)):
        case = make([1.0, 1.0], [1, 1], 1) | {"rewards": [[1.0, 0.0], [1.0, second]]}
        found = first_violation(PROPERTIES["adv-centred"], Estimator("planted", f), case)
        assert (found is not None) is violated


def test_a_norm_is_positive_and_may_be_any_positive_number():
    def over_norms(rewards, squared_norms):
        return (rewards - rewards.mean()) / squared_norms

    def near_one(rewards, squared_norms):
        return (rewards - rewards.mean()) / (squared_norms - 1)

    assert finding(over_norms, "adv-scale-linear").verdict == "proved"
    assert finding(near_one, "adv-zero-on-equal").verdict != "proved"


def test_sgpo_with_the_grade_as_quoted_falls_with_the_right_share():
    def quoted(reward_components, group):
        correct, share = reward_components.unbind(1)
        return standardised(graded(correct, share, 5.0, 0.5, sign=1), group)

    assert finding(quoted, "adv-monotone").verdict == "refuted"


# -- witnesses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "id", "said", "printed"),
    [
        (
            "grpo_of_total",
            "adv-component-scale-invariant",
            "rewards (1, 0), (0, 1)",
            "reward_components=t([[2.0, 0.0], [0.0, 1.0]])",
        ),
        ("oblrpo", "adv-centred", "rewards 1, 0 with lengths 1, 1 and squared norms 1, 2", "squared_norms=t([1.0, 2.0])"),
    ],
)
def test_a_witness_is_replayed_with_its_inputs(name, id, said, printed):
    stored = json.loads(json.dumps(decide(PROPERTIES[id], subject(name), 4, 2).witness))
    assert said in sentence(stored)
    violated, text = replay(stored)
    assert violated and printed in text and said in text
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(text, {})
    assert out.getvalue().count("tensor(") == text.count("print(") > 0
    spoilt = stored | {"case": stored["case"] | {"rewards": [[1.0, 0.0], [0.0, 0.0]] if "gr" in name else [0.0, 0.0]}}
    assert not replay(spoilt)[0]


def test_what_rounding_makes_of_rewards_that_cancel_is_no_refutation():
    """The standardised rewards add up to 0; in floats to 1e-16, which the whitening makes 1e-12."""
    case = make([0.0, 0.0], [1, 1], 1, phi=0.001) | {"rewards": [[0.00033, -0.1], [-0.0001, 0.33]]}
    gdpo = subject("gdpo")
    world = ConcreteWorld(gdpo, case)
    x = world.inputs()
    world.advantages(x)
    assert 0 < np.abs(world.advantages(x.but(rewards=x.rewards * [0.001, 1.0]))).max() < 1e-9
    assert first_violation(PROPERTIES["adv-component-scale-invariant"], gdpo, case) is None


@pytest.mark.parametrize("name", ["gdpo", "grpo_of_total", "sgpo", "oblrpo", "oblrpo_leave_one_out"])
def test_what_is_proved_survives_trials(name):
    rng = random.Random(3)
    cases = list(fitting(subject(name), [drawn(4, 2, rng) for _ in range(5)]))
    for id, p in PROPERTIES.items():
        if p.claims is not None and decide(p, subject(name), 4, 2).verdict == "proved":
            assert [c for c in cases if first_violation(p, subject(name), c)] == [], id


def test_cases_get_what_the_estimator_asks_for():
    plain = make([1.0, 0.0, 3.0], [1] * 3, 1)
    assert list(fitting(subject("std"), [plain])) == [plain]
    seconds = {tuple(r[1] for r in c["rewards"]) for c in fitting(subject("gdpo"), [plain])}
    assert (0.0, 0.0, 0.0) in seconds and (3.0, 0.0, 1.0) in seconds
    normed = list(fitting(subject("oblrpo"), [plain]))
    assert len(normed) == 2 and all(min(c["squared_norms"]) > 0 for c in normed)
    assert list(fitting(subject("oblrpo"), normed)) == normed


# -- what cannot be audited ----------------------------------------------------------------------------------------------


def test_every_name_is_understood():
    for name in ("rewards_per_func", "reward_matrix"):
        assert Estimator("f", eval(f"lambda {name}: {name}.sum(1)")).columns == (2,)
    for name in ("squared_gradient_norms", "squared_score_norms"):
        assert subject(eval(f"lambda rewards, {name}: rewards - ({name} * rewards).sum()")).names() == [
            "rewards",
            "squared_norms",
        ]


def test_sentences_for_what_cannot_be_done():
    def both(rewards, reward_components):
        return rewards + reward_components.sum(1)

    def strange(reward_components, temperature):
        return reward_components.sum(1) / temperature

    with pytest.raises(BadTarget, match="both asks for rewards and for reward_components"):
        subject(both)
    with pytest.raises(BadTarget, match=r"'temperature' has no default and is none of .*reward_components.*squared_norms") as e:
        subject(strange)
    assert all(name in str(e.value) for name in NAMES)
    for name, asked in (("gdpo", "reward_components"), ("oblrpo", "squared_norms")):
        with pytest.raises(BadTarget, match=f"--advantage {name} asks for {asked}: .* one reward per completion"):
            subject("grpo", name)


# -- the document --------------------------------------------------------------------------------------------------------

SECTION = (Path(__file__).parents[2] / "docs" / "inputs.md").read_text(encoding="utf-8").partition("## Estimators")[2]


def test_the_document_names_every_input_and_property():
    for name, aliases in NAMES.items():
        assert all(f"`{word}`" in SECTION for word in (name, *aliases)), name
    silent = {"adv-centred", "adv-singleton-zero", "adv-padding-invariant"}  # what they say of A needs no reading
    assert {id for id in everything() if f"`{id}`" not in SECTION} == silent
