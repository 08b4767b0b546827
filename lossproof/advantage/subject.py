"""An advantage estimator under audit: a function of rewards, prompt ids and what else it wants of ASKED."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from numerics.calling import ALIASES

from ..interpret import combine, interpret
from ..meanings import Meaning
from ..trace import Escape, Trace, explore

NAMES = {
    "rewards": ALIASES["rewards"],
    "reward_components": ("rewards_per_func", "reward_matrix"),
    "squared_norms": ("squared_gradient_norms", "squared_score_norms"),
    "mask": ALIASES["mask"],
    "group": ("index", "uid"),
}
"""Canonical name of each input -> the other names under which an estimator may ask for it."""

ASKED = {alias: name for name, aliases in NAMES.items() for alias in (name, *aliases)}
BESIDE = ("reward_components", "squared_norms")  # what an estimator that feeds an objective is not given
REWARDS = {alias for alias, name in ASKED.items() if name in ("rewards", "reward_components")}
COMPONENTS = 2  # rewards per completion with which an estimator of several is audited


@dataclass
class Estimator:
    """`run` calls the real function; `formula` interprets its recorded operations, the prompt ids being constants.

    What asks for `reward_components` is given the rewards, which are then of shape (N, COMPONENTS).
    """

    name: str
    function: Callable[..., torch.Tensor]
    certify: bool = False  # whether an `unsat` counts only where a second solver confirms it
    paired: ClassVar[bool] = False
    stepwise: ClassVar[bool] = False
    traces: dict[Any, list[Trace]] = field(default_factory=dict)
    accepted: dict[Any, str] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, str]:
        return {n: ASKED[n] for n in inspect.signature(self.function).parameters if n in ASKED}

    def takes(self, name: str) -> bool:
        return name in self.asked.values()

    @property
    def columns(self) -> tuple[int, ...]:
        """The shape of one completion's rewards."""
        return (COMPONENTS,) if self.takes("reward_components") else ()

    @property
    def beside(self) -> str:
        """What a scope says of the inputs that not every estimator has."""
        several = f", {COMPONENTS} rewards per completion" if self.columns else ""
        return several + (", all positive squared norms" if self.takes("squared_norms") else "")

    def names(self, direct: bool = False) -> list[str]:
        """What varies in an audit."""
        return ["rewards", *(n for n in ("squared_norms", "mask") if self.takes(n))]

    def drawn(self, n: int, draw: Callable[..., torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
        """Rewards, and norms, by torch.rand or torch.randn."""
        g = torch.Generator().manual_seed(seed)
        rewards = draw(n, *self.columns, dtype=torch.float64, generator=g)
        return {"rewards": rewards, "squared_norms": draw(n, dtype=torch.float64, generator=g).abs() + 0.1}

    def ordinary(self, n: int, length: int) -> dict[str, torch.Tensor]:
        """The input that traces are recorded on."""
        return self.drawn(n, torch.rand, 7) | {"mask": torch.ones(n, length, dtype=torch.float64)}

    def given(self, x: Mapping[str, Any], group: Any) -> dict[str, Any]:
        """Its arguments: what each parameter asks for, the rewards by any name."""
        named = {**x, "reward_components": x["rewards"], "group": group}
        return {parameter: named[name] for parameter, name in self.asked.items()}

    def call(self, group: tuple[int, ...]) -> Callable[..., torch.Tensor]:
        def estimate(**x: torch.Tensor) -> torch.Tensor:
            return self.function(**self.given(x, torch.tensor(group)))

        return estimate

    def run(self, x: dict[str, torch.Tensor], group: tuple[int, ...]) -> torch.Tensor:
        """The advantages as PyTorch computes them, one per completion ((N,); of a (N, T) result the first token's)."""
        return first(self.values(x, group))

    def values(self, x: dict[str, torch.Tensor], group: tuple[int, ...]) -> torch.Tensor:
        """The same as the function returns them: (N,), (N, 1) or (N, T)."""
        return self.call(group)(**{n: x[n] for n in self.names()}).detach()

    def paths(self, group: tuple[int, ...] | int, length: int) -> list[Trace]:
        group = one_prompt(group) if isinstance(group, int) else group
        key = (group, length)
        if key not in self.traces:
            sample = self.ordinary(len(group), length)
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
            x = self.drawn(n, torch.randn, seed) | {"mask": mask}
            expected, found = self.values(x, groups), self.formulas(Concrete(), {n: a.numpy() for n, a in x.items()}, groups)
            if not agrees(hidden(found), expected.numpy(), slack):
                return "the recorded operations do not reproduce the function on other rewards"
        return ""

    def formula(self, meaning: Meaning, arrays: dict[str, Any], group: tuple[int, ...]) -> Any:
        """`run` in another meaning."""
        return first(self.formulas(meaning, arrays, group))

    def formulas(self, meaning: Meaning, arrays: dict[str, Any], group: tuple[int, ...]) -> Any:
        """`values` in another meaning."""
        wanted = {n: arrays[n] for n in self.names()}
        paths = [interpret(t, wanted, meaning) for t in self.paths(group, arrays["mask"].shape[1])]
        return combine(meaning, paths).loss


def first(a: Any) -> Any:
    """(N,), (N, 1) or (N, T) as one value per completion."""
    return a[:, 0] if a.ndim == 2 else a


def one_prompt(n: int) -> tuple[int, ...]:
    return (0,) * n
