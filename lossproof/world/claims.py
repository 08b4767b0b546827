"""What a property speaks of: the inputs of one group, and claims about them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..subject import STEP_INPUTS, SUMMED, TOKEN_INPUTS, NotApplicable, preferences


@dataclass(frozen=True)
class Inputs:
    """One group: (G, T) arrays per token, (G,) rewards; `advantages` (G, 1) where they are given directly.

    Rewards are (G, K), and `squared_norms` (G,) positive numbers, where an advantage estimator asks for them.
    Of a step of masked diffusion, which tokens are masked (G, T), at most `mask`, and the level; None for other losses.
    """

    logp: Any
    old_logp: Any
    ref_logp: Any
    mask: Any
    entropy: Any
    rewards: Any
    advantages: Any = None
    masked: Any = None
    noise_level: Any = None
    squared_norms: Any = None
    batch: Mapping[str, Any] = field(default_factory=dict)  # numbers about the batch that this is a part of

    def but(self, **changes: Any) -> "Inputs":
        return replace(self, **changes)

    def on_policy(self) -> "Inputs":
        """pi_theta = pi_old (and pi_ref = pi_theta)."""
        return self.but(old_logp=self.logp, ref_logp=self.logp)

    def live(self, mask: Any) -> "Inputs":
        """With another mask, (G, T); what is no token any more is not masked by a step of diffusion either."""
        return self.but(mask=mask) if self.masked is None else self.but(mask=mask, masked=self.masked * mask)

    def alike(self, like: int, rows: Any = slice(None)) -> "Inputs":
        """These completions get the length, and the masked places, of the completion `like`."""
        changed = {n: np.array(a, copy=True) for n in ("mask", "masked") if (a := getattr(self, n)) is not None}
        for a in changed.values():
            a[rows] = a[like]
        return self.but(**changed)

    def of(self, rows: Any) -> "Inputs":
        """These completions, in this order."""
        return self.but(**{n: a[rows] for n, a in self.arrays().items() if n not in ("noise_level", *self.batch)})

    def where(self, rows: Any, other: "Inputs") -> "Inputs":
        """These completions, a truth value each, get the rewards (and the norms) that they have in other inputs."""
        changed = {n: a.copy() for n in ("rewards", "squared_norms") if (a := getattr(self, n)) is not None}
        for n, a in changed.items():
            a[rows] = getattr(other, n)[rows]
        return self.but(**changed)

    def group(self) -> dict[str, Any]:
        """The rewards, lengths and norms of a concrete group, as a witness shows them."""
        norms = {} if self.squared_norms is None else {"squared_norms": self.squared_norms.tolist()}
        return {"rewards": self.rewards.tolist(), "lengths": [int(n) for n in self.mask.sum(1)], **norms}

    def arrays(self) -> dict[str, Any]:
        named = {n: getattr(self, n) for n in (*TOKEN_INPUTS, "rewards", "advantages", *STEP_INPUTS, "squared_norms")}
        return {n: np.asarray(a) for n, a in (named | dict(self.batch)).items() if a is not None}


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

    subject: Any  # a Subject, or an Estimator; None where nothing is run
    last: Any = None  # the inputs of the latest evaluation

    def number(self, q: Any) -> Any:
        raise NotImplementedError

    def same(self, a: Any, b: Any) -> bool:
        """Whether two values are the same number, or the same expression."""
        raise NotImplementedError

    def live(self, x: Inputs, i: int, t: int) -> list[Any]:
        raise NotImplementedError

    def condition(self, left: Any, relation: str, right: Any) -> Any:
        raise NotImplementedError

    def predicted(self, x: Inputs, i: int, t: int) -> list[Any]:
        """That a loss speaks of a token: a live one, and in a step of diffusion a masked one."""
        return self.live(x, i, t) if x.masked is None else [self.condition(x.masked[i, t], "=", 1)]

    def takes(self, name: str) -> bool:
        return self.subject is not None and bool(self.subject.takes(name))

    @property
    def paired(self) -> bool:
        return bool(getattr(self.subject, "paired", False))

    def told(self, rewards: Any) -> None:
        """Refuse other rewards than a loss on pairs is told. Raises NotApplicable."""
        if self.paired and not all(self.same(r, self.number(p)) for r, p in zip(rewards, preferences(len(rewards)), strict=True)):
            raise NotApplicable("it is told which completion of a pair is preferred, and no rewards")

    def whole(self, x: Inputs) -> Inputs:
        """x with every token masked, at level 1, where the loss is one of a step of diffusion."""
        x = x if x.masked is None else x.but(masked=x.mask)
        return x if x.noise_level is None else x.but(noise_level=self.number(1))

    def unsummed(self) -> None:
        """Refuse to speak of padding to a loss on pairs. Raises NotApplicable."""
        if self.paired:
            raise NotApplicable(SUMMED)

    def same_reward(self, x: Inputs, i: int, j: int) -> Inputs | None:
        """x where completion j has the reward of i; None where a loss on pairs is told that one of them is the better."""
        if self.paired and not self.same(x.rewards[i], x.rewards[j]):
            return None
        rewards = x.rewards.copy()
        rewards[j] = rewards[i]
        return x.but(rewards=rewards)

    def swaps(self, x: Inputs) -> Iterator[tuple[str, Any]]:
        """Neighbours that change places, in words, and the order then: they generate every reordering, of pairs as a whole."""
        G = len(x.rewards)
        P = G // 2
        for i in range((P if self.paired else G) - 1):
            order = np.arange(G)
            for k in (i, i + P) if self.paired else (i,):
                order[[k, k + 1]] = order[[k + 1, k]]
            yield f"{'pairs' if self.paired else 'completions'} {i} and {i + 1}", order

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
