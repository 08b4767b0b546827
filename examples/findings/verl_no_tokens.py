"""verl's default loss of a mini-batch without a live token is NaN; the sequence modes and TRL give 0."""

import torch
from verl.trainer.ppo.core_algos import agg_loss

losses, mask = torch.ones(2, 3), torch.zeros(2, 3)
for mode, whole in (("token-mean", {"batch_num_tokens": 0}), ("seq-mean-token-mean", {"global_batch_size": 2})):
    print(f"{mode}: {agg_loss(losses, mask, mode, **{k: torch.tensor(v) for k, v in whole.items()}).item()}")
assert agg_loss(losses, mask, "token-mean", batch_num_tokens=torch.tensor(0)).isnan()
