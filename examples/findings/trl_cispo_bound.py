"""TRL's CISPO without epsilon_high bounds the ratios at 0.2 and not at 1.2: every weight is a fifth, and no ratio matters."""

from unittest.mock import MagicMock

import torch
from trl import GRPOConfig, GRPOTrainer

args = GRPOConfig(output_dir="unused", use_cpu=True, bf16=False, report_to="none", loss_type="cispo")
bound = args.epsilon if args.epsilon_high is None else args.epsilon_high  # as GRPOTrainer.__init__ has it
ratio, ids = torch.tensor([[0.5], [1.0], [2.0]]), torch.zeros(3, 1, dtype=torch.long)
logp = torch.full((3, 1), -1.0, requires_grad=True)
trainer = MagicMock(loss_type="cispo", importance_sampling_level="token", beta=0.0, epsilon_high=bound, args=args, use_vllm=False,
                    top_entropy_quantile=1.0, off_policy_mask_threshold=None, aux_loss_enabled=False,
                    _entropy_bonus_enabled=False, current_gradient_accumulation_steps=1)  # fmt: skip
trainer.accelerator.num_processes, trainer.accelerator.reduce = 1, lambda x, reduction: x
trainer._get_per_token_logps_and_entropies.return_value = (logp, torch.zeros(3, 1), None)
batch = {"prompt_ids": ids, "prompt_mask": ids, "completion_ids": ids, "completion_mask": ids + 1, "advantages": torch.ones(3)}
batch |= {"old_per_token_logps": logp.detach() - ratio.log(), "num_items_in_batch": torch.tensor(1)}
(g,) = torch.autograd.grad(GRPOTrainer._compute_loss(trainer, None, batch), logp)
print("ratios", ratio.flatten().tolist(), "weigh", [round(w, 6) for w in (-g).flatten().tolist()], "for an advantage of 1")
assert torch.allclose(-g, torch.tensor(0.2))
