"""verl's DPPO means to truncate ratios at 20, and does at 3: ActorConfig always has a `clip_ratio_c`, the dual clip's."""

import torch
from verl.trainer.ppo.core_algos import get_policy_loss_fn
from verl.workers.config.actor import ActorConfig

config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1)
old, one = torch.log(torch.tensor([[0.01]])), torch.ones(1, 1)
for ratio in (2.0, 5.0, 10.0):
    new = (old + torch.tensor(ratio).log()).requires_grad_()
    loss, _ = get_policy_loss_fn("dppo_tv")(old, new, one, one, "token-mean", config)
    (g,) = torch.autograd.grad(loss, new)
    print(f"ratio {ratio}: weight {-g.item():.3f}; config.get('clip_ratio_c', 20.0) is {config.get('clip_ratio_c', 20.0)}")
assert abs(-g.item() - 3.0) < 1e-5
