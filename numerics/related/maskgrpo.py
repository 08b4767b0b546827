"""Masked diffusion as in MaskGRPO (arXiv 2510.02880): masked log-probabilities, the ratio estimate, masks, the sampler.

The objectives are in `numerics.objectives` (`maskgrpo`, `maskgrpo_token`). `masked` (G, T): 1 where a token is masked at
this level; `level` t in (0, 1], the mask fraction; `token_logp` (G, T), log π(x_0^i | x_t, c) of the clean token at each
place. Shapes are (G, T) and (G,); log-probabilities are natural.
"""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor


def masked_log_likelihood(token_logp: Tensor, masked: Tensor, level: float) -> Tensor:
    """l_π(x_t, x_0) = (1/t) Σ_{masked} log π(x_0^i | x_t, c), (G,): its mean over t ~ U(0, 1) and masks is the bound of Eq. 2."""
    return (token_logp * masked).sum(1) / level


def sequence_ratio(token_logp: Tensor, old_token_logp: Tensor, masked: Tensor, level: float) -> Tensor:
    """ρ̂ of Eq. 9, (G,), with one mask for both policies."""
    return (masked_log_likelihood(token_logp, masked, level) - masked_log_likelihood(old_token_logp, masked, level)).exp()


def token_ratios(token_logp: Tensor, old_token_logp: Tensor, masked: Tensor) -> Tensor:
    """What the released code uses in its place, (G,): the mean over masked tokens of the token ratios."""
    return ((token_logp - old_token_logp).exp() * masked).sum(1) / masked.sum(1)


def keep_probabilities(length: int, ratio: Fraction) -> list[Fraction]:
    """Algorithm 1 as the released code reads it: token n = 1..L is kept with probability min(1, 2 (1-r) (L-n)/(L-1))."""
    slope = 2 * (1 - ratio) / (length - 1)
    return [min(Fraction(1), slope * (length - n)) for n in range(1, length + 1)]


def emerge_step(probabilities: Tensor, before: float, after: float) -> Tensor:
    """Algorithm 4: the law of a masked token at the next level, (.., V + 1), MASK last, from π (.., V) and α_t <= α_s."""
    drawn = probabilities * ((after - before) / (1 - before))
    stays = torch.full_like(probabilities[..., :1], (1 - after) / (1 - before))
    return torch.cat([drawn, stays], -1)
