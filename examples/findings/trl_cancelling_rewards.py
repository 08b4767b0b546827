"""Where two rewards cancel, TRL's normalize_then_sum makes advantages of the 1e-4 that it adds to each standard deviation."""

from collections import defaultdict
from unittest.mock import MagicMock

import torch
from trl import GRPOTrainer

first = []
for rewards in ([[1, 0], [0, 1]], [[2, 0], [0, 1]], [[0.01, 0], [0, 1]], [[0.01, 0], [0, 1], [1, 0], [0, 0]]):
    n = len(rewards)  # the last batch has a second prompt, with 2 completions like the first
    t = MagicMock(num_generations=2, multi_objective_aggregation="normalize_then_sum", reward_funcs=[1, 2], tools=[], beta=0.0,
                  reward_func_names=["a", "b"], reward_weights=torch.ones(2), environments=None, environment_factories=None,
                  pad_to_multiple_of=None, mask_truncated_completions=False, use_vllm=False,
                  _pending_extra_logs={}, _pending_metrics={})  # fmt: skip
    t._tokenizer.pad_token_id, t.accelerator.device, t.accelerator.process_index = 0, "cpu", 0
    t._metrics, t.accelerator.gather = {"train": defaultdict(list)}, lambda x: x
    t._get_per_token_logps_and_entropies.return_value = None, None, None
    t._generate.return_value = [[5]] * n, [[7]] * n, None, [""] * n, None, {}, None, None
    t._calculate_rewards.return_value = torch.tensor(rewards, dtype=torch.float32)
    advantages = GRPOTrainer._generate_and_score_completions(t, [{"prompt": ""}] * n)["advantages"].tolist()
    print("rewards", rewards, "advantages", [round(a, 3) for a in advantages])
    first.append(advantages[0])
assert torch.allclose(torch.tensor(first), torch.tensor([0.0, 0.2929, -0.702, -0.0169]), atol=1e-3)
