"""The ratio that is always 1: built against its own detached value instead of the sampler's log-probabilities."""

from torch import Tensor


def to_itself(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    ratio = (logp - logp.detach()).exp()
    surrogate = (ratio * advantages).minimum(ratio.clamp(0.8, 1.2) * advantages)
    return -(surrogate * mask).sum() / logp.shape[0]
