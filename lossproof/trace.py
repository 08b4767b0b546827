"""Records the ATen operations of a loss and of its gradient while the real function runs.

A `TorchDispatchMode` sees every operation that autograd, in-place updates, views, custom `autograd.Function`s and
nested `torch.func` transforms come down to. Numbers that leave tensors are followed (`lossproof.leaving`): a Python
branch on data becomes a decision, and `explore` runs the function again with the other outcome. What cannot be followed
is an `Escape` with the line of the user's file, and no proof may rest on the trace.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from .leaving import Again, Scalar, followed
from .program import Call, Escape, Ref, TooManyPaths, Trace
from .recorder import MAX_PATHS, Recorder, Unfollowed, is_user_file
from .watcher import Watcher

__all__ = ["MAX_PATHS", "Call", "Escape", "Ref", "TooManyPaths", "Trace", "explore", "record"]

Loss = Callable[..., torch.Tensor]


def eager() -> AbstractContextManager[Any]:
    """Run `torch.compile`d functions as they are written. The compiler takes seconds to import: only where it is in use."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def record(
    loss: Loss, inputs: dict[str, torch.Tensor], wrt: str | None, forced: Sequence[bool] = (), split: bool = False,
    modules: list[dict[str, Any]] | None = None,
) -> Trace:  # fmt: skip
    """One path: run `loss(**inputs)` and its gradient with respect to `wrt`, with the first branches as forced.

    With `split`, boolean indices are decided entry by entry. In `modules`, `float` and `math` are followed.
    """
    modules = [] if modules is None else modules
    while True:
        compiled = "torch._dynamo" in sys.modules
        try:
            trace = _record(loss, inputs, wrt, Recorder(forced, split), modules)
        except Again as e:
            modules.append(e.module)
            continue
        if compiled == ("torch._dynamo" in sys.modules):
            return trace


def _record(
    loss: Loss, inputs: dict[str, torch.Tensor], wrt: str | None, recorder: Recorder, modules: list[dict[str, Any]]
) -> Trace:
    fresh = {name: t.detach().clone().requires_grad_(name == wrt) for name, t in inputs.items()}
    for name, t in fresh.items():
        recorder.input(name, t)
    trace = recorder.trace
    try:
        with eager(), torch.enable_grad(), followed(recorder, modules), Watcher(recorder), recorder:
            out: Any = loss(**fresh)
            out = out._tensor if type(out) is Scalar else out
            g = None
            if wrt is not None and out.requires_grad:
                (g,) = torch.autograd.grad(out, fresh[wrt], allow_unused=True)
            recorder.finish(recorder.ref(out), None if g is None else recorder.ref(g))
    except TooManyPaths:
        raise
    except Exception as e:
        trace.raised = str(e) if isinstance(e, Unfollowed) else f"{type(e).__name__}: {e}"
        if not trace.decisions:
            trace.escapes.append(Escape(f"an exception while recording ({trace.raised})", _line(e)))
    return trace


def _line(e: Exception) -> str:
    frames = [f for f in traceback.extract_tb(e.__traceback__) if is_user_file(f.filename)]
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "an unknown line"


def explore(loss: Loss, inputs: dict[str, torch.Tensor], wrt: str | None = "logp") -> list[Trace]:
    """All paths through the function: every branch on data is taken both ways. Raises TooManyPaths past MAX_PATHS.

    Where a shape depends on the data and matters, boolean indices are decided entry by entry if that is not too much.
    """
    traces = _explore(loss, inputs, wrt, False)
    line = next((t.ragged for t in traces if t.ragged), "")
    if not line:
        return traces
    try:
        traces = _explore(loss, inputs, wrt, True)
    except TooManyPaths as e:
        raise TooManyPaths(f"a shape depends on the data at {line}: {e}") from e
    for t in traces:
        if t.ragged:
            t.escapes.append(Escape("a shape that depends on the data", t.ragged))
    return traces


def _explore(loss: Loss, inputs: dict[str, torch.Tensor], wrt: str | None, split: bool) -> list[Trace]:
    todo: list[list[bool]] = [[]]
    traces: list[Trace] = []
    modules: list[dict[str, Any]] = []
    while todo:
        forced = todo.pop()
        trace = record(loss, inputs, wrt, forced, split, modules)
        traces.append(trace)
        if len(traces) + len(todo) > MAX_PATHS:
            raise TooManyPaths(f"more than {MAX_PATHS} paths; the first branch is at {traces[0].decisions[0][2]}")
        taken = [outcome for _, outcome, _ in trace.decisions]
        todo += [[*taken[:n], not taken[n]] for n in range(len(forced), len(taken))]
    return traces
