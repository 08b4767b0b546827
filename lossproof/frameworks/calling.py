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


class OneProcess:
    """Accelerate's part in the loss, in a run of one process."""

    num_processes, process_index, is_main_process, sync_gradients = 1, 0, True, True
    device = torch.device("cpu")

    def gather(self, x: torch.Tensor) -> torch.Tensor:
        return x

    gather_for_metrics = gather

    def reduce(self, x: torch.Tensor, reduction: str = "sum") -> torch.Tensor:
        return x

    def pad_across_processes(self, x: torch.Tensor, dim: int = 0, pad_index: float = 0) -> torch.Tensor:
        return x


def asking(f: Callable[..., torch.Tensor], names: Iterable[str]) -> Callable[..., torch.Tensor]:
    """f, called by keyword, as a function whose parameters are these inputs."""

    def target(**inputs: torch.Tensor) -> torch.Tensor:
        return f(**inputs)

    parameters = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in names]
    target.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return target


def per_prompt(group: torch.Tensor) -> int:
    """How many completions each prompt has. Raises ValueError where they differ in number, which in TRL they never do."""
    sizes = [int((group == g).sum()) for g in range(int(group.max()) + 1)]
    if len(set(sizes)) > 1:
        raise ValueError("TRL's groups all have num_generations completions")
    return sizes[0]


def equal_parts(x: torch.Tensor, parts: int) -> list[torch.Tensor]:
    """The micro-batches of a batch. Raises ValueError where they would differ in size, which no framework does."""
    if len(x) % parts:
        raise ValueError(f"{len(x)} completions cannot be split into {parts} micro-batches of one size")
    return list(torch.split(x, len(x) // parts))
