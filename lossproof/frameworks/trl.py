"""TRL's GRPO losses: `GRPOTrainer._compute_loss`, called on a trainer that has no model, only log-probabilities.

The attributes that the loss reads are set as `GRPOTrainer.__init__` sets them from a real `GRPOConfig`. Knobs are the fields of
the config that change the objective. `mask_truncated_completions` is none: it masks whole completions before the loss is
called, which is the property masked-completion-neutral. `gradient_accumulation_steps=n` is the sum of the losses of n
micro-batches that come from one generation, which is what n backward passes add up to.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import torch
from trl import GRPOConfig, GRPOTrainer

from .calling import asking, equal_parts

PACKAGE = "trl"
LOSSES = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]
KNOBS = (
    "epsilon epsilon_high delta beta use_bias_correction_kl importance_sampling_level max_completion_length "
    "gradient_accumulation_steps sapo_temperature_pos sapo_temperature_neg vespo_k_pos vespo_lambda_pos vespo_k_neg "
    "vespo_lambda_neg off_policy_mask_threshold top_entropy_quantile entropy_coef"
).split()
REWARD_KNOBS = ["scale_rewards", "multi_objective_aggregation"]


def losses() -> list[str]:
    return list(LOSSES)


def estimators() -> list[str]:
    return ["advantages"]


def knobs(name: str, estimates: bool) -> dict[str, Any]:
    """Knob -> default, as GRPOConfig declares it."""
    declared = {f.name: f.default for f in fields(GRPOConfig)}
    return {k: declared[k] for k in (REWARD_KNOBS if estimates else KNOBS)}


class OneProcess:
    """Accelerate's part in the loss, in a run of one process."""

    num_processes, process_index, is_main_process, sync_gradients = 1, 0, True, True
    device = torch.device("cpu")

    def gather(self, x: torch.Tensor) -> torch.Tensor:
        return x

    gather_for_metrics = gather

    def reduce(self, x: torch.Tensor, reduction: str = "sum") -> torch.Tensor:
        return x

    def pad_across_processes(self, x: torch.Tensor, dim: int = 0, pad_index: float = 0) -> torch.Tensor:
        return x


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
    args = config(chosen | {"loss_type": name})
    asked = ["logp", "old_logp", "advantages", "mask"]
    asked += ["ref_logp"] if args.beta != 0.0 else []
    asked += ["entropy"] if args.top_entropy_quantile < 1.0 or args.entropy_coef != 0.0 else []

    def compute(mask: torch.Tensor, **given: torch.Tensor) -> torch.Tensor:
        parts = [equal_parts(x, args.gradient_accumulation_steps) for x in (mask, *given.values())]
        return torch.stack(
            [one(args, mask.sum(), m, **dict(zip(given, xs, strict=True))) for m, *xs in zip(*parts, strict=True)]
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
    return GRPOTrainer._compute_loss(t, None, inputs)


def estimator(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The advantages of one generation with one reward function, from `_generate_and_score_completions`."""
    args = config(chosen)

    def advantages(rewards: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        t = trainer(args)
        per_prompt = [int((group == g).sum()) for g in range(int(group.max()) + 1)]
        if len(set(per_prompt)) > 1:
            raise ValueError("TRL's groups all have num_generations completions")
        t.scale_rewards, t.multi_objective_aggregation = args.scale_rewards, args.multi_objective_aggregation
        t.num_generations, t.reward_weights, t.reward_funcs, t.reward_func_names = (
            per_prompt[0],
            torch.ones(1),
            [None],
            ["reward"],
        )
        t.environment_factories, t.environments, t.tools, t.mask_truncated_completions = None, None, [], False
        t._tokenizer, t.pad_to_multiple_of = SimpleNamespace(pad_token_id=0), None
        t._logs, t._pending_extra_logs, t._pending_metrics, t.log_multimodal = defaultdict(list), {}, {}, False
        t._logs["rewards"], t._logs["extra"] = defaultdict(list), defaultdict(list)
        n = len(rewards)
        t._generate = lambda prompts: ([[1]] * n, [[1]] * n, None, [""] * n, None, {}, None, None)
        t._calculate_rewards = lambda *_: rewards[:, None]
        return GRPOTrainer._generate_and_score_completions(t, [{"prompt": ""}] * n)["advantages"]

    return advantages
