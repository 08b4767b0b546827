"""Negative controls: the gradient is right, only what is logged is wrong. Each pair: the loss that logs, the loss alone."""

import torch

LOG = {}


def clipped(logp, old_logp, advantages, mask):
    s = (logp - old_logp).exp()
    return (torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages) * mask).sum() / len(mask)


def clip_fraction_of_both_sides(logp, old_logp, advantages, mask):
    """The logged clip fraction forgets the sign of the advantage and the mask."""
    s = (logp - old_logp).exp()
    LOG["clip_fraction"] = ((s < 0.8) | (s > 1.2)).double().mean().item()
    return clipped(logp, old_logp, advantages, mask)


def loss_scaled_again(logp, old_logp, advantages, mask):
    """The logged loss is divided by the micro-batches once more."""
    loss = clipped(logp, old_logp, advantages, mask)
    LOG["loss"] = loss.detach().item() / 4
    return loss


def mean_over_padding(logp, old_logp, advantages, mask):
    """The logged KL is a mean over the padded tensor, and its sign is wrong."""
    LOG["kl"] = float((logp - old_logp).detach().mean())
    return clipped(logp, old_logp, advantages, mask)


CONTROLS = [clip_fraction_of_both_sides, loss_scaled_again, mean_over_padding]
