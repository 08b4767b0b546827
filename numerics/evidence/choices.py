"""Random choices that never repeat themselves: every sequence of choices is made once at most."""

from random import Random
from typing import Any

DONE: dict[int, Any] = {}  # in the place of a branch: every way to go on was taken


class Choices:
    """A tree of what was chosen so far. `start` begins a sequence, `choose` goes on with it, `end` closes it.

    After the same choices the same must be asked. The first sequence chooses 0 throughout. `exhausted` is true once
    there is no other sequence.
    """

    def __init__(self, seed: int):
        self.uniform, self.first, self.exhausted = Random(seed).random, True, False
        self.root: dict[int, Any] = {}
        self.path: list[tuple[dict[int, Any], int, int]] = []  # node, how many branches it has, the one taken

    def start(self) -> None:
        self.path = []

    def choose(self, n: int) -> int:
        """An index below n."""
        node = self.path[-1][0][self.path[-1][2]] if self.path else self.root
        k = 0 if self.first else int(self.uniform() * n)
        if node.get(k) is DONE:
            left = [j for j in range(n) if node.get(j) is not DONE]
            k = left[int(self.uniform() * len(left))]
        node.setdefault(k, {})
        self.path.append((node, n, k))
        return k

    def end(self) -> None:
        self.first = False
        for node, n, k in reversed(self.path):
            node[k] = DONE
            if len(node) < n or any(branch is not DONE for branch in node.values()):
                return
        self.exhausted = True
