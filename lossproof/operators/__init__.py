"""The operator tables: what each ATen operator does to arrays of scalars, once for every meaning.

A table maps an operator's name to a function `(s, *args, **kwargs)`, where `s` is the `Scalars` of the meaning and tensors
are NumPy object arrays; in-place operators are derived from these. Names are those of `torch.ops.aten`.
"""

from . import gradient, pointwise, reduce, shape
from .scalars import Infinite, Poison, Scalars

TABLE = {**pointwise.TABLE, **reduce.TABLE, **shape.TABLE, **gradient.TABLE}

__all__ = ["TABLE", "Infinite", "Poison", "Scalars"]
