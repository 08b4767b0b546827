"""What happened to the KL penalty."""

from pairs import Pair


def k3(logp, ref_logp):
    gap = ref_logp - logp
    return gap.exp() - gap - 1


def policy_loss(logp, advantages, mask):
    return -(advantages * logp * mask).sum() / len(mask)


def subtracted(logp, ref_logp, advantages, mask):
    """The penalty is subtracted from a loss that is minimised."""
    return policy_loss(logp, advantages, mask) - 0.04 * (k3(logp, ref_logp) * mask).sum() / len(mask)


def added(logp, ref_logp, advantages, mask):
    return policy_loss(logp, advantages, mask) + 0.04 * (k3(logp, ref_logp) * mask).sum() / len(mask)


def detached_weight(logp, old_logp, ref_logp, advantages, mask):
    """The importance weight of the penalty is detached, and with it the score-function half of the gradient."""
    s = (logp - old_logp).exp().detach()
    return policy_loss(logp, advantages, mask) + 0.04 * (s * k3(logp, ref_logp) * mask).sum() / len(mask)


def weighted(logp, old_logp, ref_logp, advantages, mask):
    s = (logp - old_logp).exp()
    return policy_loss(logp, advantages, mask) + 0.04 * (s * k3(logp, ref_logp) * mask).sum() / len(mask)


PAIRS = [
    Pair("7", subtracted, added, "kl-pulls-to-reference"),
    Pair("47", detached_weight, weighted, "kl-gradient-exact"),
]
