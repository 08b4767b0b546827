"""What the adapters share: functions that ask for exactly the inputs that a setting needs."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch


class Double:
    """`torch` with float32 spelled float64, to put in the place of a module's `torch`: its formula without its rounding."""

    float32 = torch.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def asking(f: Callable[..., torch.Tensor], names: Iterable[str]) -> Callable[..., torch.Tensor]:
    """f, called by keyword, as a function whose parameters are these inputs."""

    def target(**inputs: torch.Tensor) -> torch.Tensor:
        return f(**inputs)

    parameters = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in names]
    target.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return target


def equal_parts(x: torch.Tensor, parts: int) -> list[torch.Tensor]:
    """The micro-batches of a batch. Raises ValueError where they would differ in size, which no framework does."""
    if len(x) % parts:
        raise ValueError(f"{len(x)} completions cannot be split into {parts} micro-batches of one size")
    return list(torch.split(x, len(x) // parts))
