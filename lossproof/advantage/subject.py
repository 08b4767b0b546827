"""An advantage estimator under audit: a function of rewards, prompt ids and, if it wants, the mask."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from numerics.calling import ALIASES

from ..interpret import combine, interpret
from ..meanings import Meaning
from ..trace import Escape, Trace, explore

ASKED = {
    **{a: "rewards" for a in ("rewards", *ALIASES["rewards"])}, **{a: "mask" for a in ("mask", *ALIASES["mask"])},
    "group": "group", "index": "group", "uid": "group",
}  # fmt: skip


@dataclass
class Estimator:
    """`run` calls the real function; `formula` interprets its recorded operations, the prompt ids being constants."""

    name: str
    function: Callable[..., torch.Tensor]
    certify: bool = False  # whether an `unsat` counts only where a second solver confirms it
    traces: dict[Any, list[Trace]] = field(default_factory=dict)
    accepted: dict[Any, str] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, str]:
        return {n: ASKED[n] for n in inspect.signature(self.function).parameters if n in ASKED}

    def takes(self, name: str) -> bool:
        return name in self.asked.values()

    def names(self, direct: bool = False) -> list[str]:
        return [n for n in ("rewards", "mask") if self.takes(n)]

    def call(self, group: tuple[int, ...]) -> Callable[..., torch.Tensor]:
        def estimate(**x: torch.Tensor) -> torch.Tensor:
            x = x | {"group": torch.tensor(group)}
            return self.function(**{parameter: x[name] for parameter, name in self.asked.items()})

        return estimate

    def run(self, x: dict[str, torch.Tensor], group: tuple[int, ...]) -> torch.Tensor:
        """The advantages as PyTorch computes them, one per completion ((N,); of a (N, T) result the first token's)."""
        return first(self.call(group)(**{n: x[n] for n in self.names()}).detach())

    def paths(self, group: tuple[int, ...] | int, length: int) -> list[Trace]:
        group = (0,) * group if isinstance(group, int) else group
        key = (group, length)
        if key not in self.traces:
            g = torch.Generator().manual_seed(7)
            sample = {
                "rewards": torch.rand(len(group), dtype=torch.float64, generator=g),
                "mask": torch.ones(len(group), length, dtype=torch.float64),
            }
            self.traces[key] = explore(self.call(group), {n: sample[n] for n in self.names()}, wrt=None)
        return self.traces[key]

    def escapes(self, group: tuple[int, ...] | int, length: int) -> list[Escape]:
        return [e for t in self.paths(group, length) for e in t.escapes]

    def differs(self, group: tuple[int, ...] | int, length: int) -> str:
        """Why the recorded operations are not the function: on rewards that they were not recorded on; '' if they are."""
        groups = one_prompt(group) if isinstance(group, int) else group
        if (groups, length) not in self.accepted:
            self.accepted[groups, length] = self._differs(groups, length)
        return self.accepted[groups, length]

    def _differs(self, groups: tuple[int, ...], length: int) -> str:
        from ..meanings.concrete import Concrete
        from ..reproduces import TOLERANCE, agrees, hidden

        n = len(groups)
        slack = max(TOLERANCE.get(d, 0.0) for t in self.paths(groups, length) for d in t.dtypes)
        for seed in (1, 2, 3):
            g = torch.Generator().manual_seed(seed)
            mask = (torch.arange(length)[None] <= torch.randint(length, (n, 1), generator=g)).double()
            x = {"rewards": torch.randn(n, dtype=torch.float64, generator=g), "mask": mask}
            expected, found = self.run(x, groups), self.formula(Concrete(), {n: a.numpy() for n, a in x.items()}, groups)
            if not agrees(hidden(found), expected.numpy(), slack):
                return "the recorded operations do not reproduce the function on other rewards"
        return ""

    def formula(self, meaning: Meaning, arrays: dict[str, Any], group: tuple[int, ...]) -> Any:
        wanted = {n: arrays[n] for n in self.names()}
        paths = [interpret(t, wanted, meaning) for t in self.paths(group, arrays["mask"].shape[1])]
        return first(combine(meaning, paths).loss)


def first(a: Any) -> Any:
    """(N,), (N, 1) or (N, T) as one value per completion."""
    return a[:, 0] if a.ndim == 2 else a


def one_prompt(n: int) -> tuple[int, ...]:
    return (0,) * n
