"""TRL's GRPO losses: `GRPOTrainer._compute_loss`, called on a trainer without a model, only log-probabilities. RLOO: see `rloo`.

The attributes that the loss reads are set as `GRPOTrainer.__init__` sets them from a real `GRPOConfig`. Knobs are the fields of
the config that change the objective. `gradient_accumulation_steps=n` is the sum of the losses of n micro-batches that come
from one generation, which is what n backward passes add up to.

`mask_truncated_completions` acts before the loss, in `_generate_and_score_completions`, which is called here as well: it sets
the mask of a completion to 0 whose last token is no EOS, and counts the tokens that are left. What the contract's inputs do not
say, which completions those are, is told by their length: those of `max_completion_length` live tokens, where generation
stops. The default of that knob is far beyond what is audited: with it, those of 2 live tokens.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from trl import GRPOConfig, GRPOTrainer
from trl.trainer import grpo_trainer

from . import rloo
from .calling import OneProcess, asking, equal_parts, per_prompt

PACKAGE = "trl"
LOSSES = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]
KNOBS = (
    "epsilon epsilon_high delta beta use_bias_correction_kl importance_sampling_level max_completion_length "
    "gradient_accumulation_steps sapo_temperature_pos sapo_temperature_neg vespo_k_pos vespo_lambda_pos vespo_k_neg "
    "vespo_lambda_neg off_policy_mask_threshold top_entropy_quantile entropy_coef mask_truncated_completions"
).split()
REWARD_KNOBS = ["scale_rewards", "multi_objective_aggregation"]
EOS, CUT = 0, 1  # the last token of a completion that came to its end, and of one that did not


def losses() -> list[str]:
    return [*LOSSES, "rloo"]


def estimators() -> list[str]:
    return ["advantages", "rloo"]


def knobs(name: str, estimates: bool) -> dict[str, Any]:
    """Knob -> default, as GRPOConfig (or RLOOConfig) declares it."""
    if name == "rloo":
        return rloo.knobs(estimates)
    declared = {f.name: f.default for f in fields(GRPOConfig)}
    return {k: declared[k] for k in (REWARD_KNOBS if estimates else KNOBS)}


def config(chosen: dict[str, Any]) -> Any:
    """A real GRPOConfig, which checks the values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GRPOConfig(output_dir="unused", use_cpu=True, bf16=False, report_to="none", **chosen)


def trainer(args: Any) -> Any:
    """A GRPOTrainer with what the loss and the advantages read, and nothing else."""
    t = object.__new__(GRPOTrainer)
    t.args, t.accelerator, t.model = args, OneProcess(), SimpleNamespace(training=True, is_gradient_checkpointing=False)
    t._metrics = {mode: defaultdict(list) for mode in ("train", "eval")}
    t.loss_type, t.beta, t.importance_sampling_level = args.loss_type, args.beta, args.importance_sampling_level
    t.epsilon_low = args.epsilon
    t.epsilon_high = args.epsilon if args.epsilon_high is None else args.epsilon_high
    t.max_completion_length, t.top_entropy_quantile = args.max_completion_length, args.top_entropy_quantile
    t.off_policy_mask_threshold, t.entropy_coef = args.off_policy_mask_threshold, args.entropy_coef
    t.use_adaptive_entropy, t.aux_loss_enabled, t.num_iterations = args.use_adaptive_entropy, False, args.num_iterations
    t._entropy_bonus_enabled = t.entropy_coef != 0.0 or t.use_adaptive_entropy
    t.use_vllm, t.vllm_importance_sampling_correction = args.use_vllm, args.vllm_importance_sampling_correction
    t.current_gradient_accumulation_steps = args.gradient_accumulation_steps
    return t


def loss(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The loss of one optimiser step on one group, as a function of log-probabilities."""
    if name == "rloo":
        return rloo.loss(chosen)
    args = config(chosen | {"loss_type": name})
    asked = ["logp", "old_logp", "advantages", "mask"]
    asked += ["ref_logp"] if args.beta != 0.0 else []
    asked += ["entropy"] if args.top_entropy_quantile < 1.0 or args.entropy_coef != 0.0 else []

    def compute(mask: torch.Tensor, **given: torch.Tensor) -> torch.Tensor:
        mask, items = masked(args, mask) if args.mask_truncated_completions else (mask, mask.sum())
        parts = [equal_parts(x, args.gradient_accumulation_steps) for x in (mask, *given.values())]
        return torch.stack(
            [one(args, items, m, **dict(zip(given, xs, strict=True))) for m, *xs in zip(*parts, strict=True)]
        ).sum()

    return asking(compute, asked)


def one(
    args: Any, items: torch.Tensor, mask: torch.Tensor, logp: torch.Tensor, old_logp: torch.Tensor, advantages: torch.Tensor,
    ref_logp: torch.Tensor | None = None, entropy: torch.Tensor | None = None,
) -> torch.Tensor:  # fmt: skip
    """`_compute_loss` on one micro-batch; `items` counts the live tokens of the whole generation."""
    t = trainer(args)
    t._get_per_token_logps_and_entropies = lambda *_, **__: (logp, torch.zeros_like(mask) if entropy is None else entropy, None)
    ids = torch.zeros_like(mask, dtype=torch.long)
    inputs = {
        "prompt_ids": ids[:, :1], "prompt_mask": torch.ones_like(mask[:, :1]), "completion_ids": ids, "completion_mask": mask,
        "advantages": advantages, "num_items_in_batch": items, "old_per_token_logps": old_logp, "ref_per_token_logps": ref_logp,
    }  # fmt: skip
    with patch.multiple(grpo_trainer, nanmin=torch.sum, nanmax=torch.sum):  # of metrics alone: each branches on what is NaN
        return GRPOTrainer._compute_loss(t, None, inputs)


def masked(args: Any, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The mask of a generation without its truncated completions, (G, T), and the number of tokens that it counts.

    To TRL all completions are T tokens long, and what stands after the live ones was written by a tool.
    """
    stop = 2 if args.max_completion_length == GRPOConfig.max_completion_length else args.max_completion_length
    ids = [[EOS] * (mask.shape[1] - 1) + [CUT if row.sum() == stop else EOS] for row in mask]
    out = generation(args, torch.zeros_like(mask[:, 0]), len(mask), ids, list(mask))
    return out["completion_mask"] * out["tool_mask"], out["num_items_in_batch"]


def generation(args: Any, rewards: torch.Tensor, size: int, ids: list[list[int]], tool_mask: Any = None) -> dict[str, Any]:
    """`_generate_and_score_completions`, where a model gave these completions, and one reward function these rewards, (B,), or
    K reward functions these, (B, K)."""
    t, n = trainer(args), len(rewards)
    per_function = rewards if rewards.dim() == 2 else rewards[:, None]
    names = [f"reward {k}" for k in range(per_function.shape[1])]
    t.scale_rewards, t.multi_objective_aggregation = args.scale_rewards, args.multi_objective_aggregation
    t.num_generations, t.reward_weights, t.reward_funcs, t.reward_func_names = size, torch.ones(len(names)), names, names
    t.environment_factories, t.environments, t.tools = None, None, []
    t.mask_truncated_completions, t.eos_token_ids = args.mask_truncated_completions, [EOS]
    t._tokenizer, t.pad_to_multiple_of = SimpleNamespace(pad_token_id=EOS), None
    t._logs, t._pending_extra_logs, t._pending_metrics, t.log_multimodal = defaultdict(list), {}, {}, False
    t._logs["rewards"], t._logs["extra"] = defaultdict(list), defaultdict(list)
    t._generate = lambda prompts: ([[1]] * n, ids, tool_mask, [""] * n, None, {}, None, None)
    t._calculate_rewards = lambda *_: per_function
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TRL copies the rows of the mask as if they were lists
        return GRPOTrainer._generate_and_score_completions(t, [{"prompt": ""}] * n)


def estimator(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The advantages of one generation, from `_generate_and_score_completions`: with one reward function, or with several
    where rewards are normalised before they are added up, which says little of one.
    """
    if name == "rloo":
        return rloo.estimator(chosen)
    args = config(chosen)

    def advantages(rewards: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        return generation(args, rewards, per_prompt(group), [[EOS]] * len(rewards))["advantages"]

    def of_several(reward_components: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        return advantages(reward_components, group)

    return of_several if args.multi_objective_aggregation == "normalize_then_sum" else advantages
