"""Losses and advantage estimators of installed training frameworks, as targets: `trl:dapo`, `verl:vanilla[clip_ratio_c=2]`.

One module per framework; each calls the framework's own installed code, never a copy. May import torch and, once a target asks
for it, the framework. A module has `PACKAGE`, `losses()`, `estimators()`, `knobs(name)`, `loss(name, knobs)`,
`estimator(name, knobs)`; the default of a knob is the framework's own.
"""

import ast
import importlib
import importlib.util
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..subject import BadTarget

PACKAGES = {"trl": "trl", "verl": "verl", "liger": "liger-kernel"}
IMPORTS = {"trl": "trl", "verl": "verl", "liger": "liger_kernel"}
TARGET = re.compile(r"(?P<framework>[a-z]+):(?P<name>[^\[\]]*)(?:\[(?P<knobs>.*)\])?")
ADVANTAGE = "-advantage"  # tells an estimator from a loss of the same name: verl:gpg-advantage


def named(target: str) -> bool:
    """Whether a target is a framework's."""
    return target.partition(":")[0] in PACKAGES


def installed() -> dict[str, str]:
    """Framework -> its version, of those that are there. Imports none of them."""
    out = {}
    for framework, package in PACKAGES.items():
        try:
            out[framework] = version(package)
        except PackageNotFoundError:
            continue
    return out


def module(framework: str) -> Any:
    """The module of a framework, which imports it. Raises BadTarget where it is not installed or does not import."""
    if importlib.util.find_spec(IMPORTS[framework]) is None:
        raise BadTarget(
            f"{framework}: targets need {PACKAGES[framework]}, which is not installed: pip install 'lossproof[{framework}]'"
        )
    try:
        return importlib.import_module(f"{__name__}.{framework}")
    except Exception as e:
        raise BadTarget(
            f"{PACKAGES[framework]} {installed().get(framework, '')} cannot be used ({type(e).__name__}: {e}); "
            f"the versions that are tested come with pip install 'lossproof[{framework}]'"
        ) from e


def load(target: str, advantage: bool = False) -> Callable[..., Any]:
    """The loss or the estimator that a target names; of one name, the estimator if `advantage`. Raises BadTarget."""
    match = TARGET.fullmatch(target)
    if match is None:
        raise BadTarget(f"{target!r} is not of the form FRAMEWORK:NAME or FRAMEWORK:NAME[KNOB=VALUE,...]")
    framework, name = match["framework"], match["name"]
    home = module(framework)
    plain = name.removesuffix(ADVANTAGE)
    estimates = plain in home.estimators() and (plain != name or advantage or name not in home.losses())
    if not estimates and name not in home.losses():
        raise BadTarget(
            f"{framework} has no {name!r}; its losses are {', '.join(home.losses())}, "
            f"its advantage estimators {', '.join(home.estimators()) or '(none)'}"
        )
    known = home.knobs(plain if estimates else name, estimates)
    given = parsed(target, match["knobs"] or "", known)
    try:
        made = (home.estimator if estimates else home.loss)(plain if estimates else name, known | given)
    except BadTarget:
        raise
    except Exception as e:
        raise BadTarget(f"{target}: {type(e).__name__}: {e}") from e
    made.__name__ = target
    return made


def parsed(target: str, text: str, known: dict[str, Any]) -> dict[str, Any]:
    """`beta=0.04,level=token` as values; a word that is no Python literal is a string. Raises BadTarget."""
    out: dict[str, Any] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (x.strip() for x in part.partition("="))
        if key not in known or not equals:
            wrong = f"{key!r} is no knob" if equals else f"{part!r} is not of the form knob=value"
            listed = ", ".join(f"{k}={v}" for k, v in known.items()) or "none"
            raise BadTarget(f"{target}: {wrong}; the knobs, with their defaults, are {listed}")
        out[key] = literal(value, known[key])
    return out


def literal(text: str, default: Any) -> Any:
    """A Python literal (also `true`, `null`), or the text itself; `none` is text where the default is text."""
    words = {"true": "True", "false": "False", "null": "None"} | ({} if isinstance(default, str) else {"none": "None"})
    try:
        return ast.literal_eval(words.get(text, text))
    except (ValueError, SyntaxError):
        return text


def targets(framework: str) -> list[str]:
    """Everything that a framework offers, by target: losses, then estimators."""
    home = module(framework)
    losses = [f"{framework}:{n}" for n in home.losses()]
    return losses + [f"{framework}:{n}{ADVANTAGE if n in home.losses() else ''}" for n in home.estimators()]
