"""verl's aggregation modes guard against NaN at padding, or do not: token-mean replaces it, the sequence modes multiply it."""

import torch
from verl.trainer.ppo.core_algos import agg_loss

losses, mask = torch.tensor([[1.0, float("nan")]]), torch.tensor([[1.0, 0.0]])
for mode in ("token-mean", "token-sum", "seq-mean-token-sum", "seq-mean-token-mean"):
    out = agg_loss(losses, mask, mode)
    print(f"{mode}: {out.item()}")
assert out.isnan() and not agg_loss(losses, mask, "token-mean").isnan()
