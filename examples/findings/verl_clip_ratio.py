"""verl's `clip_ratio` does nothing: every loss reads clip_ratio_low and clip_ratio_high, which default to 0.2, not to None."""

import torch
from verl.trainer.ppo.core_algos import get_policy_loss_fn
from verl.workers.config.actor import ActorConfig

old, new = torch.zeros(1, 1), torch.log(torch.tensor([[1.4]]))  # a ratio of 1.4, and a positive advantage
one = torch.ones(1, 1)
losses = []
for clip_ratio in (0.1, 0.2, 0.5):
    config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1, clip_ratio=clip_ratio)
    losses.append(get_policy_loss_fn("vanilla")(old, new, one, one, "token-mean", config)[0].item())
    print(f"clip_ratio={clip_ratio}: loss {losses[-1]:.3f}, where -min(1.4, {1 + clip_ratio}) = {-min(1.4, 1 + clip_ratio):.3f}")
assert len(set(losses)) == 1
