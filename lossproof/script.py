"""Plain PyTorch that anyone can paste: the inputs on which a property was evaluated, and what the function made of them."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from numerics import advantages, objectives, pairs

from .advantage.subject import Estimator
from .batch import filled
from .properties import Property
from .subject import Subject, centred
from .witness import Case
from .world import ConcreteWorld

MOST = 4  # calls that are printed: a property compares two or three
START = ["import torch"]
TENSOR = "t = lambda x: torch.tensor(x, dtype=torch.float64)"


def source(target: str, f: Callable[..., Any], called: str) -> str:
    """The line that binds `called` to the function a target names."""
    place, _, name = target.rpartition(":")
    if place.endswith(".py"):
        return f"import runpy\n{called} = runpy.run_path({place!r})[{name!r}]"
    for builtins in (objectives, advantages):
        if target in builtins.names() and builtins.load(target) is f:
            return f"from {f.__module__} import {f.__name__} as {called}"
    if place and inspect.isfunction(f) and f.__module__ == place:
        return f"from {place} import {name} as {called}"
    if place:
        return f"from lossproof.target import function\n{called} = function({target!r})"
    where = inspect.getsourcefile(f) if inspect.isfunction(f) else None
    return f"# {called} is your function {target}" + (f", in {where}" if where else "")


def of_objective(subject: Subject, p: Property, case: Case, scalars: dict[str, float]) -> str:
    """The calls of the loss that the property compares, each with its gradient."""
    world = ConcreteWorld(subject, case, scalars)
    run, calls = world._run, list[Any]()

    def spy(x: Any) -> Any:
        out = run(x)
        calls.append((x.arrays(), float(out[0]), out[1].numpy()))
        return out

    world._run = spy  # type: ignore[method-assign]
    assert p.claims is not None
    p.claims(world)
    lines = [*START, source(subject.name, getattr(subject.objective, "on_pairs", subject.objective), "loss")]
    fed = subject.takes("advantages") and subject.advantage is not centred
    if fed:
        lines.append(source(subject.fed_by, subject.advantage, "advantage"))
    lines.append(TENSOR)
    for n, (arrays, loss, g) in enumerate(calls[:MOST]):
        lines.append(f"\nlogp{n} = {tensor(arrays['logp'])}.requires_grad_()")
        if subject.paired:
            lines.append(f"mask{n} = {tensor(arrays['mask'])}")
            given = _pair(subject, arrays, n)
        else:
            given = [
                f"{q}=logp{n}" if name == "logp" else f"{q}={_input(name, arrays, n, fed)}" for q, name in subject.inputs.items()
            ]
        given += [f"{q}={number:g}" for q, number in filled(subject, arrays["mask"]).items()]
        if fed and "advantages" not in arrays:
            called = f"advantage({_given(Estimator('', subject.advantage), arrays, (0,) * len(arrays['rewards']))})"
            lines += [f"a{n} = {called}", f"a{n} = a{n}[:, None] if a{n}.dim() == 1 else a{n}"]
        lines += [f"loss{n} = loss({', '.join(given)})", f"g{n} = -torch.autograd.grad(loss{n}, logp{n})[0]"]
        lines.append(f"print(loss{n}.item(), g{n})  # {loss:.6g} and {literal(np.round(g, 6))}")
    return "\n".join(lines)


def _input(name: str, arrays: dict[str, Any], n: int, fed: bool) -> str:
    if name == "advantages" and name not in arrays:
        rewards = arrays["rewards"]
        return f"a{n}" if fed else tensor((rewards - rewards.mean())[:, None])
    return tensor(arrays[name])


def _pair(subject: Subject, arrays: dict[str, Any], n: int) -> list[str]:
    """The arguments of a loss on pairs: sums over the tokens of the chosen completions, and of the rejected ones."""
    P = len(arrays["logp"]) // 2
    given = []
    for parameter, name in pairs.asked(subject.objective.on_pairs).items():  # type: ignore[attr-defined]
        per_token = f"{tensor(arrays['ref_logp'])} * " if name.startswith("ref_") else f"logp{n} * "
        per_token = "" if name.endswith("length") else per_token
        given.append(f"{parameter}=({per_token}mask{n}).sum(1)[{f':{P}' if 'chosen' in name else f'{P}:{2 * P}'}]")
    return given


def of_estimator(subject: Estimator, p: Property, case: Case, scalars: dict[str, float]) -> str:
    """The calls of the estimator that the property compares."""
    world = ConcreteWorld(subject, case, scalars)
    calls: list[Any] = []

    class Spy(Estimator):
        def run(self, x: dict[str, Any], group: tuple[int, ...]) -> Any:
            out = super().run(x, group)
            calls.append((x, group, out.numpy()))
            return out

    world.subject = Spy(subject.name, subject.function)
    assert p.claims is not None
    p.claims(world)
    lines = [*START, source(subject.name, subject.function, "advantage"), TENSOR]
    for x, group, out in calls[:MOST]:
        lines.append(f"print(advantage({_given(subject, x, group)}))  # {literal(np.round(out, 6))}")
    return "\n".join(lines)


def _given(estimator: Estimator, x: dict[str, Any], group: tuple[int, ...]) -> str:
    ids = f"torch.tensor({list(group)})"
    return ", ".join(f"{q}={ids if a is group else tensor(a)}" for q, a in estimator.given(x, group).items())


def tensor(a: Any) -> str:
    return f"t({literal(a)})"


def literal(a: Any) -> str:
    return repr(np.asarray(a, dtype=float).tolist()).replace("nan", "float('nan')").replace("inf", "float('inf')")
