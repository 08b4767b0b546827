"""What a loss may ask about the batch that it sees a part of: how many tokens, completions, micro-batches and ranks there are.

Such a parameter is outside of the contract's inputs. One without a default is filled in as for a batch in one piece; one
with a default keeps it. The properties about cutting a batch (`properties/accumulation.py`) tell the loss the numbers of the
whole batch, in either case.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from numerics.calling import CANONICAL

from .subject import BATCH, Subject

Loss = Callable[..., torch.Tensor]
ALIASES = {
    "num_tokens": ("num_items_in_batch", "batch_num_tokens"),
    "num_sequences": ("global_batch_size",),
    "accumulation_steps": ("gradient_accumulation_steps",),
    "steps_per_generation": (),
    "num_ranks": ("dp_size", "world_size"),
}
"""Name of each number -> the other names under which a loss may ask for it."""

KNOWN = {alias: name for name, aliases in ALIASES.items() for alias in (name, *aliases)}
assert tuple(ALIASES) == BATCH


def asked(loss: Loss) -> dict[str, str]:
    """Parameter -> the number about the batch that it asks for."""
    return {n: KNOWN[n] for n in inspect.signature(loss).parameters if n in KNOWN}


def asks(subject: Any, about: tuple[str, ...]) -> bool:
    """Whether the loss asks for one of these numbers, or the estimator for one of these inputs."""
    if isinstance(subject, Subject):
        return bool(about) and not set(about).isdisjoint(asked(_original(subject)).values())
    return any(subject.takes(name) for name in about)


def _original(subject: Subject) -> Loss:
    return getattr(subject.objective, "of_part", subject.objective)


def filled(subject: Subject, mask: Any) -> dict[str, float]:
    """Parameter -> number that `alone` fills in for a batch of this mask, (G, T)."""
    numbers = {"num_tokens": float(mask.sum()), "num_sequences": float(len(mask))}
    rest = {n: c for n, c in asked(_original(subject)).items() if _original(subject) is not subject.objective}
    defaults = inspect.signature(_original(subject)).parameters
    return {n: numbers.get(c, 1.0) for n, c in rest.items() if defaults[n].default is inspect.Parameter.empty}


def alone(loss: Loss) -> Loss:
    """The loss of a batch in one piece: the numbers that it asks for without a default are those of what it is given."""
    signature = inspect.signature(loss)
    needed = {n: c for n, c in asked(loss).items() if signature.parameters[n].default is inspect.Parameter.empty}
    if not needed:
        return loss
    rest = [p for n, p in signature.parameters.items() if n not in needed]
    shaped = next((p.name for name in ("mask", "logp") for p in rest if CANONICAL.get(p.name) == name), None)

    @functools.wraps(loss)
    def whole(**given: torch.Tensor) -> torch.Tensor:
        like = given[shaped] if shaped else torch.ones(1, 1)
        mask = like if CANONICAL.get(shaped or "") == "mask" else torch.ones_like(like)
        numbers = {"num_tokens": mask.sum(), "num_sequences": torch.tensor(float(mask.shape[0]), dtype=torch.float64)}
        one = torch.tensor(1.0, dtype=torch.float64)
        return loss(**given, **{n: numbers.get(c, one) for n, c in needed.items()})

    whole.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
    whole.of_part = loss  # type: ignore[attr-defined]
    return whole


def told(subject: Subject) -> Subject | None:
    """The same loss with the numbers about the batch as inputs of their own; None if it asks for none."""
    loss = _original(subject)
    numbers = asked(loss)
    if not numbers:
        return None
    return replace(subject, objective=loss, inputs={**subject.inputs, **numbers}, traces={}, refused={}, accepted={})
