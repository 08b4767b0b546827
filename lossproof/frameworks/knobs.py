"""Inert knobs: settings of a target that no input makes a difference for.

A knob is swept over a few sensible values, in a setting in which it is meant to act (a KL coefficient with the KL penalty on).
It is inert if neither the loss nor any gradient changes, or no advantage of an estimator: `proved` if the recorded operations
come down to the same formulas for all inputs of a shape, else `tested` on cases on and off policy, near and far from the clip
bounds; `unknown` if its process came to no answer.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from ..advantage.cases import fitting
from ..advantage.subject import Estimator
from ..auditor import decided
from ..decide import Finding
from ..meanings.exact import Exact
from ..operators import Poison
from ..properties import Property
from ..subject import BadTarget, Subject
from ..target import subject
from ..trace import TooManyPaths
from ..witness import Case, drawn, make
from ..world import ConcreteWorld, SymbolicWorld, term_of
from . import ADVANTAGE, TARGET, module, parsed

SHAPE = (2, 2)
PROMPTS = ((0, 0, 1, 1), (0, 0, 0, 0))  # whose completions an estimator is given: of two prompts, or of one
CASES = 24
VALUES: dict[str, tuple[Any, ...]] = {
    "epsilon_high": (0.28, 5.0), "delta": (1.5, 3.0), "off_policy_mask_threshold": (0.01, 0.5),
    "top_entropy_quantile": (0.2, 0.5), "dro_beta": (0.1, 1.0),
    "importance_sampling_level": ("sequence",), "max_completion_length": (7, 64), "loss_scale_factor": (7, 64),
    "loss_agg_mode": ("token-sum", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"),
    "kl_loss_type": ("k1", "abs", "k2", "k1+"), "loss_type": ("reinforce",), "rollout_is": ("token", None),
    "rollout_is_threshold": (0.5, 1.1), "entropy_coef": (0.1,), "entropy_coeff": (0.1,), "gradient_accumulation_steps": (2,),
    "micro_batches": (2,), "chunk_size": (2,), "beta": (0.04, 0.5), "clip_ratio_c": (1.1, 20.0),
    "kl_cov_ratio": (0.3, 0.6), "scale_rewards": ("batch", "none"), "gamma": (0.9, 0.5), "lam": (0.9, 0.5),
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
    """A knob of a target for which no input was found that tells its values apart. The scope of `unknown` is the reason."""

    target: str  # with what the knob needs to be meant
    knob: str
    values: tuple[Any, ...]
    verdict: str
    scope: str

    def as_json(self) -> dict[str, Any]:
        return {"knob": self.knob, "values": list(self.values), "verdict": self.verdict, "scope": self.scope}


def spelled(framework: str, name: str, setting: dict[str, Any]) -> str:
    inside = ",".join(f"{k}={v}" for k, v in setting.items())
    return f"{framework}:{name}" + (f"[{inside}]" if inside else "")


def values(knob: str, default: Any, now: Any) -> list[Any]:
    """A few sensible values besides the one that it has: the default is one."""
    if isinstance(default, bool):
        swept: tuple[Any, ...] = (not default,)
    else:
        swept = VALUES.get(knob, (default * 2, default / 2) if isinstance(default, float) and default else ())
    return [v for v in dict.fromkeys([*swept, default]) if v != now]


def meant(knob: str, name: str) -> bool:
    """Whether a knob is for this loss, as far as its name says."""
    owners = next((o for prefix, o in OWNERS.items() if knob.startswith(prefix)), None)
    return knob not in SELF and (owners is None or name in owners)


def inert(target: str) -> list[Inert]:
    """The knobs of a framework's loss that change neither its value nor its gradient, or of its estimator no advantage, each
    decided in a process of its own.

    A knob that carries the name of another loss is swept only if the target sets it; a value with which an estimator asks for
    other rewards is left out. Raises BadTarget.
    """
    match = TARGET.fullmatch(target)
    assert match is not None
    framework, name, asked = match["framework"], match["name"], subject(target)
    estimates = isinstance(asked, Estimator)
    known = module(framework).knobs(name.removesuffix(ADVANTAGE) if estimates else name, estimates)
    given = parsed(target, match["knobs"] or "", known)
    claims, swept = list[Property](), dict[str, tuple[str, tuple[Any, ...]]]()
    for knob, default in known.items():
        base = NEEDED.get((framework, name), {}) | SETTING.get(knob, {}) | given
        tried = values(knob, default, base.get(knob, default)) if knob in given or meant(knob, name) else []
        there = {v: s for v in tried if (s := possible(spelled(framework, name, base | {knob: v}))) is not None}
        others = {v: s for v, s in there.items() if s.columns == asked.columns}
        if others:
            plain = subject(spelled(framework, name, base))
            swept[knob] = plain.name, tuple(others)
            claims.append(Property(knob, "no input tells its values apart", decide=partial(told, plain, list(others.values()))))
    found = {f.id: f for f in decided(claims, asked, *SHAPE, jobs=2)}
    return [
        Inert(where, knob, tried, found[knob].verdict, found[knob].reason or found[knob].scope)
        for knob, (where, tried) in swept.items() if found[knob].verdict != "refuted"
    ]  # fmt: skip


def told(plain: Subject | Estimator, others: Sequence[Subject | Estimator], p: Property, *_: Any) -> Finding:
    """Whether the setting is one loss, or one estimator, at all values of a knob."""
    estimates = isinstance(plain, Estimator)
    shape, prompts = (f"N = {len(PROMPTS[0])}", ", of one prompt or two") if estimates else (f"G = {SHAPE[0]}", "")
    if any(differs(plain, other) for other in others):
        return Finding(p.id, "refuted", p.statement)
    if all(identical(plain, other) for other in others):
        return Finding(p.id, "proved", p.statement, f"all inputs at {shape}, T = {SHAPE[1]}{prompts}")
    return Finding(p.id, "tested", p.statement, f"{len(cases(plain))} cases{prompts}")


def possible(target: str) -> Subject | Estimator | None:
    """None for a value that the framework refuses."""
    try:
        return subject(target)
    except BadTarget:
        return None


def cases(s: Subject | Estimator) -> list[Case]:
    """CASES of four completions; of an estimator of several rewards, each with several second ones."""
    rng = random.Random(5)
    first = [make([1.0, 0.0, 2.0, 0.0], [3, 1, 2, 3], 3, r, 0.7, spread=0.3) for r in (1.0, 1.25, 0.7, 5.0, 0.05, 1e-3)]
    return list(fitting(s, [*first, *(drawn(4, 3, rng) for _ in range(CASES - len(first)))]))


def differs(a: Subject | Estimator, b: Subject | Estimator) -> bool:
    """Whether some case tells them apart: in the loss or its gradient, or in an advantage."""
    return any(
        not torch.allclose(x, y, rtol=1e-9, atol=1e-12)
        for case in cases(a) for x, y in zip(run(a, case), run(b, case), strict=True)
    )  # fmt: skip


def run(s: Subject | Estimator, case: Case) -> tuple[torch.Tensor, ...]:
    """Loss and gradient; of an estimator the advantages, (N,) to (N, T), by whose completions they are."""
    w = ConcreteWorld(s, case)
    x = w.free_reference(w.inputs())
    if isinstance(s, Estimator):
        tensors = {n: torch.as_tensor(np.array(a, dtype=float)) for n, a in x.arrays().items()}
        return tuple(s.values(tensors, group) for group in PROMPTS)
    return w._run(x)


def identical(a: Subject | Estimator, b: Subject | Estimator) -> bool:
    """Whether loss and gradient, or all advantages, are the same formulas of the same symbols."""
    try:
        x, y = formulas(a), formulas(b)
    except (TooManyPaths, NotImplementedError):
        return False
    return all(not isinstance(p, Poison) and p == q for p, q in zip(x, y, strict=True))


def formulas(s: Subject | Estimator) -> list[Any]:
    """What `run` gives, for all inputs of a shape. Raises NotImplementedError where the recording is not the function."""
    groups: Any = PROMPTS if isinstance(s, Estimator) else SHAPE[:1]
    if any(s.escapes(group, SHAPE[1]) or s.differs(group, SHAPE[1]) for group in groups):
        raise NotImplementedError
    w = SymbolicWorld(s, len(PROMPTS[0]) if isinstance(s, Estimator) else SHAPE[0], SHAPE[1])
    x = w.free_reference(w.inputs())
    arrays = {n: np.frompyfunc(term_of, 1, 1)(v) for n, v in x.arrays().items()}
    if isinstance(s, Estimator):
        return [p for group in PROMPTS for p in np.ravel(s.formulas(Exact(), arrays, group))]
    f = s.formula(Exact(), arrays)
    return [*np.ravel(f.loss), *np.ravel(f.gradient)]
