"""verl's geo_mean loss (GMPO) is twice as large in two micro-batches as in one: it ignores the global batch (verl issue 7913)."""

import torch
from verl.trainer.ppo.core_algos import get_policy_loss_fn
from verl.workers.config.actor import ActorConfig

config = ActorConfig(strategy="fsdp", rollout_n=4, ppo_micro_batch_size_per_gpu=2)
mask, advantages = torch.ones(4, 2), torch.tensor([[1.0], [-1.0], [2.0], [0.0]]) * torch.ones(4, 2)
config.global_batch_info.update(dp_size=1, batch_num_tokens=8, global_batch_size=4)  # as verl's engine sets it
for name in ("vanilla", "geo_mean"):
    sizes = []
    for parts in (1, 2):
        logp = torch.full((4, 2), -0.5, requires_grad=True)
        for p, a, m in zip(logp.chunk(parts), advantages.chunk(parts), mask.chunk(parts), strict=True):
            get_policy_loss_fn(name)(p.detach(), p, a, m, "seq-mean-token-mean", config)[
                0
            ].backward()  # as its engine accumulates
        sizes.append(logp.grad.norm().item())
    print(f"{name}: gradient {sizes[0]:.4f} in one micro-batch, {sizes[1]:.4f} in two")
assert abs(sizes[1] / sizes[0] - 2) < 1e-5
