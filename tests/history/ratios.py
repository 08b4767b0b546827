"""What happened to importance ratios and clips."""

import torch
from pairs import Pair


def ratio(logp, old_logp):
    return (logp - old_logp).exp()


def per_completion(x, mask):
    return (x * mask).sum() / len(mask)


def forgotten_clip(logp, old_logp, advantages, mask):
    """The clipped tensor is computed, and the other one averaged."""
    s = ratio(logp, old_logp)
    plain, clipped = -s * advantages, -s.clamp(0.8, 1.2) * advantages
    torch.maximum(plain, clipped)
    return per_completion(plain, mask)


def kept_clip(logp, old_logp, advantages, mask):
    s = ratio(logp, old_logp)
    return per_completion(torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages), mask)


def dual_clip_everywhere(logp, old_logp, advantages, mask):
    """min(loss, -3A) for both signs of A: it always wins where A > 0."""
    s = ratio(logp, old_logp)
    worse = torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages)
    return per_completion(torch.minimum(worse, -3 * advantages), mask)


def dual_clip_below_zero(logp, old_logp, advantages, mask):
    s = ratio(logp, old_logp)
    worse = torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages)
    return per_completion(torch.where(advantages < 0, torch.minimum(worse, -3 * advantages), worse), mask)


def cispo_without_log(logp, old_logp, advantages, mask):
    """The clamped ratio itself carries the gradient: none is left above the cap."""
    return per_completion(-advantages * ratio(logp, old_logp).clamp(max=1.28), mask)


def cispo(logp, old_logp, advantages, mask):
    return per_completion(-advantages * ratio(logp, old_logp).clamp(max=1.28).detach() * logp, mask)


def ratio_to_itself(logp, old_logp, advantages, mask):
    """The ratio is built against its own detached value: it is 1, whatever the data were sampled with."""
    return kept_clip(logp, logp.detach(), advantages, mask)


def gate_alone(logp, old_logp, advantages, mask):
    """The soft gate without the advantage: only the temperature knows its sign."""
    temperature = torch.where(advantages > 0, 1.0, 1.05)
    return -per_completion((temperature * (ratio(logp, old_logp) - 1)).sigmoid() * 4 / temperature, mask)


def gate_times_advantage(logp, old_logp, advantages, mask):
    temperature = torch.where(advantages > 0, 1.0, 1.05)
    return -per_completion((temperature * (ratio(logp, old_logp) - 1)).sigmoid() * 4 / temperature * advantages, mask)


def gspo_of_columns(logp, old_logp, advantages, mask):
    """ "GSPO": the log-ratio minus its mean over the batch, taken before masking; nothing of it is per sequence."""
    gap = logp - old_logp
    s = (gap - gap.mean(0, keepdim=True)).exp()
    return per_completion(torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages), mask)


def gspo(logp, old_logp, advantages, mask):
    s = (((logp - old_logp) * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)).exp()
    return torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages).sum() / len(mask)


PAIRS = [
    Pair("1", forgotten_clip, kept_clip, "clipped-silent"),
    Pair("3", dual_clip_everywhere, dual_clip_below_zero, "advantage-signed"),
    Pair("13", gspo_of_columns, gspo, "padding-invariant"),
    Pair("13", gspo_of_columns, gspo, "sample-local"),
    Pair("15", cispo_without_log, cispo, "never-silent"),
    Pair("17", gate_alone, gate_times_advantage, "advantage-signed"),
    Pair("17", gate_alone, gate_times_advantage, "equal-rewards-silent"),
    Pair("43", ratio_to_itself, kept_clip, "uses-old-logp"),
]
