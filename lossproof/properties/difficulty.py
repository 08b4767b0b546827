"""difficulty-neutral: prompts of every difficulty pull with the same force per unit of advantage (Dr. GRPO, sec. 3.1)."""

from itertools import combinations
from typing import Any

from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    """Rewards in {0, 1}, equal lengths, on policy: sum |g| / sum |r - mean(r)| is the same for every success pattern."""
    G = w.G
    x = w.inputs().on_policy().alike(0)
    patterns = [set(s) for k in range(1, G) for s in combinations(range(G), k)]
    pulls = []
    for right in patterns:
        rewards = x.rewards.copy()
        for i in range(G):
            rewards[i] = w.number(1 if i in right else 0)
        k = len(right)
        force = w.absolute(w.gradient(x.but(rewards=rewards))).sum()
        pulls.append((k, force / w.number(2 * k * (G - k)) * w.number(G)))
    first = pulls[0]
    return [
        w.equal(pull, first[1], f"the pull per unit of advantage with {k} of {G} correct and with {first[0]} of {G}")
        for k, pull in pulls[1:]
    ]


PROPERTY = Property(
    "difficulty-neutral",
    "rewards in {0,1}, equal lengths, on policy: sum|g| / sum|r - mean(r)| is the same for 1..G-1 correct completions",
    claims,
    harm=25,
)
