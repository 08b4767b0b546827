"""Runs a recorded trace with another meaning of a number.

Tensors become NumPy object arrays. Views are NumPy views, so in-place operations act as they did; an operator without an
entry in the tables, or one that its meaning refuses, poisons its results and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .meanings import Meaning
from .operators import TABLE, Poison, Scalars
from .trace import Call, Ref, Trace


@dataclass(frozen=True)
class Formula:
    """What the interpretation of one function yields: the loss (0-d) and, where asked for, its gradient."""

    loss: Any
    gradient: Any


def interpret(trace: Trace, inputs: Mapping[str, Any], meaning: Meaning) -> tuple[Formula, list[tuple[Any, bool]]]:
    """Loss and gradient of one path on these inputs, and the conditions of the path with their outcomes."""
    s = Scalars(meaning)
    arrays: dict[int, Any] = {ref.index: s.array(inputs[name]).copy() for name, ref in trace.inputs.items()}
    for index, constant in trace.constants.items():
        arrays[index] = s.array(constant.detach().cpu().numpy())
    kept: dict[int, Any] = {}
    conditions = {ref.index for ref, _, _ in trace.decisions}

    def value(x: Any) -> Any:
        if isinstance(x, Ref):
            return arrays[x.index]
        if isinstance(x, (list, tuple)):
            return [value(y) for y in x]
        return x

    for call in trace.calls:
        results = run(s, call, [value(a) for a in call.args], {k: value(v) for k, v in call.kwargs.items()}, trace)
        for ref, result in zip(call.outs, results, strict=False):
            if ref is not None and not (mutates(call) and ref.index in arrays):
                arrays[ref.index] = result
            if ref is not None and ref.index in conditions:
                kept[ref.index] = arrays[ref.index].copy()

    def last(ref: Ref | None) -> Any:
        return None if ref is None else arrays[ref.index]

    taken = [(kept.get(ref.index, arrays[ref.index])[()], outcome) for ref, outcome, _ in trace.decisions]
    return Formula(last(trace.loss), last(trace.gradient)), taken


def mutates(call: Call) -> bool:
    return bool(call.func._schema.is_mutable)


def run(s: Scalars, call: Call, args: list[Any], kwargs: dict[str, Any], trace: Trace) -> list[Any]:
    """The results of one operation. In-place operators write into the memory of their first argument."""
    name = call.func.overloadpacket.__name__
    inplace = mutates(call)
    plain = name[:-1] if inplace and name.endswith("_") else name
    function = TABLE.get(plain)
    try:
        if function is None:
            raise NotImplementedError(f"the operator aten.{name} has no meaning here")
        out = function(s, *args, **kwargs)
    except Exception as e:  # a refusal costs the values that depend on this operation
        reason = str(e) if isinstance(e, NotImplementedError) else f"aten.{name}: {type(e).__name__}: {e}"
        shapes = [trace.shapes[r.index] if r is not None else () for r in call.outs]
        out = [s.full(shape, Poison(reason)) for shape in shapes]
        out = out[0] if len(out) == 1 else out
    results = list(out) if isinstance(out, (list, tuple)) else [out]
    if inplace:
        target = args[0]
        if isinstance(target, np.ndarray) and target.flags.writeable:
            target[...] = results[0]
        results = [target]
    return results


def combine(meaning: Meaning, paths: list[tuple[Formula, list[tuple[Any, bool]]]]) -> Formula:
    """One formula of all paths: each under the conditions of its branches."""
    s = Scalars(meaning)

    def pick(get: Any) -> Any:
        out = get(paths[-1][0])
        for formula, taken in reversed(paths[:-1]):
            p = meaning.truth(True)
            for condition, outcome in taken:
                if isinstance(condition, Poison):
                    p = condition
                    break
                c = s.truth(condition)
                p = meaning.and_(p, c if outcome else meaning.not_(c))
            out = TABLE["where"](s, s.full((), p), get(formula), out)
        return out

    gradient = None if any(f.gradient is None for f, _ in paths) else pick(lambda f: f.gradient)
    return Formula(pick(lambda f: f.loss), gradient)
