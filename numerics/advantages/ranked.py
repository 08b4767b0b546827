"""Centred ranks within the group."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import membership, sizes


def ranked(rewards: Tensor, group: Tensor) -> Tensor:
    """A_i = (number of group members below r_i - number above) / G: only the order of the rewards counts, ties share.

    Shapes: rewards, group (N,). Returns (N,).
    """
    member = membership(group, rewards)
    below = (rewards[None, :] < rewards[:, None]).to(rewards.dtype)
    above = (rewards[None, :] > rewards[:, None]).to(rewards.dtype)
    return (member * (below - above)).sum(dim=1) / sizes(group, rewards)
