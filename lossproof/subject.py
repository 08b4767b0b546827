"""The function under audit, in the contract's calling convention, as a function of rewards or of advantages."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import torch

from numerics import pairs
from numerics.calling import inputs_of

from .interpret import Formula, combine, interpret
from .meanings import Meaning
from .program import Escape, TooManyPaths, Trace
from .trace import eager, explore

TOKEN_INPUTS = ("logp", "old_logp", "ref_logp", "mask", "entropy")
STEP_INPUTS = ("masked", "noise_level")  # of one step of a masked diffusion
BATCH = ("num_tokens", "num_sequences", "accumulation_steps", "steps_per_generation", "num_ranks")  # see lossproof.batch


class BadTarget(Exception):
    """The target cannot be audited; the message is one sentence that says what is wrong and how to mend it."""


SUMMED = "it is given sums over the tokens of a completion: no padding reaches it"  # why a loss on pairs has no say there


class NotApplicable(Exception):
    """What a property speaks of does not arise for a subject; the message says why."""


def centred(rewards: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The contract's default advantages: rewards minus their mean, (G, 1)."""
    return (rewards - rewards.mean())[:, None]


@dataclass
class Subject:
    """An objective, and the advantage estimator that feeds it.

    `inputs` are the canonical names the objective asks for. `formula` interprets the recorded code; `run` calls it.
    With `direct=True` the advantages are an input of their own instead of a function of the rewards. A loss on pairs is
    here as one of a group (`numerics.pairs`).
    """

    columns: ClassVar[tuple[int, ...]] = ()  # the shape of one completion's rewards
    name: str
    objective: Callable[..., torch.Tensor]
    advantage: Callable[..., torch.Tensor] = centred
    fed_by: str = ""  # the TARGET of the advantage estimator, where one was named
    certify: bool = False  # whether an `unsat` counts only where a second solver confirms it
    inputs: dict[str, str] = field(default_factory=dict)  # parameter -> canonical name
    traces: dict[Any, list[Trace]] = field(default_factory=dict)
    refused: dict[Any, TooManyPaths] = field(default_factory=dict)
    accepted: dict[tuple[int, int], str] = field(default_factory=dict)
    clip: tuple[Fraction | None, Fraction | None] | None = None  # found by properties.clip when first asked for

    paired: bool = False  # whether the loss is told which completion of a pair is preferred, in place of rewards

    def __post_init__(self) -> None:
        self.objective = pairs.of_group(self.objective)
        self.paired = self.paired or hasattr(self.objective, "on_pairs")
        self.inputs = self.inputs or inputs_of(self.objective)

    def takes(self, name: str) -> bool:
        return name in self.inputs.values()

    @property
    def stepwise(self) -> bool:
        """Whether the loss is one of a step of masked diffusion."""
        return any(map(self.takes, STEP_INPUTS))

    @property
    def needed(self) -> list[str]:
        """Canonical inputs of `loss` when advantages come from rewards."""
        asked = [n for n in self.inputs.values() if n not in ("advantages", "rewards")]
        extra = ["rewards"] if self.takes("advantages") or self.takes("rewards") else []
        uses_mask = self.takes("advantages") and "mask" not in asked and self.advantage is not centred
        return list(dict.fromkeys([*asked, *extra, *(["mask"] if uses_mask else [])]))

    def loss(self, **x: torch.Tensor) -> torch.Tensor:
        """The loss as one function of canonical inputs: rewards -> advantages -> loss, or advantages given directly."""
        if self.takes("advantages") and "advantages" not in x:
            mask = x.get("mask", torch.ones_like(x["logp"]))
            x["advantages"] = estimate(self.advantage, x["rewards"], mask)
        with eager():
            return self.objective(**{parameter: x[name] for parameter, name in self.inputs.items()})

    def names(self, direct: bool = False) -> list[str]:
        if not direct:
            return self.needed
        return [n for n in dict.fromkeys(self.inputs.values())]

    def paths(self, group: int, length: int, direct: bool = False) -> list[Trace]:
        """The recorded paths at a shape, cached. Raises TooManyPaths."""
        key = (group, length, direct)
        if key in self.refused:
            raise self.refused[key]
        if key not in self.traces:
            sample = example(group, length)
            try:
                self.traces[key] = explore(self.loss, {n: sample[n] for n in self.names(direct)})
            except TooManyPaths as e:
                self.refused[key] = e
                raise
        return self.traces[key]

    def escapes(self, group: int, length: int) -> list[Escape]:
        """Values that left tensors in a way that cannot be followed, on any path."""
        return [e for t in self.paths(group, length) for e in t.escapes]

    def differs(self, group: int, length: int) -> str:
        """Why the recorded operations are not the function: on inputs that they were not recorded on; '' if they are."""
        from .reproduces import reproduces

        key = (group, length)
        if key not in self.accepted:
            directly = self.takes("advantages")
            self.accepted[key] = reproduces(self, group, length) or (reproduces(self, group, length, True) if directly else "")
        return self.accepted[key]

    def formula(self, meaning: Meaning, arrays: dict[str, Any], direct: bool = False) -> Formula:
        """Loss and gradient in another meaning. `arrays` holds (G, T) and (G,) object arrays by canonical name."""
        group, length = arrays["logp"].shape
        wanted = {n: arrays[n] for n in self.names(direct)}
        return combine(meaning, [interpret(t, wanted, meaning) for t in self.paths(group, length, direct)])

    def run(self, x: dict[str, torch.Tensor], direct: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss and g = -dloss/dlogp as PyTorch computes them, float64."""
        fresh = {n: x[n].detach().clone().requires_grad_(n == "logp") for n in self.names(direct)}
        loss = self.loss(**fresh)
        if not loss.requires_grad:
            return loss.detach(), torch.zeros_like(fresh["logp"]).detach()
        (g,) = torch.autograd.grad(loss, fresh["logp"], allow_unused=True)
        return loss.detach(), torch.zeros_like(x["logp"]) if g is None else -g.detach()


def estimate(estimator: Callable[..., torch.Tensor], rewards: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Call an advantage estimator by the names it asks for; returns (G, 1) or (G, T)."""
    if estimator is centred:
        return centred(rewards, mask)
    offered = {"rewards": rewards, "reward": rewards, "scores": rewards, "mask": mask, "response_mask": mask,
               "completion_mask": mask, "action_mask": mask, "loss_mask": mask}  # fmt: skip
    groups = torch.zeros(rewards.shape[0], dtype=torch.long)
    offered |= {"group": groups, "index": groups, "uid": groups}
    asked = inspect.signature(estimator).parameters
    out = estimator(**{n: offered[n] for n in asked if n in offered})
    return out[:, None] if out.dim() == 1 else out


def preferences(group: int) -> list[Fraction]:
    """What a loss on pairs is told, as rewards, (G,): 1 for the chosen, 0 for the rejected, 1/2 for one in no pair."""
    P = group // 2
    return [*[Fraction(1)] * P, *[Fraction(0)] * P, *[Fraction(1, 2)] * (group % 2)]


def example(group: int, length: int) -> dict[str, torch.Tensor]:
    """A fixed ordinary input of a shape: the one that traces are recorded on."""
    g = torch.Generator().manual_seed(20)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, dtype=torch.float64, generator=g)

    rewards = draw(group)
    sizes = dict.fromkeys(BATCH, 1.0) | {"num_tokens": float(group * length), "num_sequences": float(group)}
    return {
        "logp": -draw(group, length) - 0.1, "old_logp": -draw(group, length) - 0.1, "ref_logp": -draw(group, length) - 0.1,
        "rewards": rewards, "advantages": (rewards - rewards.mean())[:, None], "entropy": draw(group, length),
        "mask": torch.ones(group, length, dtype=torch.float64),
        "masked": (torch.arange(group)[:, None] + torch.arange(length)[None] + 1).remainder(2).double(),
        "noise_level": torch.tensor(0.5, dtype=torch.float64),
        **{n: torch.tensor(x, dtype=torch.float64) for n, x in sizes.items()},
    }  # fmt: skip
