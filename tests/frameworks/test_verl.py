"""verl's actor loss and estimators: what is called is verl's, the defaults are verl's, and a knob changes what it says."""

import pytest
import torch
from calls import call, same

pytestmark = pytest.mark.framework("verl")
PURE = ["vanilla", "dppo_tv", "dppo_kl", "gspo", "sapo", "gpg", "geo_mean", "cispo"]


@pytest.mark.parametrize("name", PURE)
def test_it_is_the_registered_loss_of_the_default_config(name, x):
    from verl.trainer.ppo import core_algos
    from verl.workers.config.actor import ActorConfig

    config = ActorConfig(strategy="fsdp", rollout_n=4, ppo_micro_batch_size_per_gpu=4)
    logp = x["logp"].clone().requires_grad_()
    loss, _ = core_algos.get_policy_loss_fn(name)(
        x["old_logp"], logp, x["advantages"] * x["mask"], x["mask"].bool(), config.loss_agg_mode, config
    )
    (g,) = torch.autograd.grad(loss, logp)
    ours = call(f"verl:{name}", x)
    assert same(ours[0], loss.detach()) and same(ours[1], -g)


def test_defaults_are_the_dataclasses():
    from verl.workers.config.actor import ActorConfig

    from lossproof.frameworks import verl

    config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1)
    for knob, default in verl.knobs("vanilla", False).items():
        if knob != "micro_batches":
            assert getattr(config if knob in verl.ACTOR else config.policy_loss, knob) == default


def test_aggregation_modes(x):
    n, g = x["mask"].sum(1, keepdim=True), {m: call(f"verl:vanilla[loss_agg_mode={m}]", x)[1] for m in (
        "token-mean", "token-sum", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm")}  # fmt: skip
    w = g["token-sum"]
    assert same(g["token-mean"], w / n.sum()) and same(g["seq-mean-token-sum"], w / 4)
    assert same(g["seq-mean-token-mean"], w / n / 4) and same(g["seq-mean-token-sum-norm"], w / 4 / 3)
    scaled = call("verl:vanilla[loss_agg_mode=seq-mean-token-sum-norm,loss_scale_factor=10]", x)[1]
    assert same(scaled, w / 4 / 10)


@pytest.mark.parametrize("kind", ["k1", "kl", "abs", "k2", "mse", "k3", "low_var_kl", "k1+", "k3+"])
def test_kl_penalties(kind, x):
    d = x["logp"] - x["ref_logp"]
    slope = {"k1": 1.0, "kl": 1.0, "abs": d.sign(), "k2": d, "mse": d, "k3": 1 - (-d).exp(), "low_var_kl": 1 - (-d).exp()}
    expected = d if kind.endswith("+") else slope[kind]  # a plus sign: the gradient of k2
    g = call(f"verl:vanilla[use_kl_loss=True,kl_loss_coef=0.5,kl_loss_type={kind}]", x)[1] - call("verl:vanilla", x)[1]
    assert same(g, -0.5 * expected * x["mask"] / x["mask"].sum())


def test_the_clamp_of_k3_is_found_and_its_witness_replays():
    from lossproof.decide import decide
    from lossproof.properties import load
    from lossproof.replay import replay
    from lossproof.target import objective

    found = decide(load()["kl-pulls-to-reference"], objective("verl:vanilla[use_kl_loss=True,kl_loss_type=k3]"), 3, 2)
    assert found.verdict == "refuted"
    violated, text = replay(found.witness)
    assert violated and "it is 0" in text


@pytest.mark.parametrize(
    "target, token, before, after",
    [
        ("verl:vanilla[clip_ratio_high=0.28]", (0, 0), False, True),  # ratio 1.25, A > 0
        ("verl:vanilla[clip_ratio_low=0.35]", (1, 1), False, True),  # ratio 0.7, A < 0
        ("verl:vanilla[clip_ratio_c=5.0]", (1, 2), False, True),  # ratio 4, A < 0
        ("verl:bypass_mode[loss_type=reinforce]", (0, 0), False, True),  # no clip
    ],
)
def test_clips_silence_what_they_say(target, token, before, after, x):
    plain = call(target.partition("[")[0], x)[1][token] != 0
    assert (bool(plain), bool(call(target, x)[1][token] != 0)) == (before, after)


def test_micro_batches_change_nothing_where_the_engine_normalises(x):
    for mode in ("token-mean", "seq-mean-token-mean", "seq-mean-token-sum"):
        whole, parts = (call(f"verl:vanilla[loss_agg_mode={mode}{m}]", x) for m in ("", ",micro_batches=2"))
        assert same(whole[1], parts[1])
    assert not same(call("verl:geo_mean", x)[1], call("verl:geo_mean[micro_batches=2]", x)[1])


def test_entropy_bonus_is_in_the_value(x):
    mean = (x["entropy"] * x["mask"]).sum() / x["mask"].sum()
    assert same(call("verl:vanilla", x)[0] - call("verl:vanilla[entropy_coeff=0.5]", x)[0], 0.5 * mean)


R = torch.tensor([3.0, 0.0, 1.0, 1.0, 2.0, 5.0], dtype=torch.float64)
GROUP = torch.tensor([0, 0, 0, 1, 1, 1])
MASK = torch.tensor([[1.0, 1], [1, 0], [1, 1], [1, 1], [1, 1], [1, 0]], dtype=torch.float64)


@pytest.mark.parametrize(
    "target, expected",
    [
        ("verl:grpo", lambda r: (r - r.mean()) / (r.std() + 1e-6)),
        ("verl:grpo_vectorized", lambda r: (r - r.mean()) / (r.std() + 1e-6)),
        ("verl:grpo[norm_adv_by_std_in_grpo=False]", lambda r: r - r.mean()),
        ("verl:rloo", lambda r: (r - r.mean()) * 3 / 2),
        ("verl:rloo_vectorized", lambda r: (r - r.mean()) * 3 / 2),
        ("verl:remax", lambda r: r),
    ],
)
def test_estimators_per_prompt(target, expected):
    from lossproof.target import function

    a = function(target)(rewards=R, mask=MASK, group=GROUP)
    assert same(a, torch.cat([expected(p) for p in R.view(2, 3)])[:, None] * MASK)


def test_an_estimator_needs_its_own_prompts(x):
    from lossproof.target import function

    one = function("verl:grpo")(rewards=R, mask=MASK, group=torch.zeros(6, dtype=torch.long))
    assert not same(one, function("verl:grpo")(rewards=R, mask=MASK, group=GROUP))
