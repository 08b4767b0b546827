"""What a recording is: a straight-line program over memory, and what it could not follow.

A tensor is named by where it lies (storage, offset, shape, strides), not by its Python object: views, in-place updates,
`detach` and the tensors that autograd unpacks again are then the same memory, whatever object they come in.
"""

from dataclasses import dataclass, field
from typing import Any

import torch


class TooManyPaths(Exception):
    """The function branches on data more often than can be explored."""


@dataclass(frozen=True)
class Ref:
    """A tensor of the trace, by number."""

    index: int


@dataclass(frozen=True)
class Place:
    """Where a tensor lies, counted in elements."""

    storage: int
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def end(self) -> int:
        """One past its last element."""
        if 0 in self.shape:
            return self.offset
        return self.offset + sum((n - 1) * k for n, k in zip(self.shape, self.stride, strict=True)) + 1


@dataclass(frozen=True)
class Call:
    """One operation: arguments with tensors as `Ref`s, and the `Ref`s of its results (None for what is no tensor)."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: tuple[Ref | None, ...]
    poison: str = ""  # why its results have no value: they are random, or their shape depends on the data


@dataclass(frozen=True)
class Escape:
    """A value that left tensors in a way that cannot be followed."""

    what: str
    line: str


@dataclass
class Trace:
    """The operations of one path through the function, in order."""

    inputs: dict[str, Ref] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    constants: dict[int, torch.Tensor] = field(default_factory=dict)  # storage -> its content, flat
    places: list[Place] = field(default_factory=list)  # of each Ref
    dtypes: list[torch.dtype] = field(default_factory=list)  # of each storage
    decisions: list[tuple[Ref, bool, str]] = field(default_factory=list)
    escapes: list[Escape] = field(default_factory=list)
    loss: Ref | None = None
    gradient: Ref | None = None
    raised: str = ""  # the path ends in an exception
    ragged: str = ""  # the line where a shape came to depend on the data, if loss, gradient or a branch depend on it


def refs_in(x: Any) -> list[Ref]:
    """All `Ref`s in nested arguments."""
    if isinstance(x, Ref):
        return [x]
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else ()
    return [r for y in parts for r in refs_in(y)]


def mapped(f: Any, x: Any) -> Any:
    """f of every leaf of nested lists, tuples, dicts and slices."""
    if isinstance(x, (list, tuple)) and not isinstance(x, torch.Size):
        return type(x)(mapped(f, y) for y in x) if type(x) in (list, tuple) else tuple(mapped(f, y) for y in x)
    if isinstance(x, dict):
        return {k: mapped(f, v) for k, v in x.items()}
    if isinstance(x, slice):
        return slice(f(x.start), f(x.stop), f(x.step))
    return f(x)
