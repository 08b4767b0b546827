"""Inert knobs: settings of a target that no input makes a difference for.

A knob is swept over a few sensible values, in a setting in which it is meant to act (a KL coefficient with the KL penalty on).
It is inert if neither the loss nor any gradient changes: `proved` if the recorded operations come down to the same formulas for
all inputs of a shape, else `tested` on cases on and off policy, near and far from the clip bounds.
"""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..meanings.exact import Exact
from ..operators import Poison
from ..subject import BadTarget, Subject
from ..target import checked, function
from ..trace import TooManyPaths
from ..witness import drawn, make
from ..world import ConcreteWorld, SymbolicWorld, term_of
from . import module

SHAPE = (2, 2)
CASES = 24
VALUES: dict[str, tuple[Any, ...]] = {
    "epsilon_high": (0.28, 5.0), "delta": (1.5, 3.0), "off_policy_mask_threshold": (0.01, 0.5),
    "top_entropy_quantile": (0.2, 0.5), "dro_beta": (0.1, 1.0),
    "importance_sampling_level": ("sequence",), "max_completion_length": (7, 64), "loss_scale_factor": (7, 64),
    "loss_agg_mode": ("token-sum", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"),
    "kl_loss_type": ("k1", "abs", "k2", "k1+"), "loss_type": ("reinforce",), "rollout_is": ("token", None),
    "rollout_is_threshold": (0.5, 1.1), "entropy_coef": (0.1,), "entropy_coeff": (0.1,), "gradient_accumulation_steps": (2,),
    "micro_batches": (2,), "chunk_size": (2,), "beta": (0.04, 0.5), "clip_ratio_c": (1.1, 20.0),
    "kl_cov_ratio": (0.3, 0.6),
}  # fmt: skip
# What a knob needs to be meant: the KL penalty on, the estimate that it scales.
SETTING: dict[str, dict[str, Any]] = {
    "use_bias_correction_kl": {"beta": 0.04}, "kl_loss_coef": {"use_kl_loss": True}, "kl_loss_type": {"use_kl_loss": True},
    "loss_scale_factor": {"loss_agg_mode": "seq-mean-token-sum-norm"}, "rollout_is": {"loss_type": "reinforce"},
    "rollout_is_threshold": {"loss_type": "reinforce"}, "rollout_is_batch_normalize": {"loss_type": "reinforce"},
}  # fmt: skip
# Knobs that carry the name of the losses they are for.
OWNERS = {
    "sapo_": ("sapo",), "vespo_": ("vespo",), "tau_": ("sapo",), "clip_cov_": ("clip_cov",), "kl_cov_": ("kl_cov",),
    "ppo_kl_": ("kl_cov",), "dro_": ("dro",), "max_completion_length": ("dr_grpo",),
    "clip_ratio_c": ("vanilla", "dppo_tv", "dppo_kl", "bypass_mode"),
    "clip_ratio": ("vanilla", "dppo_tv", "dppo_kl", "gspo", "clip_cov", "geo_mean", "cispo", "bypass_mode"),
}  # fmt: skip
NEEDED: dict[tuple[str, str], dict[str, Any]] = {  # knobs without a default that works
    ("verl", "dro"): {"dro_beta": 0.1},
    ("liger", "dr_grpo"): {"max_completion_length": 3},
}
SELF = ("rollout_rs", "rollout_rs_threshold")  # not swept: they need each other's syntax
SPLITS = ("gradient_accumulation_steps", "micro_batches", "chunk_size")  # meant to change nothing


@dataclass(frozen=True)
class Inert:
    """A knob of a target that changes nothing: `verdict` is proved or tested."""

    target: str
    knob: str
    values: tuple[Any, ...]
    verdict: str
    scope: str


def spelled(framework: str, name: str, setting: dict[str, Any]) -> str:
    inside = ",".join(f"{k}={v}" for k, v in setting.items())
    return f"{framework}:{name}" + (f"[{inside}]" if inside else "")


def values(knob: str, default: Any) -> tuple[Any, ...]:
    """A few sensible values besides the default."""
    if knob in VALUES:
        return tuple(v for v in VALUES[knob] if v != default)
    if isinstance(default, bool):
        return (not default,)
    return (default * 2, default / 2) if isinstance(default, float) and default else ()


def meant(knob: str, name: str) -> bool:
    """Whether a knob is for this loss, as far as its name says."""
    owners = next((o for prefix, o in OWNERS.items() if knob.startswith(prefix)), None)
    return knob not in SELF and (owners is None or name in owners)


def inert(framework: str, name: str) -> list[Inert]:
    """The knobs of a loss that change neither its value nor its gradient. Raises BadTarget for what cannot be loaded."""
    out = []
    for knob, default in module(framework).knobs(name, False).items():
        swept = values(knob, default) if meant(knob, name) else ()
        base = NEEDED.get((framework, name), {}) | SETTING.get(knob, {})
        plain = subject(spelled(framework, name, {k: v for k, v in base.items() if k != knob or (framework, name) in NEEDED}))
        others = [s for v in swept if (s := possible(spelled(framework, name, base | {knob: v}))) is not None]
        if not others or any(differs(plain, other) for other in others):
            continue
        same = all(identical(plain, other) for other in others)
        G, T = SHAPE
        scope = f"all inputs at G = {G}, T = {T}" if same else f"{CASES} cases"
        out.append(Inert(plain.name, knob, swept, "proved" if same else "tested", scope))
    return out


def subject(target: str) -> Subject:
    return checked(target, function(target))


def possible(target: str) -> Subject | None:
    """None for a value that the framework refuses."""
    try:
        return subject(target)
    except BadTarget:
        return None


def differs(a: Subject, b: Subject) -> bool:
    """Whether some case tells them apart, in the value or in the gradient."""
    rng = random.Random(5)
    cases = [make([1.0, 0.0, 2.0, 0.0], [3, 1, 2, 3], 3, s, 0.7, spread=0.3) for s in (1.0, 1.25, 0.7, 5.0, 0.05, 1e-3)]
    for case in [*cases, *(drawn(4, 3, rng) for _ in range(CASES - len(cases)))]:
        (loss, g), (other, h) = (run(s, case) for s in (a, b))
        if not (torch.allclose(loss, other, rtol=1e-9, atol=1e-12) and torch.allclose(g, h, rtol=1e-9, atol=1e-12)):
            return True
    return False


def run(s: Subject, case: Any) -> tuple[torch.Tensor, torch.Tensor]:
    w = ConcreteWorld(s, case)
    return w._run(w.free_reference(w.inputs()))


def identical(a: Subject, b: Subject) -> bool:
    """Whether loss and gradient are the same formulas of the same symbols."""
    try:
        formulas = []
        for s in (a, b):
            if s.escapes(*SHAPE) or s.differs(*SHAPE):
                return False
            w = SymbolicWorld(s, *SHAPE)
            x = w.free_reference(w.inputs())
            arrays = {n: np.frompyfunc(term_of, 1, 1)(v) for n, v in x.arrays().items()}
            f = s.formula(Exact(), arrays)
            formulas.append([*np.ravel(f.loss), *np.ravel(f.gradient)])
    except (TooManyPaths, NotImplementedError):
        return False
    return all(not isinstance(x, Poison) and x == y for x, y in zip(*formulas, strict=True))
