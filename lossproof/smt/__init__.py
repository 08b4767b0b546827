"""Kernel terms as z3 expressions, and the small exact steps on terms that the encoding needs."""

from .encoder import Encoder
from .steps import folded, log_bounds, squares

__all__ = ["Encoder", "folded", "log_bounds", "squares"]
