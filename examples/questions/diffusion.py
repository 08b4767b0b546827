"""A policy gradient on one noised copy of each completion: the sum over masked tokens estimates its log-probability."""

from torch import Tensor


def divided(logp: Tensor, advantages: Tensor, masked: Tensor, noise_level: Tensor) -> Tensor:
    return -(advantages * (logp * masked).sum(1, keepdim=True) / noise_level).mean()


def undivided(logp: Tensor, advantages: Tensor, masked: Tensor) -> Tensor:
    return -(advantages * (logp * masked).sum(1, keepdim=True)).mean()
