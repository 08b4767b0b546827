"""Where a property's claims are evaluated: symbolically, for all inputs of a shape, or concretely, on one input.

A property is written once against this interface (`inputs`, `gradient`, `loss`, `scalar`, `equal`, ...); the symbolic
world yields formulas to prove, the concrete world numbers from the original function in float64.
"""

from .claims import Claim, Claims, Inputs
from .concrete import ConcreteWorld, moderate, rounds, violated
from .symbolic import Expr, SymbolicWorld, term_of, term_times

__all__ = [
    "Claim",
    "Claims",
    "ConcreteWorld",
    "Expr",
    "Inputs",
    "SymbolicWorld",
    "moderate",
    "rounds",
    "term_of",
    "term_times",
    "violated",
]
