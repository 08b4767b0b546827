"""Numbers that leave tensors: what `.item()`, `.tolist()`, `float()`, `int()`, `len()` and branches give while recording.

`.item()` gives a `Scalar`, which goes on recording what is done with it. `bool()` of it is a decision, explored both ways;
`int()` is one decision per candidate. `float(x)` and `math.log(x)` can only return plain floats, so the first time a module
of the user does this, the run starts again with `float` and `math` of that module replaced by ones that keep the `Scalar`.
What is left (`"%f" % x`, `np.float64(x)`, pickles) is an `Escape`: no proof may rest on the trace. Only the text of a
number, `str(x)` or an f-string, is let through as it is on the recorded input: it is for people, and
`lossproof.reproduces` guards against a number that is read back from it.
"""

import builtins
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .program import mapped
from .recorder import Recorder, user_frame


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

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance(x, float) and its like see: the type that the number has without the recorder."""
        return bool if self._tensor.dtype == torch.bool else float if self._tensor.is_floating_point() else int

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
        return self // other, self % other

    def __pos__(self) -> "Scalar":
        return self

    def __hash__(self) -> int:
        whole = not self._tensor.is_floating_point() or self._recorder.peek(self._tensor) % 1 == 0
        return hash(self._recorder.integer(self._tensor)) if whole else hash(float(self))

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


_ARITHMETIC = "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg abs lt le gt ge eq ne"
for _name in _ARITHMETIC.split():
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
    if frame is not None and not isinstance(frame.f_globals.get("float"), _Float):
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
            t: Any = x._tensor if type(x) is Scalar else x
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
