"""The calls through which numbers and shapes leave tensors, caught above autograd.

A boolean index has as many rows as the data say. Until that matters, what it gives is only marked (`Recorder.ragged`), and
its length is a number that is followed; `split` decides the mask entry by entry instead.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .leaving import Scalar, escaped_float
from .program import mapped
from .recorder import Recorder, user_line

COPIES = {"numpy", "__array__", "__dlpack__", "__deepcopy__", "__reduce_ex__", "storage", "untyped_storage",
          "_typed_storage", "data_ptr", "__getstate__"}  # fmt: skip
SHAPE = torch.Tensor.shape.__get__  # type: ignore[attr-defined]


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
        if name in COPIES and r.varies(args):
            r.escape(f"a copy of a tensor that is not followed ({name})")
        if func is SHAPE:
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

    def on_clamp(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """All bounds as tensors if one is: torch would read it as a number."""
        if not any(_leaves(lambda x: type(x) is Scalar, (args, kwargs))):
            return NotImplemented
        wide = mapped(lambda x: x._tensor if type(x) is Scalar else x, (args, kwargs))
        wide = mapped(lambda x: torch.as_tensor(x) if isinstance(x, (int, float)) else x, wide)
        return func(*wide[0], **wide[1])

    on_clip = on_clamp

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
        t, mask = torch.broadcast_tensors(t, mask)  # type: ignore[no-untyped-call]
        return self.on_getitem(torch.Tensor.__getitem__, t, mask)

    def on_nonzero(self, func: Any, t: torch.Tensor, as_tuple: bool = False) -> Any:
        if not self.recorder.split:
            return NotImplemented
        decided = self.recorder.decided_mask(t.detach() != 0)
        with self.recorder.silence():
            return decided.nonzero(as_tuple=True) if as_tuple else decided.nonzero()

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
