"""Losses on pairs: DPO, IPO, SimPO, R-DPO. They take the two log-probabilities of a pair, so they are no objectives of a group.

`winner`, `loser`: log π_θ of the preferred and of the other completion, summed over tokens; `ref_winner`, `ref_loser`: the
same under π_ref; `winner_length`, `loser_length`: tokens. All of shape (B,); each returns the mean over the B pairs, a scalar.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid


def margin(winner: Tensor, loser: Tensor, ref_winner: Tensor, ref_loser: Tensor) -> Tensor:
    """h = log(π_θ/π_ref)(winner) - log(π_θ/π_ref)(loser), (B,)."""
    return (winner - ref_winner) - (loser - ref_loser)


def dpo(
    winner: Tensor, loser: Tensor, ref_winner: Tensor, ref_loser: Tensor, beta: float = 0.1, smoothing: float = 0.0
) -> Tensor:
    """-(1-ε) log σ(β h) - ε log σ(-β h); DPO, arXiv 2305.18290, Eq. 7, with the label smoothing of cDPO."""
    h = beta * margin(winner, loser, ref_winner, ref_loser)
    return -((1 - smoothing) * logsigmoid(h) + smoothing * logsigmoid(-h)).mean()


def ipo(winner: Tensor, loser: Tensor, ref_winner: Tensor, ref_loser: Tensor, tau: float = 0.1) -> Tensor:
    """(h - 1/(2τ))²; IPO, arXiv 2310.12036."""
    return ((margin(winner, loser, ref_winner, ref_loser) - 1 / (2 * tau)) ** 2).mean()


def simpo(
    winner: Tensor, loser: Tensor, winner_length: Tensor, loser_length: Tensor, beta: float = 2.0, gamma: float = 1.0
) -> Tensor:
    """-log σ(β log π(w)/|w| - β log π(l)/|l| - γ), without reference; SimPO, arXiv 2405.14734."""
    return -logsigmoid(beta * winner / winner_length - beta * loser / loser_length - gamma).mean()


def r_dpo(
    winner: Tensor,
    loser: Tensor,
    ref_winner: Tensor,
    ref_loser: Tensor,
    winner_length: Tensor,
    loser_length: Tensor,
    beta: float = 0.1,
    alpha: float = 0.01,
) -> Tensor:
    """-log σ(β h + α (|w| - |l|)): the sign for which π* ∝ π_ref exp((r - α|y|)/β) (dpo.rdpo.sign.repaired)."""
    h = beta * margin(winner, loser, ref_winner, ref_loser)
    return -logsigmoid(h + alpha * (winner_length - loser_length)).mean()
