"""Numbers that leave tensors: what `.item()`, `.tolist()`, `float()`, `int()`, `len()` and branches give while recording.

`.item()` gives a `Scalar`, which goes on recording what is done with it. `bool()` of it is a decision, explored both ways;
`int()` is one decision per candidate. `float(x)` and `math.log(x)` can only return plain floats, so the first time a module
of the user does this, the run starts again with `float` and `math` of that module replaced by ones that keep the `Scalar`.
What is left (`"%f" % x`, NumPy, pickles) is an `Escape`: no proof may rest on the trace. Only the text of a number, `str(x)` or
an f-string, is let through as it is on the recorded input: it is for people, and `lossproof.reproduces` guards against
a number that is read back from it.
"""

import builtins
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .program import mapped
from .recorder import Recorder, user_frame, user_line

COPIES = {"numpy", "__array__", "__dlpack__", "__deepcopy__", "__reduce_ex__", "storage", "untyped_storage", "_typed_storage",
          "data_ptr", "numpy_T", "__getstate__"}  # fmt: skip
SELECTS = {"nonzero", "argwhere", "masked_select"}


class Again(BaseException):
    """The run must start again with `float` and `math` followed in this module."""

    def __init__(self, module: dict[str, Any]):
        super().__init__()
        self.module = module


class Scalar:
    """A Python number that came out of a tensor, and still knows it."""

    def __init__(self, recorder: Recorder, tensor: torch.Tensor):
        self._recorder, self._tensor = recorder, tensor

    @classmethod
    def leave(cls, recorder: Recorder, t: torch.Tensor) -> "Scalar":
        """The value a tensor has now: what is written to it later does not reach the number."""
        t = t.detach().clone().reshape(())
        return cls(recorder, t.double() if t.is_floating_point() and t.dtype != torch.float64 else t)

    @property
    def __class__(self) -> type:  # so that isinstance(x, float) is what it is without the recorder
        t = self._tensor
        return bool if t.dtype == torch.bool else float if t.is_floating_point() else int

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        plain = mapped(lambda x: x._tensor if type(x) is Scalar else x, (tuple(args), kwargs or {}))
        return func(*plain[0], **plain[1])

    def _of(self, t: torch.Tensor) -> "Scalar":
        return Scalar(self._recorder, t)

    def __bool__(self) -> bool:
        return self._recorder.decide(self._tensor != 0)

    def __index__(self) -> int:
        if self._tensor.is_floating_point():
            raise TypeError("'float' object cannot be interpreted as an integer")
        return self._recorder.integer(self._tensor)

    def __int__(self) -> int:
        return self._recorder.integer(self._tensor.trunc() if self._tensor.is_floating_point() else self._tensor)

    def __float__(self) -> float:
        return escaped_float(self._recorder, self._tensor)

    def __trunc__(self) -> int:
        return int(self)

    def __floor__(self) -> "Scalar":
        return self._of(self._tensor.floor().long()) if self._tensor.is_floating_point() else self

    def __ceil__(self) -> "Scalar":
        return self._of(self._tensor.ceil().long()) if self._tensor.is_floating_point() else self

    def __round__(self, digits: int | None = None) -> "Scalar":
        if not self._tensor.is_floating_point():
            return self
        return self._of(self._tensor.round().long() if digits is None else self._tensor.round(decimals=digits))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other  # type: ignore[operator]

    def __pos__(self) -> "Scalar":
        return self

    def __hash__(self) -> int:
        return hash(int(self)) if not self._tensor.is_floating_point() else hash(float(self))

    def __repr__(self) -> str:
        return repr(self._recorder.peek(self._tensor))

    def __format__(self, spec: str) -> str:
        return format(self._recorder.peek(self._tensor), spec)

    def item(self) -> "Scalar":  # a NumPy scalar's, for code that has made one of it
        return self

    def is_integer(self) -> bool:
        return bool(self._of(self._tensor == self._tensor.round()))

    def sqrt(self) -> "Scalar":
        return self._of(self._tensor.double().sqrt())

    def exp(self) -> "Scalar":
        return self._of(self._tensor.double().exp())

    def log(self) -> "Scalar":
        return self._of(self._tensor.double().log())


def _operator(name: str) -> Callable[..., Any]:
    def operate(self: Scalar, *others: Any) -> Any:
        if any(not isinstance(o, (bool, int, float, torch.Tensor)) for o in others):
            return NotImplemented
        plain = [o._tensor if type(o) is Scalar else o for o in others]
        wide = self._tensor if self._tensor.dtype != torch.bool else self._tensor.long()
        out = getattr(wide, name)(*plain)
        return out if any(type(o) is not Scalar and isinstance(o, torch.Tensor) for o in others) else self._of(out)

    return operate


for _name in "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg abs lt le gt ge eq ne".split():
    setattr(Scalar, f"__{_name}__", _operator(f"__{_name}__"))


def _logical(name: str) -> Callable[..., Any]:
    def operate(self: Scalar, other: Any) -> Any:
        plain = other._tensor if type(other) is Scalar else other
        return self._of(getattr(self._tensor, name)(plain))

    return operate


for _name in "and rand or ror xor rxor".split():
    setattr(Scalar, f"__{_name}__", _logical(f"__{_name}__"))


# -- float and math in the user's modules ----------------------------------------------------------------------------


def escaped_float(recorder: Recorder, t: torch.Tensor) -> float:
    """What is left when a plain float is asked for: follow `float` and `math` in that module, else give up the trace."""
    frame = user_frame()
    if frame is not None and not isinstance(frame.f_globals.get("float"), _Float) and frame.f_globals is not vars(builtins):
        raise Again(frame.f_globals)
    recorder.escape("float() of a value that came from the data")
    return builtins.float(recorder.peek(t))


class _Float(type):
    """The type of the stand-in for `float`: it is `float` to isinstance, ==, and for everything but tensors."""

    recorder: Recorder

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, builtins.float)

    def __eq__(cls, other: Any) -> bool:
        return other is builtins.float or other is cls

    def __hash__(cls) -> int:
        return hash(builtins.float)

    def __getattr__(cls, name: str) -> Any:
        return getattr(builtins.float, name)

    def __call__(cls, x: Any = 0.0) -> Any:
        if type(x) is Scalar or isinstance(x, torch.Tensor):
            t = x._tensor if type(x) is Scalar else x
            return Scalar.leave(cls.recorder, t.detach().double())
        return builtins.float(x)


_MATH = {
    "sqrt": torch.sqrt, "exp": torch.exp, "log": torch.log, "log1p": torch.log1p, "expm1": torch.expm1, "tanh": torch.tanh,
    "fabs": torch.abs, "floor": None, "ceil": None, "pow": torch.pow, "isnan": torch.isnan, "isinf": torch.isinf,
    "isfinite": torch.isfinite,
}  # fmt: skip


def _followed(recorder: Recorder, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    def function(*args: Any) -> Any:
        if not any(type(x) is Scalar or isinstance(x, torch.Tensor) for x in args):
            return plain(*args)
        tensors = [(x._tensor if type(x) is Scalar else torch.as_tensor(x)).detach().double() for x in args]
        if name == "log" and len(args) == 2:
            return Scalar.leave(recorder, torch.log(tensors[0]) / torch.log(tensors[1]))
        made = _MATH[name]
        out = made(*tensors) if made is not None else getattr(tensors[0], name)().long()
        return bool(Scalar(recorder, out)) if name.startswith("is") else Scalar.leave(recorder, out)

    return function


class _Math:
    def __init__(self, recorder: Recorder):
        for name in _MATH:
            setattr(self, name, _followed(recorder, name, getattr(math, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(math, name)


@contextmanager
def followed(recorder: Recorder, modules: list[dict[str, Any]]) -> Iterator[None]:
    """Replace `float`, `math` and what was imported from it in these modules' globals."""
    changed: list[tuple[dict[str, Any], str, Any]] = []
    stand_in = _Float("float", (), {"recorder": recorder})
    plain = {id(getattr(math, name)): name for name in _MATH}
    try:
        for module in modules:
            new: dict[str, Any] = {"float": stand_in} if module.get("float", float) is float else {}
            for name, x in module.items():
                if x is math:
                    new[name] = _Math(recorder)
                elif id(x) in plain:
                    new[name] = _followed(recorder, plain[id(x)], x)
            for name, x in new.items():
                changed.append((module, name, module.get(name, changed)))
                module[name] = x
        yield
    finally:
        for module, name, before in reversed(changed):
            if before is changed:
                del module[name]
            else:
                module[name] = before


# -- calls through which numbers and shapes leave tensors ------------------------------------------------------------


class Watcher(TorchFunctionMode):
    """Catches, above autograd, the calls through which numbers and shapes leave tensors."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        r, kwargs = self.recorder, kwargs or {}
        if r.quiet:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        handler = getattr(self, f"on_{name.strip('_')}", None)
        if handler is not None:
            out = handler(func, *args, **kwargs)
            if out is not NotImplemented:
                return out
        if name in COPIES:
            r.escape(f"a copy of a tensor that is not followed ({name})")
        if func is torch.Tensor.shape.__get__:
            return self.shape(args[0])
        return self.call(func, args, kwargs)

    def call(self, func: Any, args: Any, kwargs: Any) -> Any:
        plain = mapped(lambda x: x._tensor if type(x) is Scalar else x, (tuple(args), kwargs))
        try:
            return func(*plain[0], **plain[1])
        except TypeError:  # where some numbers are tensors now, others must be (clamp), or none may be (alpha, sizes)
            if not any(_leaves(lambda x: type(x) is Scalar, (args, kwargs))):
                raise
        try:
            wide = mapped(lambda x: torch.as_tensor(x) if isinstance(x, (int, float)) and type(x) is not bool else x, plain)
            return func(*wide[0], **wide[1])
        except TypeError:
            self.recorder.escape(f"a number from the data given to {getattr(func, '__name__', func)}")
            known = mapped(lambda x: self.recorder.peek(x._tensor) if type(x) is Scalar else x, (tuple(args), kwargs))
            return func(*known[0], **known[1])

    def ints(self, x: Any) -> Any:
        """Arguments that must be plain integers: one decision per candidate."""
        return mapped(lambda y: int(y) if type(y) is Scalar else y, x)

    # numbers

    def on_item(self, func: Any, t: torch.Tensor) -> Any:
        return Scalar.leave(self.recorder, t)

    def on_tolist(self, func: Any, t: torch.Tensor) -> Any:
        if self.recorder.ragged(t):
            self.recorder.trace.ragged = self.recorder.trace.ragged or user_line()
        return self.listed(t.detach().clone())

    def listed(self, t: torch.Tensor) -> Any:
        return Scalar.leave(self.recorder, t) if t.dim() == 0 else [self.listed(x) for x in t.unbind(0)]

    def on_bool(self, func: Any, t: torch.Tensor, *rest: Any, **_: Any) -> Any:
        if func is not torch.Tensor.__bool__:
            return NotImplemented
        return self.recorder.decide(t.detach().clone() != 0)

    def on_is_nonzero(self, func: Any, t: torch.Tensor) -> Any:
        return self.recorder.decide(t.detach().clone() != 0)

    def on_int(self, func: Any, t: torch.Tensor, *rest: Any, **_: Any) -> Any:
        return int(Scalar.leave(self.recorder, t)) if func is torch.Tensor.__int__ else NotImplemented

    def on_index(self, func: Any, t: torch.Tensor, *rest: Any, **_: Any) -> Any:
        return Scalar.leave(self.recorder, t).__index__() if func is torch.Tensor.__index__ else NotImplemented

    def on_float(self, func: Any, t: torch.Tensor, *rest: Any, **_: Any) -> Any:
        return escaped_float(self.recorder, t) if func is torch.Tensor.__float__ else NotImplemented

    def on_contains(self, func: Any, t: torch.Tensor, x: Any) -> Any:
        return self.recorder.decide((t.detach() == (x._tensor if type(x) is Scalar else x)).any())

    def on_equal(self, func: Any, a: torch.Tensor, b: torch.Tensor) -> Any:
        return a.shape == b.shape and self.recorder.decide((a.detach() == b.detach()).all())

    def on_allclose(self, func: Any, a: torch.Tensor, b: torch.Tensor, *rest: Any, **kwargs: Any) -> Any:
        return self.recorder.decide(torch.isclose(a.detach(), b.detach(), *rest, **kwargs).all())

    def on_format(self, func: Any, t: torch.Tensor, spec: str = "") -> str:
        return self.text(lambda: format(t.item() if t.dim() == 0 and not t.is_meta else t, spec))

    def on_repr(self, func: Any, t: torch.Tensor, *_: Any, **__: Any) -> str:
        return self.text(lambda: repr(t))

    def on_str(self, func: Any, t: torch.Tensor) -> str:
        return self.text(lambda: str(t))

    def text(self, f: Callable[[], str]) -> str:
        with self.recorder.silence(), torch.no_grad():
            return f()

    # shapes that depend on the data

    def lost(self, t: Any) -> bool:
        """Note that a shape that depends on the data is read."""
        if not isinstance(t, torch.Tensor) or not self.recorder.ragged(t):
            return False
        self.recorder.trace.ragged = self.recorder.trace.ragged or user_line()
        return True

    def shape(self, t: torch.Tensor) -> Any:
        n = self.count(t)
        return t.size() if n is None else (n, *t.size()[1:])

    def count(self, t: Any) -> Any:
        """The length of what a boolean index took, as a number that is followed; None of other tensors."""
        r = self.recorder
        if not isinstance(t, torch.Tensor) or not r.ragged(t):
            return None
        with r.silence():
            rows = r.counts.get(t.untyped_storage()._cdata)
            known = rows is not None and t.storage_offset() == 0 and t.is_contiguous()
        if not known:
            self.lost(t)
            return None
        return Scalar.leave(r, rows)  # type: ignore[arg-type]

    def on_size(self, func: Any, t: torch.Tensor, dim: Any = None) -> Any:
        n = self.count(t)
        if n is None or (dim is not None and dim % t.dim() != 0):
            return NotImplemented
        return (n, *t.shape[1:]) if dim is None else n

    def on_len(self, func: Any, t: torch.Tensor) -> Any:
        n = self.count(t)
        return NotImplemented if n is None else int(n)

    def on_numel(self, func: Any, t: torch.Tensor) -> Any:
        n = self.count(t)
        return NotImplemented if n is None else n * math.prod(t.size()[1:])

    on_nelement = on_numel

    def on_iter(self, func: Any, t: torch.Tensor) -> Any:
        self.lost(t)
        return NotImplemented

    on_nbytes = on_iter

    # boolean indices

    def on_getitem(self, func: Any, t: torch.Tensor, index: Any) -> Any:
        r, parts = self.recorder, list(index) if isinstance(index, tuple) else [index]
        parts = self.ints(parts)
        masks = [p for p in parts if isinstance(p, torch.Tensor) and p.dtype in (torch.bool, torch.uint8)]
        if not masks:
            return func(t, tuple(parts) if isinstance(index, tuple) else parts[0])
        if r.split:
            decided = [r.decided_mask(p) if any(p is m for m in masks) else p for p in parts]
            with r.silence():
                plain = [q for p in decided for q in (p.nonzero(as_tuple=True) if _mask(p) else [p])]
            return func(t, tuple(plain))
        out = func(t, tuple(parts))
        if len(parts) == 1:
            self.note(out, masks[0])
        return out

    def note(self, out: torch.Tensor, mask: torch.Tensor) -> None:
        rows = (mask.detach() != 0).sum()
        with self.recorder.silence():
            self.recorder.counts[out.untyped_storage()._cdata] = rows

    def on_setitem(self, func: Any, t: torch.Tensor, index: Any, value: Any) -> Any:
        r, parts = self.recorder, self.ints(list(index) if isinstance(index, tuple) else [index])
        single = type(value) is Scalar or not isinstance(value, torch.Tensor) or value.dim() == 0
        if r.split and not single and any(_mask(p) for p in parts):
            decided = [r.decided_mask(p) if _mask(p) else p for p in parts]
            with r.silence():
                parts = [q for p in decided for q in (p.nonzero(as_tuple=True) if _mask(p) else [p])]
        plain = value._tensor if type(value) is Scalar else value
        return func(t, tuple(parts) if isinstance(index, tuple) or len(parts) > 1 else parts[0], plain)

    def on_masked_select(self, func: Any, t: torch.Tensor, mask: torch.Tensor) -> Any:
        t, mask = torch.broadcast_tensors(t, mask)
        return self.on_getitem(torch.Tensor.__getitem__, t, mask)

    def on_nonzero(self, func: Any, t: torch.Tensor, as_tuple: bool = False) -> Any:
        if not self.recorder.split:
            return NotImplemented
        decided = self.recorder.decided_mask(t.detach() != 0)
        with self.recorder.silence():
            return decided.nonzero(as_tuple=as_tuple)

    def on_argwhere(self, func: Any, t: torch.Tensor) -> Any:
        return self.on_nonzero(func, t)

    def on_where(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and self.recorder.split:
            return self.on_nonzero(func, args[0], True)
        return NotImplemented

    # constructors that take numbers

    def on_tensor(self, func: Any, data: Any, dtype: Any = None, **kwargs: Any) -> Any:
        if not any(_leaves(lambda x: type(x) is Scalar or isinstance(x, torch.Tensor), data)):
            return NotImplemented
        out = self.stacked(data, dtype)
        return out.requires_grad_() if kwargs.get("requires_grad") else out

    def on_as_tensor(self, func: Any, data: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return NotImplemented if isinstance(data, torch.Tensor) else self.on_tensor(func, data, dtype)

    def on_new_tensor(self, func: Any, t: torch.Tensor, data: Any, dtype: Any = None, **_: Any) -> Any:
        return self.on_tensor(func, data, dtype or t.dtype)

    def stacked(self, x: Any, dtype: Any = None) -> torch.Tensor:
        if isinstance(x, (list, tuple)):
            parts = [self.stacked(y) for y in x]
            kinds = [p.dtype for p in parts]
            wide = kinds[0]
            for k in kinds[1:]:
                wide = torch.promote_types(wide, k)
            out = torch.stack([p.to(wide) for p in parts])
        elif isinstance(x, torch.Tensor):
            return x.detach().clone().to(dtype or x.dtype)
        else:
            t = x._tensor if type(x) is Scalar else torch.as_tensor(x)
            out = t.to(torch.get_default_dtype()) if t.is_floating_point() else t.clone()
        return out.to(dtype) if dtype else out

    def on_full(self, func: Any, size: Any, fill_value: Any, **kwargs: Any) -> Any:
        size = self.ints(size)
        if type(fill_value) is not Scalar and not isinstance(fill_value, torch.Tensor):
            return func(size, fill_value, **kwargs)
        return self.stacked(fill_value, kwargs.get("dtype")).expand(size).clone()

    def on_full_like(self, func: Any, t: torch.Tensor, fill_value: Any, **kwargs: Any) -> Any:
        if type(fill_value) is not Scalar and not isinstance(fill_value, torch.Tensor):
            return NotImplemented
        return self.stacked(fill_value, kwargs.get("dtype") or t.dtype).expand(t.shape).clone()

    def on_sized(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        return func(*self.ints(args), **self.ints(kwargs))

    on_arange = on_zeros = on_ones = on_empty = on_rand = on_randn = on_eye = on_linspace = on_sized
    on_view = on_reshape = on_expand = on_repeat = on_narrow = on_split = on_topk = on_roll = on_select = on_sized


def _mask(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.dtype in (torch.bool, torch.uint8)


def _leaves(f: Callable[[Any], bool], x: Any) -> Iterator[bool]:
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        for y in x:
            yield from _leaves(f, y)
    else:
        yield f(x)
