"""verl's seq-mean-token-sum-norm, without loss_scale_factor, divides by the padded width: more padding, a smaller loss."""

import torch
from verl.trainer.ppo.core_algos import agg_loss

losses, mask = torch.ones(2, 2), torch.ones(2, 2)
for extra in (0, 2):
    pad = torch.zeros(2, extra)
    out = agg_loss(torch.cat([losses, pad], 1), torch.cat([mask, pad], 1), "seq-mean-token-sum-norm")
    print(f"{extra} columns of padding: {out.item():.3f}")
assert out.item() == 0.5
