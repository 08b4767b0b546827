"""An option that is parsed, and never handed on."""

import torch
from pairs import Pair


def surrogate(logp, old_logp, advantages, mask, dual_clip):
    s = (logp - old_logp).exp()
    worse = torch.maximum(-s * advantages, -s.clamp(0.8, 1.2) * advantages)
    kept = torch.where(advantages < 0, torch.minimum(worse, -dual_clip * advantages), worse)
    return (kept * mask).sum() / len(mask)


def not_forwarded(logp, old_logp, advantages, mask, dual_clip=3.0):
    return surrogate(logp, old_logp, advantages, mask, 3.0)


def forwarded(logp, old_logp, advantages, mask, dual_clip=3.0):
    return surrogate(logp, old_logp, advantages, mask, dual_clip)


PAIRS = [Pair("53", not_forwarded, forwarded, "knobs-live")]
