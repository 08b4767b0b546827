"""How an objective is called: it names what it needs as parameters, in any order, as pytest fixtures do."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor

from numerics.groups import Group
from numerics.policies import Policy

Objective = Callable[..., Tensor]
"""Returns a scalar loss to be minimised."""

ALIASES = {
    "logp": ("logprobs", "log_probs", "log_prob", "per_token_logps", "policy_logprobs"),
    "old_logp": ("old_logprobs", "old_log_probs", "old_log_prob", "old_per_token_logps"),
    "ref_logp": ("ref_logprobs", "ref_log_probs", "ref_log_prob", "ref_per_token_logps"),
    "rewards": ("reward", "scores"),
    "advantages": ("advantage", "adv"),
    "mask": ("response_mask", "completion_mask", "action_mask", "loss_mask"),
    "entropy": ("entropies",),
    "masked": ("step_mask", "noise_mask"),
    "noise_level": ("mask_ratio",),
}
"""Canonical name of each input -> the other names under which an objective may ask for it."""

CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in (name, *aliases)}


def inputs_of(objective: Objective) -> dict[str, str]:
    """Parameter -> canonical name of what it asks for; parameters that keep their default are left out.

    Raises ValueError if a parameter is neither an input nor has a default, if an input is positional-only,
    or if none asks for `logp`.
    """
    name = _name(objective)
    inputs = {}
    for parameter in inspect.signature(objective).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name in CANONICAL:
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise ValueError(f"{name}: parameter {parameter.name!r} must not be positional-only")
            inputs[parameter.name] = CANONICAL[parameter.name]
        elif parameter.default is parameter.empty:
            known = ", ".join(ALIASES)
            raise ValueError(f"{name}: parameter {parameter.name!r} has no default and is none of {known}")
    if "logp" not in inputs.values():
        raise ValueError(f"{name}: no parameter asks for logp (or {', '.join(ALIASES['logp'])})")
    return inputs


def call_objective(objective: Objective, policy: Policy, group: Group, logp: Tensor | None = None) -> Tensor:
    """The scalar loss of the objective on the group, differentiable in the policy's parameters.

    `logp`: the policy's log-probabilities of the group, if they are at hand. `entropy` is the group's if it has one,
    else that of the policy, differentiable.
    Raises ValueError as `inputs_of` does, if the objective asks for a step of a diffusion, and if it does not return a
    scalar tensor.
    """
    return caller(objective)(policy, group, logp)


def caller(objective: Objective) -> Callable[[Policy, Group, Tensor | None], Tensor]:
    """`call_objective` for many calls: what the objective asks for is found out once."""
    inputs = inputs_of(objective)

    def call(policy: Policy, group: Group, logp: Tensor | None) -> Tensor:
        available: dict[str, Callable[[], Any]] = {
            "logp": lambda: policy.log_probs(group.tokens, group.mask) if logp is None else logp,
            "old_logp": lambda: group.old_logp,
            "ref_logp": lambda: group.ref_logp,
            "rewards": lambda: group.rewards,
            "advantages": lambda: group.advantages,
            "mask": lambda: group.mask,
            "entropy": lambda: policy.entropies(group.tokens, group.mask) if group.entropy is None else group.entropy,
        }
        if strange := sorted(set(inputs.values()) - set(available)):
            raise ValueError(f"{_name(objective)}: a policy that draws token by token has no {strange[0]}")
        given = {name: available[name]() for name in set(inputs.values())}
        loss = objective(**{parameter: given[name] for parameter, name in inputs.items()})
        if not isinstance(loss, Tensor) or loss.dim() != 0:
            got = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise ValueError(f"{_name(objective)}: must return a scalar tensor, returned {got}")
        return loss

    return call


def _name(objective: Objective) -> str:
    return getattr(objective, "__name__", repr(objective))
