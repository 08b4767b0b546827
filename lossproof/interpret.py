"""Runs a recorded trace with another meaning of a number.

Memory is what it was: one flat NumPy object array per storage, and a tensor is a strided view into it. So views, in-place
updates and aliases act as they did; only operators that compute need a meaning. An operator without an entry in the tables,
or one that its meaning refuses, poisons its results and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .meanings import Meaning
from .operators import TABLE, Poison, Scalars
from .program import Call, Ref, Trace
from .recorder import written

UNSET = Poison("memory that was never written")


@dataclass(frozen=True)
class Formula:
    """What the interpretation of one function yields: the loss (0-d) and, where asked for, its gradient."""

    loss: Any
    gradient: Any
    raised: str = ""


class Memory:
    """The storages of one interpretation, by number."""

    def __init__(self, s: Scalars, trace: Trace):
        self.s, self.trace, self.flat = s, trace, dict[int, Any]()
        self.sizes: dict[int, int] = {}
        for place in trace.places:
            self.sizes[place.storage] = max(self.sizes.get(place.storage, 1), place.end)
        for storage, constant in trace.constants.items():
            self.flat[storage] = self.allocate(storage)
            plain = constant[: self.sizes[storage]].detach().cpu()
            values = plain.float().numpy() if plain.dtype == torch.bfloat16 else plain.numpy()
            self.flat[storage][: len(plain)] = s.array(values)

    def allocate(self, storage: int) -> Any:
        out = np.empty(self.sizes[storage], dtype=object)
        out.fill(UNSET)
        return out

    def known(self, ref: Ref) -> bool:
        return self.trace.places[ref.index].storage in self.flat

    def view(self, ref: Ref) -> Any:
        """The tensor as an array that shares the memory."""
        place = self.trace.places[ref.index]
        if place.storage not in self.flat:
            self.flat[place.storage] = self.allocate(place.storage)
        flat = self.flat[place.storage]
        if 0 in place.shape:
            return np.empty(place.shape, dtype=object)
        strides = tuple(n * flat.itemsize for n in place.stride)
        return np.lib.stride_tricks.as_strided(flat[place.offset :], place.shape, strides)

    def write(self, ref: Ref, value: Any) -> None:
        target = self.view(ref)
        if isinstance(value, Poison):
            target[...] = np.frompyfunc(lambda _: value, 1, 1)(target) if target.shape else value
        else:
            dtype = self.trace.dtypes[self.trace.places[ref.index].storage]
            target[...] = self.s.lift(self.s.truth, value) if dtype == torch.bool else self.s.array(value)


def interpret(trace: Trace, inputs: Mapping[str, Any], meaning: Meaning) -> tuple[Formula, list[tuple[Any, bool]]]:
    """Loss and gradient of one path on these inputs, and the conditions of the path with their outcomes."""
    s = Scalars(meaning)
    memory = Memory(s, trace)
    for name, ref in trace.inputs.items():
        given = s.array(inputs[name])
        if given.shape != trace.places[ref.index].shape:
            raise ValueError(f"{name} has shape {given.shape}, recorded with {trace.places[ref.index].shape}")
        memory.write(ref, given)
    with np.errstate(all="ignore"):  # floats that are not finite are values like others, in metrics for one
        for call in trace.calls:
            run(memory, call)
    taken = [(memory.view(ref)[()], outcome) for ref, outcome, _ in trace.decisions]
    if trace.raised:
        return Formula(None, None, trace.raised), taken
    gradient = None if trace.gradient is None else memory.view(trace.gradient).copy()
    assert trace.loss is not None
    return Formula(memory.view(trace.loss).copy(), gradient), taken


def run(memory: Memory, call: Call) -> None:
    """One operation. A result that lies in memory that is known already is a view, unless the operator writes to it."""
    outs = [r for r in call.outs if r is not None]
    writes = bool(call.func._schema.is_mutable) and torch.Tag.inplace_view not in call.func.tags
    if not writes and all(memory.known(r) for r in outs):
        return
    name = call.func.overloadpacket.__name__
    if name.startswith(("empty", "new_empty")) and not writes:
        for r in outs:
            memory.view(r)
        return
    results: list[Any] = [Poison(call.poison)] * len(call.outs)
    if not call.poison:
        try:
            results = compute(memory, call, name, writes)
        except Exception as e:  # a refusal costs the values that depend on this operation
            reason = str(e) if isinstance(e, NotImplementedError) else f"aten.{name}: {type(e).__name__}: {e}"
            results = [Poison(reason)] * len(call.outs)
    for ref, result in zip(call.outs, results, strict=False):
        if ref is not None:
            memory.write(ref, result)
    if writes:
        for ref in set(written(call.func, call.args, call.kwargs)) - set(call.outs):
            memory.write(ref, Poison(f"the memory that aten.{name} writes to"))


def compute(memory: Memory, call: Call, name: str, writes: bool) -> list[Any]:
    plain = name[:-1] if writes and name.endswith("_") else name
    function = TABLE.get(f"{plain}.{call.func._overloadname}", TABLE.get(plain))
    if function is None or "out" in call.kwargs:
        raise NotImplementedError(f"the operator aten.{name} has no meaning here")

    def value(x: Any) -> Any:
        if isinstance(x, Ref):
            return memory.view(x)
        if isinstance(x, (list, tuple)):
            return [value(y) for y in x]
        return x

    out = function(memory.s, *(value(a) for a in call.args), **{k: value(v) for k, v in call.kwargs.items()})
    results = list(out) if isinstance(out, (list, tuple)) else [out]
    for ref, result in zip(call.outs, results, strict=True):
        place = None if ref is None else memory.trace.places[ref.index]
        if place is not None and not isinstance(result, Poison) and np.shape(result) != place.shape:
            if not (writes and np.broadcast_shapes(np.shape(result), place.shape) == place.shape):
                raise NotImplementedError(f"aten.{name} gives shape {np.shape(result)} here, {place.shape} when recorded")
    return results


def combine(meaning: Meaning, paths: list[tuple[Formula, list[tuple[Any, bool]]]]) -> Formula:
    """One formula of all paths: each under the conditions of its branches.

    Where a path ends in an exception, the value is 1/0 under its conditions: a proof must show that no input goes there.
    """
    s = Scalars(meaning)
    conditions = [path_condition(s, taken) for _, taken in paths]
    order = sorted(range(len(paths)), key=lambda n: (bool(paths[n][0].raised), paths[n][0].gradient is None))
    formulas = [undefined(s, f, p) if f.raised else f for (f, _), p in zip(paths, conditions, strict=True)]
    shapes = [np.shape(f.gradient) for f in formulas if f.gradient is not None and np.shape(f.gradient)]

    def pick(get: Any) -> Any:
        out = get(formulas[order[0]])
        for n in order[1:]:
            one = get(formulas[n])
            chosen = TABLE["where"](s, s.full((), conditions[n]), one, out)
            out = s.array(np.frompyfunc(unless_same, 3, 1)(one, out, chosen))
        return out

    def gradient(f: Formula) -> Any:
        return s.full(shapes[0], 0) if f.gradient is None else f.gradient

    return Formula(pick(lambda f: f.loss), pick(gradient) if shapes else None)


def unless_same(a: Any, b: Any, chosen: Any) -> Any:
    """The choice between two values, or the value if they are the same: then the condition, even one without a value, is idle."""
    return a if not isinstance(a, Poison) and type(a) is type(b) and a == b else chosen


def path_condition(s: Scalars, taken: list[tuple[Any, bool]]) -> Any:
    p = s.m.truth(True)
    for condition, outcome in taken:
        if isinstance(condition, Poison):
            return condition
        c = s.truth(condition)
        p = s.m.and_(p, c if outcome else s.m.not_(c))
    return p


def undefined(s: Scalars, f: Formula, p: Any) -> Formula:
    """A formula without a value under p."""
    if isinstance(p, Poison) or not p_is_open(s, p):
        value: Any = p if isinstance(p, Poison) else Poison(f.raised)
    else:
        value = s.lift(lambda q: s.m.inv(s.m.where(q, s.zero, s.one)), s.full((), p))[()]
    return Formula(s.full((), value), s.full((), value))


def p_is_open(s: Scalars, p: Any) -> bool:
    """Whether a condition may be false here."""
    marks = object(), object()
    try:
        return s.m.where(p, *marks) is not marks[0]
    except (AttributeError, TypeError):
        return True
