"""TRL's RLOO, for `frameworks.trl`: `RLOOTrainer._compute_loss`, and the advantages of `_generate_and_score_completions`.

The ratio is that of whole completions, of which the trainer keeps one number from generation, the sum of the old
log-probabilities: that sum is made here. The KL penalty is part of the rewards (`beta`, 0.05 by default), so it is not seen in
the loss; here the rewards have it subtracted already.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from trl import RLOOConfig, RLOOTrainer
from trl.trainer import rloo_trainer

from .calling import OneProcess, asking, per_prompt

KNOBS = ["epsilon", "epsilon_high"]
REWARD_KNOBS = ["normalize_advantages"]


def knobs(estimates: bool) -> dict[str, Any]:
    """Knob -> default, as RLOOConfig declares it."""
    declared = {f.name: f.default for f in fields(RLOOConfig)}
    return {k: declared[k] for k in (REWARD_KNOBS if estimates else KNOBS)}


def trainer(chosen: dict[str, Any]) -> Any:
    """An RLOOTrainer with what the loss and the advantages read, as `__init__` sets it, and nothing else."""
    t, args = object.__new__(RLOOTrainer), RLOOConfig(output_dir="unused", use_cpu=True, bf16=False, report_to="none", **chosen)
    t.args, t.accelerator, t.model = args, OneProcess(), SimpleNamespace(training=True, is_gradient_checkpointing=False)
    t._metrics = {mode: defaultdict(list) for mode in ("train", "eval")}
    t.epsilon_low = args.epsilon
    t.epsilon_high = args.epsilon_high if args.epsilon_high is not None else args.epsilon
    t.aux_loss_enabled, t.beta, t.num_iterations = False, 0.0, args.num_iterations
    t.normalize_advantages, t.reward_clip_range = args.normalize_advantages, args.reward_clip_range
    t.mask_truncated_completions, t.pad_to_multiple_of = False, None
    return t


def loss(chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The loss of one micro-batch, as a function of log-probabilities and of one advantage per completion."""

    def compute(logp: torch.Tensor, old_logp: torch.Tensor, advantages: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        t, ids = trainer(chosen), torch.zeros_like(mask, dtype=torch.long)
        t._get_per_token_logps_and_entropies = lambda *_, **__: (logp, torch.zeros_like(mask), None)
        inputs = {
            "prompt_ids": ids[:, :1], "prompt_mask": torch.ones_like(mask[:, :1]), "completion_ids": ids, "completion_mask": mask,
            "advantages": advantages.reshape(len(mask)), "old_logps": (old_logp * mask).sum(1),
        }  # fmt: skip
        with patch.multiple(rloo_trainer, nanmin=torch.sum, nanmax=torch.sum):  # of metrics alone
            return RLOOTrainer._compute_loss(t, None, inputs)

    return asking(compute, ["logp", "old_logp", "advantages", "mask"])


def estimator(chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The advantages of one generation with one reward function."""

    def advantages(rewards: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        n, t = len(rewards), trainer(chosen)
        t.num_generations, t.reward_weights, t.reward_func_names = per_prompt(group), torch.ones(1), ["reward"]
        t._tokenizer, t._logs = SimpleNamespace(pad_token_id=0), defaultdict(list)
        t._pending_extra_logs, t._pending_metrics, t.log_multimodal = {}, {}, False
        t._logs["rewards"], t._logs["extra"] = defaultdict(list), defaultdict(list)
        t._generate = lambda prompts: ([[1]] * n, [[1]] * n, [""] * n)
        t._get_per_token_logps_and_entropies = lambda *_, **__: (torch.zeros(n, 1), None, None)
        t._calculate_rewards = lambda *_: rewards[:, None]
        return RLOOTrainer._generate_and_score_completions(t, [{"prompt": ""}] * n)["advantages"]

    return advantages
