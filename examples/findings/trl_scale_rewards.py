"""Under TRL's normalize_then_sum, scale_rewards does nothing: with "none", as with "group" and "batch", rewards are scaled."""

from collections import defaultdict
from unittest.mock import MagicMock

import torch
from trl import GRPOTrainer

found = {}
for scale in ("group", "batch", "none"):
    for how in ("sum_then_normalize", "normalize_then_sum"):
        t = MagicMock(num_generations=2, scale_rewards=scale, multi_objective_aggregation=how, reward_funcs=[1, 2], tools=[],
                      reward_func_names=["a", "b"], reward_weights=torch.ones(2), environments=None, beta=0.0,
                      environment_factories=None, pad_to_multiple_of=None, mask_truncated_completions=False, use_vllm=False,
                      _pending_extra_logs={}, _pending_metrics={})  # fmt: skip
        t._tokenizer.pad_token_id, t.accelerator.device, t.accelerator.process_index = 0, "cpu", 0
        t._metrics, t.accelerator.gather = {"train": defaultdict(list)}, lambda x: x
        t._get_per_token_logps_and_entropies.return_value = None, None, None
        t._generate.return_value = [[5]] * 4, [[7]] * 4, None, [""] * 4, None, {}, None, None
        t._calculate_rewards.return_value = torch.tensor([[9.0, 1], [0, 0], [3, 0], [0, 0]])  # of two prompts
        found[how, scale] = GRPOTrainer._generate_and_score_completions(t, [{"prompt": ""}] * 4)["advantages"].tolist()
        print(f"{how} scale_rewards={scale:5} advantages", [round(a, 3) for a in found[how, scale]])
assert len({tuple(a) for (how, _), a in found.items() if how == "normalize_then_sum"}) == 1
assert len({tuple(a) for (how, _), a in found.items() if how == "sum_then_normalize"}) == 3
