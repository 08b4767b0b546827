"""TRL's losses: what is called is TRL's, the defaults are TRL's, and a knob changes what it says."""

import ast
import inspect
import textwrap
from dataclasses import fields

import pytest
import torch
from calls import call, same

from lossproof.subject import BadTarget

pytestmark = pytest.mark.framework("trl")


def by_hand(x, low=0.2, high=0.2):
    """Clipped weights per token, before any reduction."""
    s = (x["logp"] - x["old_logp"]).exp()
    a = x["advantages"]
    inside = torch.where(a > 0, s <= 1 + high, s >= 1 - low)
    return torch.where(inside, s * a, 0.0) * x["mask"]


def test_the_default_is_dapo_as_trl_documents_it(x):
    _, g = call("trl:dapo", x)
    assert same(g, by_hand(x) / x["mask"].sum())


def test_reducers(x):
    w, n = by_hand(x), x["mask"].sum(1, keepdim=True)
    assert same(call("trl:grpo", x)[1], w / n / 4)
    assert same(call("trl:bnpo", x)[1], w / n.sum())
    assert same(call("trl:dr_grpo", x)[1], w / (4 * 512))
    assert same(call("trl:luspo", x)[1], w / 4)


def test_defaults_are_those_of_the_config():
    from trl import GRPOConfig

    from lossproof.frameworks import trl

    config = trl.config({})
    for knob, default in (trl.knobs("dapo", False) | trl.knobs("advantages", True)).items():
        assert getattr(config, knob) == getattr(GRPOConfig, knob) == default
    assert config.loss_type == "dapo"


def test_everything_that_the_loss_reads_is_set():
    """Attributes of the trainer and of its arguments, from the source: the part that drifts between versions."""
    from trl import GRPOTrainer

    from lossproof.frameworks import trl

    tree = ast.parse(textwrap.dedent(inspect.getsource(GRPOTrainer._compute_loss)))
    read = {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"
    }
    later = {  # read only with adaptive entropy or a mixture of experts
        "_last_world_entropy", "_entropy_window_stats", "router_aux_loss_coef",
    }  # fmt: skip
    t = trl.trainer(trl.config({}))
    assert {a for a in read if not hasattr(t, a)} == later
    used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self.args"}
    assert used <= {f.name for f in fields(t.args)}


@pytest.mark.parametrize(
    "target, token, before, after",
    [
        ("trl:dapo[epsilon_high=0.28]", (0, 0), False, True),  # ratio 1.25, A > 0
        ("trl:dapo[epsilon=0.35]", (1, 1), False, True),  # ratio 0.7, A < 0
        ("trl:dapo[delta=3.0]", (1, 2), True, False),  # ratio 4, A < 0
        ("trl:grpo[off_policy_mask_threshold=0.5]", (3, 0), True, True),  # A > 0 is always kept
        ("trl:grpo[top_entropy_quantile=0.2]", (0, 0), False, False),
    ],
)
def test_clips_and_masks_silence_what_they_say(target, token, before, after, x):
    plain = call(target.partition("[")[0], x)[1][token] != 0
    assert (bool(plain), bool(call(target, x)[1][token] != 0)) == (before, after)


def test_off_policy_mask(x):
    x = x | {"old_logp": x["logp"] + torch.tensor([[0.0], [0.4], [0.6], [0.6]])}  # mean KL 0, 0.4, 0.6, 0.6
    alive = call("trl:sapo[off_policy_mask_threshold=0.5]", x)[1].abs().sum(1) > 0
    assert alive.tolist() == [True, True, False, True]  # completion 2: A < 0 and beyond the threshold


def test_entropy_quantile_keeps_the_uncertain_tokens(x):
    g = call("trl:sapo[top_entropy_quantile=0.2]", x)[1]
    assert (g != 0).nonzero().tolist() == [[0, 1], [2, 0]]  # entropies 1.0 and 1.1 of nine live ones


def test_kl(x):
    """k3 in the loss; the default multiplies it by the differentiable ratio."""
    d = x["ref_logp"] - x["logp"]
    plain, base = call("trl:grpo[beta=0.1,use_bias_correction_kl=False]", x)[1], call("trl:grpo", x)[1]
    scale = 0.1 * x["mask"] / x["mask"].sum(1, keepdim=True) / 4
    assert same(plain - base, scale * (d.exp() - 1))
    s = (x["logp"] - x["old_logp"]).exp()
    corrected = call("trl:grpo[beta=0.1]", x)[1]
    assert same(corrected - base, scale * s * (d.exp() - 1 - (d.exp() - d - 1)))


def test_sequence_level(x):
    _, g = call("trl:grpo[importance_sampling_level=sequence]", x)
    n = x["mask"].sum(1, keepdim=True)
    s = (((x["logp"] - x["old_logp"]) * x["mask"]).sum(1, keepdim=True) / n).exp()
    a = x["advantages"]
    inside = torch.where(a > 0, s <= 1.2, s >= 0.8)
    assert same(g, torch.where(inside, s * a, 0.0) * x["mask"] / n / 4)


def test_accumulation_sums_micro_batches_of_one_generation(x):
    for target, equal in {"trl:dapo": True, "trl:dr_grpo": True, "trl:grpo": True, "trl:bnpo": False}.items():
        whole, parts = call(target, x), call(f"{target}[gradient_accumulation_steps=2]", x)
        assert (same(whole[0], parts[0]) and same(whole[1], parts[1])) == equal
    with pytest.raises(BadTarget, match="cannot be split into 3 micro-batches"):
        from lossproof.target import objective

        objective("trl:dapo[gradient_accumulation_steps=3]")


@pytest.mark.parametrize("name", ["grpo", "bnpo", "dr_grpo", "dapo", "luspo"])
def test_truncated_completions_are_masked_before_tokens_are_counted(name, x):
    """Lengths 3, 3, 2, 1, generation stops at 3: the last two are left, and in dapo's and bnpo's denominator they alone."""
    w, n = by_hand(x), x["mask"].sum(1, keepdim=True)
    w[:2] = 0
    divisor = {"grpo": n * 4, "bnpo": 3, "dr_grpo": 12, "dapo": 3, "luspo": 4}[name]
    target = f"trl:{name}[mask_truncated_completions=True,max_completion_length=3]"
    assert same(call(target, x)[1], w / divisor)
    assert torch.isfinite(call(target, x | {"mask": torch.ones_like(x["mask"])})[0])  # nothing is left

    w = by_hand(x)
    w[2] = 0  # generation stops far beyond: those of 2 tokens stand for the truncated ones
    divisor = {"grpo": n * 4, "bnpo": 7, "dr_grpo": 4 * 512, "dapo": 7, "luspo": 4}[name]
    assert same(call(f"trl:{name}[mask_truncated_completions=True]", x)[1], w / divisor)


def test_truncated_completions_in_micro_batches_are_counted_in_the_whole_generation(x):
    knobs = "mask_truncated_completions=True,max_completion_length=3"
    whole, parts = (call(f"trl:dapo[{knobs}{m}]", x) for m in ("", ",gradient_accumulation_steps=2"))
    assert same(whole[0], parts[0]) and same(whole[1], parts[1])


def test_masking_truncated_completions_is_recorded_on_all_its_branches():
    from lossproof.target import objective

    subject = objective("trl:dapo[mask_truncated_completions=True]")
    assert len(subject.paths(3, 2)) == 8  # which of three completions are truncated
    assert subject.escapes(3, 2) == [] and subject.differs(3, 2) == ""


def test_rloo_clips_the_ratio_of_the_whole_completion(x):
    s = ((x["logp"] - x["old_logp"]) * x["mask"]).sum(1, keepdim=True).exp()  # 0.875, 3.5, 27.5, 0.95
    loss, g = call("trl:rloo", x)
    a = x["advantages"]
    inside = torch.where(a > 0, s <= 1.2, s >= 0.8)
    assert same(g, torch.where(inside, s * a, 0.0) * x["mask"] / 4)
    assert same(loss, -torch.min(s * a, s.clamp(0.8, 1.2) * a).mean())
    assert same(call("trl:rloo[epsilon_high=3.0]", x | {"advantages": a.abs()})[1][1], s[1] * 0.875 / 4)  # ratio 3.5
    assert same(call("trl:rloo", x | {"advantages": a.abs()})[1][1], 0 * a[1])


def test_rloo_advantages_leave_one_out():
    from lossproof.target import function

    r, group = torch.tensor([3.0, 0.0, 1.0, 1.0, 2.0, 5.0], dtype=torch.float64), torch.tensor([0, 0, 0, 1, 1, 1])
    rows = r.view(2, 3)
    plain = ((rows - rows.mean(1, keepdim=True)) * 3 / 2).flatten()
    assert same(function("trl:rloo-advantage")(rewards=r, group=group), plain)
    whitened = function("trl:rloo[normalize_advantages=True]", advantage=True)(rewards=r, group=group)
    assert same(whitened, (plain - plain.mean()) / (plain.std() + 1e-4), rtol=1e-7)
    with pytest.raises(ValueError, match="all have num_generations completions"):
        function("trl:rloo-advantage")(rewards=r, group=torch.tensor([0, 0, 1, 1, 1, 1]))


def test_rloo_defaults_are_those_of_its_config():
    from trl import RLOOConfig

    from lossproof.frameworks import rloo

    config = rloo.trainer({}).args
    assert all(getattr(config, k) == v == getattr(RLOOConfig, k) for k, v in (rloo.knobs(False) | rloo.knobs(True)).items())


def test_entropy_bonus_is_in_the_value(x):
    mean = (x["entropy"] * x["mask"]).sum() / x["mask"].sum()
    assert same(call("trl:dapo", x)[0] - call("trl:dapo[entropy_coef=0.5]", x)[0], 0.5 * mean)


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_advantages(scale):
    from lossproof.target import function

    r = torch.tensor([3.0, 0.0, 1.0, 1.0, 2.0, 5.0], dtype=torch.float64)
    group = torch.tensor([0, 0, 0, 1, 1, 1])
    a = function(f"trl:advantages[scale_rewards={scale}]")(rewards=r, group=group)
    rows = r.view(2, 3)
    spread = {"group": rows.std(1, keepdim=True) + 1e-4, "batch": r.std() + 1e-4, "none": torch.tensor(1.0)}[scale]
    assert same(a.view(2, 3), (rows - rows.mean(1, keepdim=True)) / spread, rtol=1e-7)  # n / (n - 1) is single in nanstd


@pytest.mark.parametrize("rewards", [[[3.0, 0.0, 1.0, 1.0]], [[3.0, 0.0, 1.0, 1.0], [0.0, 2.0, 5.0, 1.0]]])
def test_aggregation_whitens_each_reward_and_their_sum(rewards):
    from lossproof.target import function

    r, group = torch.tensor(rewards, dtype=torch.float64).T, torch.tensor([0, 0, 1, 1])
    a = function("trl:advantages[multi_objective_aggregation=normalize_then_sum]")(reward_components=r, group=group)
    k = sum(torch.cat([(p - p.mean()) / (p.std() + 1e-4) for p in reward.view(2, 2)]) for reward in r.T)
    assert same(a, (k - k.mean()) / (k.std() + 1e-4), rtol=1e-7)


def test_the_constant_beside_each_deviation_shows_where_two_rewards_cancel():
    """Advantages are 0; with the first reward doubled they are not: 0.2929, for the 1e-4 beside each deviation."""
    from lossproof.advantage import everything
    from lossproof.decide import decide
    from lossproof.target import subject

    estimator = subject("trl:advantages[multi_objective_aggregation=normalize_then_sum]")
    found = decide(everything()["adv-component-scale-invariant"], estimator, 4, 1)
    assert found.verdict == "refuted" and found.witness["group"]["rewards"] == [[1.0, 0.0], [0.0, 1.0]]
    assert abs(found.witness["left"] - 0.2929) < 1e-4 and abs(found.witness["right"]) < 1e-9
