"""The trials themselves: many cases at once say what one case at a time says, and a false `proved` does not survive them."""

import random
from dataclasses import replace

import numpy as np
import planted_losses as planted
import pytest
import trials
from batched import BatchedWorld

from lossproof.decide import Finding, first_violation
from lossproof.properties import load
from lossproof.target import checked, objective
from lossproof.witness import drawn

PROPERTIES = load()
CLAIMS = [p for p in PROPERTIES.values() if p.claims is not None]
RNG = random.Random(3)
CASES = [drawn(3, 2, RNG) for _ in range(60)]


@pytest.mark.parametrize("p", CLAIMS, ids=lambda p: p.id)
@pytest.mark.parametrize("name", ["grpo", "dapo", "gmpo", "reinforce_pp"])
def test_many_at_once_say_what_each_says(name, p):
    subject, plain = objective(name), replace(p, decide=None)
    if any(not subject.takes(n) for n in p.needs):
        pytest.skip("not applicable")
    world = BatchedWorld(subject, CASES)
    with np.errstate(all="ignore"):
        found = world.broken(p.claims(world))
    assert found.tolist() == [first_violation(plain, subject, case) is not None for case in CASES]


@pytest.mark.parametrize(
    ("loss", "id"),
    [(planted.uncentred, "prefix-neutral"), (planted.per_length, "length-neutral"), (planted.mean_of_all, "on-policy-unbiased"),
     (planted.damped, "reward-scale-linear"), (planted.first_favoured, "permutation-equivariant")],
)  # fmt: skip
def test_a_false_proof_does_not_survive(loss, id):
    finding = Finding(id, "proved", "", formula="factor 1")
    assert trials.broken(PROPERTIES[id], checked("planted", loss), finding, 3, 2, 300)[1] is not None


def test_a_wrong_clip_bound_does_not_survive():
    finding = Finding("clipped-silent", "proved", "", formula="epsilon_low = 1/5, epsilon_up = 1/10")
    assert trials.broken(PROPERTIES["clipped-silent"], objective("ppo"), finding, 3, 2, 300)[1] is not None


def test_a_function_that_vmap_cannot_run_is_tried_one_case_at_a_time():
    def loss(logp, rewards, mask):
        size = 2.0 if float(rewards.max()) > 1 else 1.0
        return -(size * (rewards - rewards.mean())[:, None] * logp * mask).sum()

    finding = Finding("reward-scale-linear", "proved", "")
    ran, case = trials.broken(PROPERTIES["reward-scale-linear"], checked("loss", loss), finding, 3, 2, 300)
    assert ran == 30 and case is not None
