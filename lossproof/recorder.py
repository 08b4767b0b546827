"""The dispatch-level recorder: sees every ATen operation of one run, and answers for numbers that leave tensors."""

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .program import Call, Escape, Place, Ref, TooManyPaths, Trace, mapped, refs_in

MAX_PATHS = 64
RAGGED = {"nonzero", "masked_select", "_unique2", "unique_consecutive", "unique_dim", "nonzero_static", "bincount"}
READS = {"_local_scalar_dense", "equal", "is_nonzero", "allclose"}
MOVES = {"resize_", "set_", "resize_as_"}
VALUELESS = {"ones_like", "zeros_like", "empty_like", "new_zeros", "new_ones", "new_empty"}  # they take a shape, no values
RANDOM = torch.Tag.nondeterministic_seeded
HERE, TORCH, PYTHON = (os.path.dirname(os.path.abspath(m)) + os.sep for m in (__file__, torch.__file__, os.__file__))


class Unfollowed(Exception):
    """A path on which a number left tensors that no decision accounts for; the path has no value."""


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records one path. With `split`, boolean indices are decided entry by entry instead of making shapes ragged."""

    def __init__(self, forced: Sequence[bool] = (), split: bool = False):
        super().__init__()  # type: ignore[no-untyped-call]
        self.trace, self.forced, self.split = Trace(), list(forced), split
        self.quiet = False
        self.counts: dict[int, torch.Tensor] = {}  # storage -> how many rows a boolean index took, as a tensor
        self.masks: dict[int, torch.Tensor] = {}
        self._refs: dict[Any, Ref] = {}
        self._storages: dict[int, tuple[int, Any, torch.dtype]] = {}  # address -> number, storage (kept alive), dtype
        self._ragged: dict[int, str] = {}  # storage -> the line of the user's file
        self._written: set[int] = set()
        self._varying: set[int] = set()  # storages with values that depend on the inputs, or are random
        self._made: dict[int, int] = {}  # ref -> the call that made it
        self._keys: dict[int, int] = {}
        self._numbers: dict[Any, int] = {}
        self._outcomes: dict[int, bool] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """torch would import its compiler (seconds) to keep it out of here; compiled functions run as written anyway."""
        return False

    # -- naming tensors ----------------------------------------------------------------------------------------------

    def input(self, name: str, t: torch.Tensor) -> None:
        with self.silence():
            self.trace.inputs[name] = self._name(t, self._storage(t)[0])
            self._varying.add(self.storage_of(self.trace.inputs[name]))

    def ref(self, t: torch.Tensor) -> Ref:
        """The tensor's number: memory that nothing wrote while recording is a constant from outside."""
        with self.silence():
            while torch._C._functorch.is_functorch_wrapped_tensor(t):
                t = torch._C._functorch.get_unwrapped(t)
            number, new = self._storage(t)
            if new:
                flat = torch.empty(0, dtype=t.dtype).set_(t.detach().untyped_storage())
                self.trace.constants[number] = flat.clone()
            return self._name(t, number)

    def _storage(self, t: torch.Tensor) -> tuple[int, bool]:
        storage = t.untyped_storage()
        known = self._storages.get(storage._cdata)
        if known is not None:
            if known[2] != t.dtype and t.numel():
                self.escape(f"memory of {known[2]} that is read as {t.dtype}")
            return known[0], False
        self.trace.dtypes.append(t.dtype)
        self._storages[storage._cdata] = (len(self._storages), storage, t.dtype)
        return len(self._storages) - 1, True

    def _name(self, t: torch.Tensor, storage: int) -> Ref:
        place = Place(storage, int(t.storage_offset()), tuple(t.shape), tuple(t.stride()))
        ref = self._refs.get(place)
        if ref is None:
            ref = self._refs[place] = Ref(len(self.trace.places))
            self.trace.places.append(place)
        return ref

    def storage_of(self, ref: Ref) -> int:
        return self.trace.places[ref.index].storage

    # -- recording ---------------------------------------------------------------------------------------------------

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.quiet:
            return func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if name in READS and self.varies(args) and not self._asks_for_nan(args[0]):
            self.escape(f"a number that torch reads from a tensor ({name})")
        if name in READS:
            return func(*args, **kwargs)
        if name in MOVES:
            self.escape(f"memory that {name} moves")
        seen = mapped(self._seen, (tuple(args), kwargs))
        reason = f"{name}: a random number at {user_line()}" if RANDOM in func.tags else ""
        boolean = name in ("index", "_unsafe_index") and any(i is not None and not _whole(i) for i in args[1])
        before = {r.index for r in refs_in(seen)}
        line = next((self._ragged[s] for r in refs_in(seen) if (s := self.storage_of(r)) in self._ragged), "")
        if (name in RAGGED or boolean) and self.varies(args[:1] if name == "bincount" else args[1] if boolean else args):
            line = user_line()
        varies = (self.varies((args, kwargs)) and name not in VALUELESS) or RANDOM in func.tags
        out = func(*args, **kwargs)
        results = out if isinstance(out, (list, tuple)) else (out,)
        outs = tuple(self._name(x, self._storage(x)[0]) if isinstance(x, torch.Tensor) else None for x in results)
        for ref in outs:
            if ref is not None and line:
                self._ragged.setdefault(self.storage_of(ref), line)
            if ref is not None and ref.index not in self._made and ref.index not in before:
                self._made[ref.index] = len(self.trace.calls)
        touched = {self.storage_of(r) for r in outs if r is not None}
        if func._schema.is_mutable:
            touched |= {self.storage_of(r) for r in written(func, *seen)}
            self._written |= touched
        if varies:
            self._varying |= touched
        if line and isinstance(out, list):  # as many tensors as the data say
            self.trace.ragged = self.trace.ragged or line
        reason = reason or (f"a shape that depends on the data at {line}" if line else "")
        self.trace.calls.append(Call(func, seen[0], seen[1], outs, reason))
        return out

    def _asks_for_nan(self, t: torch.Tensor) -> bool:
        """Whether a number is the outcome of isnan: no meaning has NaN, so it is what it is on the recorded input."""
        made = self._made.get(self.ref(t).index)
        return made is not None and self.trace.calls[made].func.overloadpacket.__name__ == "isnan"

    def finish(self, loss: Ref | None, gradient: Ref | None) -> None:
        """Note whether a shape that depends on the data reaches loss, gradient or a branch."""
        self.trace.loss, self.trace.gradient = loss, gradient
        results = [r for r in (loss, gradient, *(r for r, _, _ in self.trace.decisions)) if r is not None]
        lines = [self._ragged[s] for r in results if (s := self.storage_of(r)) in self._ragged]
        self.trace.ragged = self.trace.ragged or (lines[0] if lines else "")

    def ragged(self, t: torch.Tensor) -> str:
        """The line that made the tensor's shape depend on the data, '' where none did."""
        if not self._ragged:
            return ""
        with self.silence():
            return self._ragged.get(self._storage(t)[0], "")

    def varies(self, x: Any) -> bool:
        """Whether tensors in nested arguments depend on the inputs; the others are the same in every run."""
        with self.silence():
            return any(self.storage_of(r) in self._varying for r in refs_in(mapped(self._seen, x)))

    def _seen(self, x: Any) -> Any:
        return self.ref(x) if isinstance(x, torch.Tensor) else x

    # -- numbers that leave tensors ----------------------------------------------------------------------------------

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Run without recording."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before

    def peek(self, t: torch.Tensor) -> Any:
        """The recorded value, for people to read."""
        with self.silence(), torch._C.DisableTorchFunction():
            return t.detach().item()

    def escape(self, what: str) -> None:
        self.trace.escapes.append(Escape(what, user_line()))

    def decide(self, condition: torch.Tensor) -> bool:
        """The outcome of a branch on data: as before if asked before, else as forced, else as on the recorded input."""
        if not self.varies(condition):
            return bool(self.peek(condition))
        ref = self.ref(condition)
        key = self._key(ref)
        if key in self._outcomes:
            return self._outcomes[key]
        n = len(self.trace.decisions)
        if n >= 4 * MAX_PATHS:
            raise TooManyPaths(f"more than {n} branches on data, the last at {user_line()}")
        outcome = self.forced[n] if n < len(self.forced) else bool(self.peek(condition))
        self.trace.decisions.append((ref, outcome, user_line()))
        self._outcomes[key] = outcome
        return outcome

    def _key(self, ref: Ref) -> int:
        """A number that two tensors share only if they were computed in the same way from the same memory."""
        if self.storage_of(ref) in self._written:
            return self._number(object())
        if ref.index not in self._keys:
            made = self._made.get(ref.index)
            call = None if made is None else self.trace.calls[made]
            if call is None or call.poison:
                self._keys[ref.index] = self._number(("memory", ref.index))
            else:
                parts = mapped(lambda x: self._key(x) if isinstance(x, Ref) else repr(x), (call.args, call.kwargs))
                self._keys[ref.index] = self._number((str(call.func), repr(parts), call.outs.index(ref)))
        return self._keys[ref.index]

    def _number(self, structure: Any) -> int:
        return self._numbers.setdefault(structure, len(self._numbers))

    def integer(self, t: torch.Tensor) -> int:
        """An integer that Python needs (an index, a length): one decision per candidate, from 0 to the largest input."""
        sizes = [math.prod(self.trace.places[r.index].shape) for r in self.trace.inputs.values()]
        candidates = range(max(sizes, default=1) + 1)
        here = self.peek(t)
        ordered = sorted(candidates, key=lambda k: k != here)
        for k in ordered:
            if self.decide(t == k):
                return k
        raise Unfollowed(f"an integer outside 0..{len(candidates) - 1} at {user_line()}")

    def decided_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """A boolean mask as a constant: one decision per entry."""
        key = self._key(self.ref(mask))
        if key not in self.masks:
            flat = [self.decide(x != 0) for x in mask.detach().reshape(-1).clone().unbind(0)]
            with self.silence():
                self.masks[key] = torch.tensor(flat, dtype=torch.bool).reshape(mask.shape)
        return self.masks[key]


def written(func: Any, args: Any, kwargs: Any) -> list[Ref]:
    """The tensors that an operator writes to, by its schema."""
    out = []
    for n, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            out += refs_in(args[n] if n < len(args) else kwargs.get(argument.name))
    return out


def _whole(index: torch.Tensor) -> bool:
    return index.dtype not in (torch.bool, torch.uint8)


def is_user_file(name: str) -> bool:
    """Whether a file is neither torch's, nor this package's, nor the standard library's."""
    if name.startswith((HERE, TORCH, "<frozen", "<string>")):
        return False
    return not name.startswith(PYTHON) or "site-packages" in name


def user_frame() -> Any:
    """The innermost frame outside torch and this package, None if there is none."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if is_user_file(frame.f_code.co_filename):
            return frame
        frame = frame.f_back
    return None


def user_line() -> str:
    """Where the user's code is, as `file.py:12`."""
    frame = user_frame()
    return "an unknown line" if frame is None else f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
