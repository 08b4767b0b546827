"""TRL's mask_truncated_completions takes a truncated completion out of the loss, not out of the baseline and grpo's mean."""

from collections import defaultdict
from unittest.mock import MagicMock

import torch
from trl import GRPOConfig, GRPOTrainer

weights = {}
for loss_type, masked in (("dapo", False), ("dapo", True), ("grpo", False), ("grpo", True)):
    args = GRPOConfig(output_dir="unused", use_cpu=True, bf16=False, report_to="none")
    t = MagicMock(args=args, loss_type=loss_type, mask_truncated_completions=masked, eos_token_ids=[0], epsilon_low=0.2,
                  epsilon_high=0.2, importance_sampling_level="token", beta=0.0, use_vllm=False, num_iterations=1, tools=[],
                  num_generations=2, scale_rewards="none", multi_objective_aggregation="sum_then_normalize",
                  reward_weights=torch.ones(1), reward_func_names=[""], top_entropy_quantile=1.0, aux_loss_enabled=False,
                  off_policy_mask_threshold=None, environments=None, environment_factories=None, pad_to_multiple_of=None,
                  _entropy_bonus_enabled=False, current_gradient_accumulation_steps=1,
                  _pending_extra_logs={}, _pending_metrics={})  # fmt: skip
    t._tokenizer.pad_token_id, t.accelerator.device, t.accelerator.process_index, t.accelerator.num_processes = 0, "cpu", 0, 1
    t._metrics, t.accelerator.gather = {"train": defaultdict(list)}, lambda x: x
    t._generate.return_value = [[5], [5]], [[7, 7, 0], [7, 7, 7]], None, ["", ""], None, {}, None, None  # 0 is EOS
    t._calculate_rewards.return_value, logp = torch.tensor([[1.0], [0.0]]), torch.full((2, 3), -1.0, requires_grad=True)
    t._get_per_token_logps_and_entropies.return_value = logp, torch.zeros(2, 3), None
    batch = GRPOTrainer._generate_and_score_completions(t, [{"prompt": ""}] * 2)
    (g,) = torch.autograd.grad(GRPOTrainer._compute_loss(t, None, batch), logp)
    weights[loss_type, masked] = g[:, 0].neg().tolist()
    print(f"{loss_type}, masked {masked!s:5}: first tokens weigh", [round(w + 0.0, 4) for w in weights[loss_type, masked]])
assert [sum(w) > 0.05 for w in weights.values()] == [False, True, False, True]
assert weights["grpo", True][0] == weights["grpo", False][0] == weights["dapo", True][0] / 2
