"""verl's default KL penalty (k3) does not have the gradient of the KL divergence; `k3+` has it, and so has k2."""

import torch
from verl.trainer.ppo.core_algos import kl_penalty

ref, theta = torch.tensor([0.7, 0.3]).log(), torch.tensor([0.2, 0.0], requires_grad=True)  # a policy over two words
logp = torch.log_softmax(theta, -1)
(exact,) = torch.autograd.grad((logp.exp() * (logp - ref)).sum(), theta, retain_graph=True)
print("the KL divergence:", exact.tolist())
for kind in ("low_var_kl", "k3+", "k2", "k1"):
    expected = (logp.detach().exp() * kl_penalty(logp, ref, kind)).sum()  # over words that the policy samples
    (g,) = torch.autograd.grad(expected, theta, retain_graph=True)
    print(f"{kind}:", [round(x, 4) for x in g.tolist()])
    assert torch.allclose(g, exact, atol=1e-6) == (kind in ("k3+", "k2"))
