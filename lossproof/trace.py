"""Records the ATen operations of a loss and of its gradient while the real function runs.

A `TorchDispatchMode` sees every operation that autograd, in-place updates, views, custom `autograd.Function`s and nested
`torch.func` transforms come down to. A number that leaves tensors is followed too: `.item()` and `.tolist()` give
`Scalar`s, which record what is done with them; a Python branch on data becomes a decision, and `explore` runs the
function again with the other outcome. What cannot be followed (`float(x)`, NumPy, a shape that depends on data) is an
`Escape` with the line of the user's file, and no proof may rest on the trace.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten
MAX_PATHS = 64
RAGGED = {"nonzero", "masked_select", "_unique2", "unique_consecutive", "unique_dim", "nonzero_static"}
RANDOM = torch.Tag.nondeterministic_seeded


@dataclass(frozen=True)
class Ref:
    """A tensor of the trace, by number."""

    index: int


@dataclass(frozen=True)
class Call:
    """One operation: arguments with tensors as `Ref`s, and the `Ref`s of its results (None for what is no tensor)."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: tuple[Ref | None, ...]


@dataclass(frozen=True)
class Escape:
    """A value that left tensors in a way that cannot be followed."""

    what: str
    line: str


@dataclass
class Trace:
    """A straight-line program: the operations of one path through the function, in order."""

    inputs: dict[str, Ref] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    constants: dict[int, torch.Tensor] = field(default_factory=dict)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    decisions: list[tuple[Ref, bool, str]] = field(default_factory=list)
    escapes: list[Escape] = field(default_factory=list)
    loss: Ref | None = None
    gradient: Ref | None = None
    raised: str = ""


class TooManyPaths(Exception):
    """The function branches on data more often than can be explored."""


class Scalar:
    """A Python number that came out of a tensor, and still knows it."""

    def __init__(self, recorder: "Recorder", tensor: torch.Tensor):
        self._recorder, self._tensor = recorder, tensor

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        plain = _map(lambda x: x._tensor if isinstance(x, Scalar) else x, (args, kwargs or {}))
        return func(*plain[0], **plain[1])

    def _wrap(self, x: Any) -> Any:
        return Scalar(self._recorder, x) if isinstance(x, torch.Tensor) and x.dim() == 0 else x

    def __bool__(self) -> bool:
        return self._recorder.decide(self._tensor != 0)

    def __index__(self) -> int:
        return self._recorder.concretise(self._tensor)

    __int__ = __index__

    def __float__(self) -> float:
        self._recorder.escape("float() of a value that came from the data")
        return float(self._recorder.peek(self._tensor))

    def __round__(self, digits: int = 0) -> float:
        return round(float(self), digits)

    def __repr__(self) -> str:
        return repr(self._recorder.peek(self._tensor))

    def __format__(self, spec: str) -> str:
        return format(self._recorder.peek(self._tensor), spec)

    def __hash__(self) -> int:
        return id(self)

    def is_integer(self) -> bool:
        return bool(Scalar(self._recorder, self._tensor == self._tensor.round()))


def _scalar_operator(name: str) -> Callable[..., Any]:
    def operate(self: Scalar, *others: Any) -> Any:
        plain = [o._tensor if isinstance(o, Scalar) else o for o in others]
        wide = self._tensor if self._tensor.dtype != torch.bool else self._tensor.long()
        return self._wrap(getattr(wide, name)(*plain))

    return operate


for (
    _name
) in "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod pow rpow neg abs lt le gt ge eq ne".split():
    setattr(Scalar, f"__{_name}__", _scalar_operator(f"__{_name}__"))


def _map(f: Callable[[Any], Any], x: Any) -> Any:
    if isinstance(x, (list, tuple)) and not isinstance(x, torch.Size):
        return type(x)(_map(f, y) for y in x) if type(x) in (list, tuple) else tuple(_map(f, y) for y in x)
    if isinstance(x, dict):
        return {k: _map(f, v) for k, v in x.items()}
    return f(x)


class Recorder(TorchDispatchMode):
    """The dispatch-level recorder of one run."""

    def __init__(self, forced: Sequence[bool] = ()):
        super().__init__()
        self.trace, self.forced, self.ragged = Trace(), list(forced), set[int]()
        self._refs: dict[int, Ref] = {}
        self._alive: list[torch.Tensor] = []  # so that no identity is used twice
        self._geometry: dict[Any, Ref] = {}
        self._storages: dict[int, Ref] = {}
        self._peeking = False

    def input(self, name: str, tensor: torch.Tensor) -> None:
        self.trace.inputs[name] = self._name(tensor)

    def _name(self, t: torch.Tensor) -> Ref:
        ref = Ref(len(self._alive))
        self._alive.append(t)
        self._refs[id(t)] = ref
        self._geometry.setdefault(_geometry(t), ref)
        if t.numel():
            self._storages.setdefault(t.untyped_storage().data_ptr(), ref)
        self.trace.shapes[ref.index] = tuple(t.shape)
        return ref

    def ref(self, t: torch.Tensor) -> Ref:
        """The tensor's number: by identity, else by the memory that it shares, else it is a constant from outside."""
        known = self._refs.get(id(t))
        if known is not None:
            return known
        twin = self._geometry.get(_geometry(t)) if t.numel() else None
        base = self._storages.get(t.untyped_storage().data_ptr()) if t.numel() else None
        if twin is None and base is not None:
            mine = self._name(t)
            call = Call(
                aten.as_strided.default, (base, tuple(t.shape), tuple(t.stride()), t.storage_offset()), {}, (mine,)
            )
            self.trace.calls.append(call)
            return mine
        if twin is not None:
            self._alive.append(t)
            self._refs[id(t)] = twin
            return twin
        mine = self._name(t)
        self.trace.constants[mine.index] = t.detach().clone()
        return mine

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._peeking:
            return func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if name in ("_local_scalar_dense", "equal", "is_nonzero", "allclose"):
            self.escape(f"{name}: a number read from a tensor below Python")
            return func(*args, **kwargs)
        if RANDOM in func.tags:
            self.escape(f"{name}: a random number")
        seen = _map(lambda x: self.ref(x) if isinstance(x, torch.Tensor) else x, (tuple(args), kwargs))
        boolean = name == "index" and any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1])
        out = func(*args, **kwargs)
        results = out if isinstance(out, (list, tuple)) else (out,)
        outs = tuple(self._result(x) if isinstance(x, torch.Tensor) else None for x in results)
        inputs = {r.index for r in _refs_in(seen)}
        if name in RAGGED or boolean or inputs & self.ragged:
            self.ragged.update(
                r.index for r in outs if r is not None and (name in RAGGED or boolean or self.trace.shapes[r.index])
            )
        self.trace.calls.append(Call(func, *seen, outs))
        return out

    def _result(self, t: torch.Tensor) -> Ref:
        return self._refs[id(t)] if id(t) in self._refs else self._name(t)

    # -- numbers that leave tensors ----------------------------------------------------------------------------------

    def peek(self, t: torch.Tensor) -> Any:
        """The recorded value, for logging only."""
        self._peeking = True
        try:
            with torch._C.DisableTorchFunction():
                return t.detach().item()
        finally:
            self._peeking = False

    def escape(self, what: str) -> None:
        self.trace.escapes.append(Escape(what, _user_line()))

    def decide(self, condition: torch.Tensor) -> bool:
        """The outcome of a branch on data: as forced, else as it is on the recorded input."""
        n = len(self.trace.decisions)
        if n >= 4 * MAX_PATHS:
            raise TooManyPaths(f"more than {n} branches on data, the last at {_user_line()}")
        outcome = self.forced[n] if n < len(self.forced) else bool(self.peek(condition))
        self.trace.decisions.append((self.ref(condition), outcome, _user_line()))
        return outcome

    def concretise(self, t: torch.Tensor) -> int:
        """An integer that Python needs (an index, a length): one decision per candidate value."""
        top = max((max(s, default=1) for s in self.trace.shapes.values()), default=1)
        for k in range(top + 1):
            if self.decide(t == k):
                return k
        self.escape("an integer outside 0..the longest dimension")
        return int(self.peek(t))


class Watcher(TorchFunctionMode):
    """Catches, above autograd, the calls through which numbers and shapes leave tensors."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        r, kwargs = self.recorder, kwargs or {}
        if r._peeking:
            return func(*args, **kwargs)
        if func is torch.Tensor.item:
            return Scalar(r, args[0].detach())
        if func is torch.Tensor.tolist:
            return self.listed(args[0].detach())
        if func in (torch.Tensor.__bool__, torch.Tensor.is_nonzero, torch.is_nonzero):
            return r.decide(args[0].detach() != 0)
        if func in (torch.Tensor.__int__, torch.Tensor.__index__):
            return r.concretise(args[0].detach())
        if func in (torch.Tensor.__float__, torch.Tensor.__complex__):
            r.escape("float() of a tensor")
            return r.peek(args[0])
        if func in (torch.Tensor.numpy, torch.Tensor.__array__):
            r.escape("a NumPy array of a tensor")
        if func in (torch.equal, torch.allclose, torch.Tensor.equal, torch.Tensor.allclose):
            a, b = args[:2]
            close = (a == b) if "equal" in func.__name__ else torch.isclose(a, b, *args[2:], **kwargs)
            return r.decide(close.all())
        if func is torch.tensor and args and _holds_scalar(args[0]):
            return self.stacked(args[0], **kwargs)
        if r.ragged and _reads_shape(func) and args and isinstance(args[0], torch.Tensor) and id(args[0]) in r._refs:
            if r._refs[id(args[0])].index in r.ragged:
                r.escape("a shape that depends on the data")
        plain = _map(lambda x: x._tensor if isinstance(x, Scalar) else x, (tuple(args), kwargs))
        return func(*plain[0], **plain[1])

    def listed(self, t: torch.Tensor) -> Any:
        return Scalar(self.recorder, t) if t.dim() == 0 else [self.listed(x) for x in t.unbind(0)]

    def stacked(self, x: Any, dtype: torch.dtype | None = None, **_: Any) -> torch.Tensor:
        if isinstance(x, (list, tuple)):
            parts = [self.stacked(y) for y in x]
            wide = torch.stack([p.to(torch.get_default_dtype()) for p in parts])
        else:
            wide = x._tensor if isinstance(x, Scalar) else torch.as_tensor(x)
        return wide.to(dtype) if dtype else wide


def _holds_scalar(x: Any) -> bool:
    return isinstance(x, Scalar) or isinstance(x, (list, tuple)) and any(map(_holds_scalar, x))


def _reads_shape(func: Any) -> bool:
    return (
        getattr(func, "__name__", "") in ("size", "numel", "__len__", "nelement") or func == torch.Tensor.shape.__get__
    )


def _geometry(t: torch.Tensor) -> Any:
    return (t.untyped_storage().data_ptr(), t.storage_offset(), tuple(t.shape), tuple(t.stride()), t.dtype)


def _refs_in(x: Any) -> list[Ref]:
    if isinstance(x, Ref):
        return [x]
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else ()
    return [r for y in parts for r in _refs_in(y)]


def _user_line() -> str:
    """The innermost line outside torch and this package, as `file.py:12`."""
    here, torch_home = os.path.dirname(__file__), os.path.dirname(torch.__file__)
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((here, torch_home)) and "/torch/" not in name and not name.startswith("<"):
            return f"{os.path.basename(name)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "an unknown line"


def _eager() -> AbstractContextManager[Any]:
    """Run `torch.compile`d functions as they are written. Importing the compiler takes seconds: only where it is in use."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def record(
    loss: Callable[..., torch.Tensor], inputs: dict[str, torch.Tensor], wrt: str | None, forced: Sequence[bool] = ()
) -> Trace:
    """One path: run `loss(**inputs)` and its gradient with respect to `wrt`, with the first branches as forced."""
    fresh = {name: t.detach().clone().requires_grad_(name == wrt) for name, t in inputs.items()}
    recorder = Recorder(forced)
    for name, t in fresh.items():
        recorder.input(name, t)
    trace = recorder.trace
    try:
        with _eager(), torch.enable_grad(), Watcher(recorder), recorder:
            out = loss(**fresh)
            out = out._tensor if isinstance(out, Scalar) else out
            trace.loss = recorder.ref(out)
            if wrt is not None and out.requires_grad:
                (g,) = torch.autograd.grad(out, fresh[wrt], allow_unused=True)
                trace.gradient = None if g is None else recorder.ref(g)
    except TooManyPaths:
        raise
    except Exception as e:
        if not trace.decisions:
            raise
        trace.raised = f"{type(e).__name__}: {e}"
    return trace


def explore(
    loss: Callable[..., torch.Tensor], inputs: dict[str, torch.Tensor], wrt: str | None = "logp"
) -> list[Trace]:
    """All paths through the function: every branch on data is taken both ways. Raises TooManyPaths past MAX_PATHS."""
    todo: list[list[bool]] = [[]]
    traces: list[Trace] = []
    while todo:
        forced = todo.pop()
        trace = record(loss, inputs, wrt, forced)
        traces.append(trace)
        if len(traces) + len(todo) > MAX_PATHS:
            raise TooManyPaths(f"more than {MAX_PATHS} paths; the first branch is at {trace.decisions[0][2]}")
        taken = [outcome for _, outcome, _ in trace.decisions]
        todo += [[*taken[:n], not taken[n]] for n in range(len(forced), len(taken))]
    return traces
