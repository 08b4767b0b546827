"""What a property speaks of: the inputs of one group, and claims about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..subject import TOKEN_INPUTS


@dataclass(frozen=True)
class Inputs:
    """One group: (G, T) arrays per token, (G,) rewards; `advantages` (G, 1) where they are given directly."""

    logp: Any
    old_logp: Any
    ref_logp: Any
    mask: Any
    entropy: Any
    rewards: Any
    advantages: Any = None
    batch: Mapping[str, Any] = field(default_factory=dict)  # numbers about the batch that this is a part of

    def but(self, **changes: Any) -> "Inputs":
        return replace(self, **changes)

    def on_policy(self) -> "Inputs":
        """pi_theta = pi_old (and pi_ref = pi_theta)."""
        return self.but(old_logp=self.logp, ref_logp=self.logp)

    def arrays(self) -> dict[str, Any]:
        named = {n: getattr(self, n) for n in (*TOKEN_INPUTS, "rewards", "advantages")}
        return {n: a for n, a in named.items() if a is not None} | {n: np.asarray(x) for n, x in self.batch.items()}


@dataclass(frozen=True)
class Claim:
    """`left relation right` (relations =, <=, <, !=), under side conditions; `says` words it for reports."""

    left: Any
    relation: str
    right: Any
    says: str
    given: tuple[Any, ...] = ()
    about: Any = None  # the inputs it speaks of, in a concrete world


class Claims:
    """Helpers that both worlds share."""

    last: Any = None  # the inputs of the latest evaluation

    def equal(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "=", right, says, tuple(given), self.last)

    def at_most(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "<=", right, says, tuple(given), self.last)

    def less(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "<", right, says, tuple(given), self.last)

    def different(self, left: Any, right: Any, says: str, given: Iterable[Any] = ()) -> Claim:
        return Claim(left, "!=", right, says, tuple(given), self.last)

    def same_gradient(self, g: Any, h: Any, says: str, given: Iterable[Any] = ()) -> list[Claim]:
        """Claims that two gradients agree token by token."""
        return [self.equal(g[at], h[at], f"{says} at completion {at[0]}, token {at[1]}", given) for at in np.ndindex(g.shape)]
