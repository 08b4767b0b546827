"""Liger's LUSPO loss, at its default level "token", trains on padding: the token after the end gets a gradient."""

import torch
from liger_kernel.chunked_loss import LigerFusedLinearGRPOLoss

hidden = torch.zeros(2, 3, 2, requires_grad=True)  # two completions of up to three tokens, a head with two words
mask = torch.tensor([[1.0, 1, 1], [1, 0, 0]])  # the second one ends after its first token
ids, advantages = torch.zeros(2, 3, dtype=torch.long), torch.tensor([1.0, -1.0])
for loss_type in ("dapo", "luspo"):
    loss, _ = LigerFusedLinearGRPOLoss(loss_type=loss_type, compiled=False, use_ref_model=False)(
        hidden, torch.eye(2), ids, mask, advantages
    )
    (g,) = torch.autograd.grad(loss, hidden)
    print(f"{loss_type}: gradient at the two padded tokens", g[1, 1:, 0].tolist())
assert g[1, 1:, 0].abs().min() > 0
