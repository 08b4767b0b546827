"""verl's default KL penalty lets go of a token that is far below the reference: its k3 is clamped at 10."""

import torch
from verl.trainer.ppo.core_algos import kl_penalty

for gap in (1.0, 2.0, 2.5, 3.0, 5.0):
    logp = torch.tensor(-6.0, requires_grad=True)
    penalties = {kind: kl_penalty(logp, torch.tensor(-6.0 + gap), kind) for kind in ("low_var_kl", "k2")}
    pulls = {kind: -torch.autograd.grad(p, logp)[0].item() for kind, p in penalties.items()}
    print(f"log ref - log pi = {gap}: pull of k3 {pulls['low_var_kl']:8.3f}, of k2 {pulls['k2']:6.3f}")
assert pulls["low_var_kl"] == 0
