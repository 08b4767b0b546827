"""Losses on pairs: DPO, IPO, SimPO, R-DPO, from `numerics.objectives`. All take (P,) tensors and return a scalar."""

from numerics.objectives.dpo import dpo
from numerics.objectives.ipo import ipo
from numerics.objectives.r_dpo import r_dpo
from numerics.objectives.simpo import simpo

__all__ = ["dpo", "ipo", "r_dpo", "simpo"]
