"""Finds what a TARGET names: `file.py:function`, `package.module:function`, a framework's `trl:NAME`, or a built-in objective."""

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from numerics import advantages, objectives, pairs
from numerics.calling import ALIASES, inputs_of
from theory.plugins import BrokenPlugin

from . import frameworks
from .advantage.subject import ASKED, BESIDE, REWARDS, Estimator
from .batch import alone
from .subject import BadTarget, Subject, centred, estimate, example


def function(target: str, advantage: bool = False) -> Callable[..., Any]:
    """The function a target names; of a framework's loss and estimator of one name, the latter if `advantage`.

    Raises BadTarget with one sentence.
    """
    if frameworks.named(target):
        return frameworks.load(target, advantage)
    place, colon, name = target.rpartition(":")
    if not colon:
        if target in objectives.names():
            return _plugin(objectives.load, target)
        if target in advantages.names():
            return advantages.load(target)
        near = f"the objectives {', '.join(objectives.names())} and the estimators {', '.join(advantages.names())}"
        raise BadTarget(f"there is no built-in {target!r}; there are {near} (or give path/to/file.py:function)")
    module = _file(place) if place.endswith(".py") else _module(place)
    found = getattr(module, name, None)
    if not callable(found):
        there = [n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__]
        raise BadTarget(f"{place} has no function {name!r}; it defines {', '.join(there) or 'no function'}")
    return found


def _plugin(load: Callable[[str], Callable[..., Any]], name: str) -> Callable[..., Any]:
    try:
        return load(name)
    except BrokenPlugin as e:
        raise BadTarget(str(e)) from e


def _file(place: str) -> Any:
    path = Path(place)
    if not path.is_file():
        raise BadTarget(f"there is no file {place}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadTarget(f"{place} cannot be read as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except Exception as e:
        raise BadTarget(f"{place} cannot be imported: {_where(e)}") from e
    finally:
        sys.path.pop(0)
    return module


def _module(place: str) -> Any:
    try:
        return importlib.import_module(place)
    except Exception as e:
        raise BadTarget(f"the module {place} cannot be imported: {_where(e)}") from e


def _where(e: BaseException) -> str:
    """What went wrong and in which line of the user's code."""
    frames = [f for f in traceback.extract_tb(e.__traceback__) if "/torch/" not in f.filename and "importlib" not in f.filename]
    line = f" (line {frames[-1].lineno}: {frames[-1].line})" if frames and frames[-1].line else ""
    return f"{type(e).__name__}: {e}{line}"


def kind(f: Callable[..., Any]) -> str:
    """ "objective" or "advantage", by the parameters. Raises BadTarget for a function that is neither."""
    names = set(inspect.signature(f).parameters)
    if names & {"logp", *ALIASES["logp"], *pairs.CANONICAL}:
        return "objective"
    if names & REWARDS:
        return "advantage"
    raise BadTarget(
        f"{getattr(f, '__name__', f)} asks for neither logp nor rewards: an objective takes logp "
        f"(or {', '.join(ALIASES['logp'])}) and any of {', '.join(n for n in ALIASES if n != 'logp')}, "
        "or chosen_logp and rejected_logp; "
        "an advantage estimator takes rewards, or reward_components"
    )


def subject(target: Callable[..., Any] | str, advantage: Callable[..., Any] | str | None = None) -> Subject | Estimator:
    """What is audited: an objective, fed by an estimator where one is given, or an estimator. Raises BadTarget."""
    name = target if isinstance(target, str) else getattr(target, "__name__", "objective")
    f = function(target) if isinstance(target, str) else target
    if kind(f) == "advantage":
        if advantage is not None:
            raise BadTarget(f"{name} is an advantage estimator: --advantage goes with an objective")
        return estimator(name, f)
    if advantage is None:
        return checked(name, f)
    feeds = function(advantage, True) if isinstance(advantage, str) else advantage
    if kind(feeds) != "advantage":
        raise BadTarget(f"--advantage {advantage} takes logp: it is an objective, not an advantage estimator")
    parameters = inspect.signature(feeds).parameters.values()
    beside = [p.name for p in parameters if ASKED.get(p.name) in BESIDE and p.default is p.empty]
    if beside:
        raise BadTarget(
            f"--advantage {advantage} asks for {beside[0]}: an estimator that feeds an objective is given one reward per "
            "completion, the mask and the prompt ids"
        )
    found = checked(name, f, feeds)
    if found.takes("advantages"):
        found.fed_by = advantage if isinstance(advantage, str) else getattr(advantage, "__name__", "")
    return found


def objective(target: Callable[..., Any] | str, advantage: Callable[..., Any] | str | None = None) -> Subject:
    """The same where only an objective will do."""
    found = subject(target, advantage)
    if isinstance(found, Estimator):
        raise BadTarget(f"{found.name} is an advantage estimator, not an objective")
    return found


def estimator(name: str, f: Callable[..., Any]) -> Estimator:
    """An estimator that can be audited, after one call on ordinary rewards. Raises BadTarget."""
    asked = inspect.signature(f).parameters.values()
    strange = [p.name for p in asked if p.name not in ASKED and p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if strange:
        raise BadTarget(f"{name}: parameter {strange[0]!r} has no default and is none of {', '.join(ASKED)}")
    found = Estimator(name, f)
    if found.takes("rewards") and found.takes("reward_components"):
        raise BadTarget(f"{name} asks for rewards and for reward_components: it can have one of them")
    try:
        out = found.call((0, 0, 1, 1))(**found.ordinary(4, 3))
    except Exception as e:
        several = f", {found.columns[0]} to a completion" if found.columns else ""
        raise BadTarget(f"{name} raises on ordinary rewards{several}: {_where(e)}") from e
    if not isinstance(out, torch.Tensor) or tuple(out.shape) not in ((4,), (4, 1), (4, 3)):
        got = tuple(out.shape) if isinstance(out, torch.Tensor) else type(out).__name__
        raise BadTarget(f"{name} must return advantages of shape (G,), (G, 1) or (G, T), it returns {got}")
    return found


def checked(name: str, f: Callable[..., Any], estimator: Callable[..., Any] = centred) -> Subject:
    """A subject for a function, after one call on ordinary input."""
    known = ", ".join(pairs.ALIASES if pairs.asked(f) else ALIASES)
    try:
        f = alone(pairs.of_group(f))
        inputs = inputs_of(f)
    except ValueError as e:
        raise BadTarget(f"{e}; the names that are understood are {known} and their aliases") from e
    subject = Subject(name, f, estimator, inputs=inputs)
    x = example(4, 3)
    try:
        if estimator is not centred:
            estimate(estimator, x["rewards"], x["mask"])
        fresh = {n: x[n].clone().requires_grad_(n == "logp") for n in subject.names()}
        loss = subject.loss(**fresh)
    except Exception as e:
        raise BadTarget(f"{name} raises on ordinary input: {_where(e)}") from e
    if not isinstance(loss, torch.Tensor) or loss.dim() != 0:
        got = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else f"a {type(loss).__name__}"
        raise BadTarget(
            f"{name} must return a scalar loss (a tensor without dimensions), it returns {got}: reduce it with .sum() or .mean()"
        )
    if not torch.isfinite(loss):
        raise BadTarget(
            f"{name} returns {loss.item()} on ordinary input (log-probabilities about -0.6, rewards in 0..1, no padding)"
        )
    if not loss.requires_grad:
        raise BadTarget(
            f"{name} has no gradient with respect to {next(p for p, n in inputs.items() if n == 'logp')}: detached or unused"
        )
    return subject
