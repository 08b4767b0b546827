"""verl's actor loss, `verl.workers.utils.losses.ppo_loss`, and its advantage estimators from `core_algos`.

`ppo_loss` is what the actor differentiates: a registered policy loss, aggregated, minus the entropy bonus, plus the KL
penalty. Tensors come padded, so its own step from nested to padded tensors does nothing here. Knobs are the fields of
`ActorConfig`, `PolicyLossConfig` and `RolloutCorrectionConfig` that change the objective. `micro_batches=n` sums the losses of
n micro-batches of one mini-batch, normalised by the whole mini-batch as verl's engine has it. The vectorised estimators
compute in float32; here that is float64, so that rounding does not look like a property of the formula.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from verl.trainer.config import AlgoConfig
from verl.trainer.config.algorithm import RolloutCorrectionConfig
from verl.trainer.ppo import core_algos
from verl.utils import groupwise
from verl.workers.config.actor import ActorConfig, PolicyLossConfig
from verl.workers.utils import losses as workers

from .calling import Double, asking, equal_parts

PACKAGE = "verl"
ACTOR = (
    "clip_ratio clip_ratio_low clip_ratio_high clip_ratio_c loss_agg_mode loss_scale_factor entropy_coeff tau_pos tau_neg "
    "use_kl_loss kl_loss_coef kl_loss_type"
).split()
POLICY = "clip_cov_ratio clip_cov_lb clip_cov_ub kl_cov_ratio ppo_kl_coef dro_beta".split()
BYPASS = "loss_type rollout_is rollout_is_threshold rollout_is_batch_normalize rollout_rs rollout_rs_threshold".split()
# What an estimator takes besides rewards, mask and prompt ids: a critic's values, a greedy rollout's reward, probabilities.
EXTRA = {"values": 0.0, "reward_baselines": 0.0, "old_log_probs": -0.6931471805599453, "sum_pi_squared": 0.5}
SUPPLIED = ("token_level_rewards", "response_mask", "index", "config", "rollout_is_weights", "non_tensor_batch", "batch")
ALGORITHM = ("gamma", "lam", "norm_adv_by_std_in_grpo")


def losses() -> list[str]:
    return list(core_algos.POLICY_LOSS_REGISTRY)


def estimators() -> list[str]:
    return list(core_algos.ADV_ESTIMATOR_REGISTRY)


def declared(cls: Any, names: list[str] | tuple[str, ...]) -> dict[str, Any]:
    return {f.name: f.default for f in fields(cls) if f.name in names and f.default is not MISSING}


def knobs(name: str, estimates: bool) -> dict[str, Any]:
    """Knob -> default, as verl's dataclasses and signatures declare it."""
    if estimates:
        asked = inspect.signature(core_algos.get_adv_estimator_fn(name)).parameters.values()
        own = {
            p.name: EXTRA.get(p.name, p.default) for p in asked if p.name not in SUPPLIED and p.kind is p.POSITIONAL_OR_KEYWORD
        }
        algorithm = declared(AlgoConfig, ALGORITHM)
        used = {"reinforce_plus_plus": ["gamma"], "grpo_passk": ["norm_adv_by_std_in_grpo"]}.get(name, [])
        return {k: algorithm.get(k, v) for k, v in own.items()} | {k: algorithm[k] for k in used}
    own = declared(ActorConfig, ACTOR) | declared(PolicyLossConfig, POLICY) | {"micro_batches": 1}
    return own | (declared(RolloutCorrectionConfig, BYPASS) if name == "bypass_mode" else {})


class Padded(dict[str, Any]):
    """A batch whose tensors are padded already: the part of TensorDict that `ppo_loss` uses."""

    def select(self, *names: str) -> "Padded":
        return self

    def to_padded_tensor(self) -> "Padded":
        return self


def loss(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The actor's loss on one group, as a function of log-probabilities."""
    correction = RolloutCorrectionConfig(**{k: chosen[k] for k in BYPASS if k in chosen})
    policy = PolicyLossConfig(loss_mode=name, rollout_correction=correction, **{k: chosen[k] for k in POLICY})
    config = ActorConfig(
        strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1, policy_loss=policy, **{k: chosen[k] for k in ACTOR}
    )
    asked = ["logp", "old_logp", "advantages", "mask"]
    asked += ["ref_logp"] if config.use_kl_loss else []
    asked += ["entropy"] if config.entropy_coeff else []

    def compute(mask: torch.Tensor, **given: torch.Tensor) -> torch.Tensor:
        whole = {"dp_size": 1, "batch_num_tokens": mask.sum(), "global_batch_size": len(mask)}
        given["advantages"] = given["advantages"] * mask  # as every estimator of verl's returns them
        parts = [equal_parts(x, chosen["micro_batches"]) for x in (mask, *given.values())]
        return torch.stack(
            [one(config, whole, m, **dict(zip(given, xs, strict=True))) for m, *xs in zip(*parts, strict=True)]
        ).sum()

    return asking(compute, asked)


def one(
    config: Any, whole: dict[str, Any], mask: torch.Tensor, logp: torch.Tensor, old_logp: torch.Tensor, advantages: torch.Tensor,
    ref_logp: torch.Tensor | None = None, entropy: torch.Tensor | None = None,
) -> torch.Tensor:  # fmt: skip
    """`ppo_loss` on one micro-batch."""
    data = Padded(response_mask=mask, old_log_probs=old_logp, advantages=advantages, **whole)
    if ref_logp is not None:
        data["ref_log_prob"] = ref_logp
    with patch.object(workers, "no_padding_2_padding", lambda x, _: x):
        return workers.ppo_loss(config, {"log_probs": logp, "entropy": entropy}, data)[0]


def estimator(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """A registered estimator; the reward stands at the last live token, as verl's reward managers put it."""
    function = core_algos.get_adv_estimator_fn(name)
    asked = inspect.signature(function).parameters
    config = AlgoConfig(**{k: v for k, v in chosen.items() if k in ALGORITHM})

    def advantages(rewards: torch.Tensor, mask: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        last = mask - torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], 1)
        offered: dict[str, Any] = {
            "token_level_rewards": rewards[:, None] * last, "response_mask": mask, "config": config,
            "index": np.array([int(g) for g in group.tolist()], dtype=object), **chosen,
        }  # fmt: skip
        for key in EXTRA.keys() & asked.keys():
            like = rewards if key == "reward_baselines" else mask
            offered[key] = torch.full_like(like, chosen[key])
        with patch.object(groupwise, "torch", Double()):
            return function(**{k: v for k, v in offered.items() if k in asked})[0]

    return advantages
