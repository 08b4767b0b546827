"""Table 1 of arXiv 2601.05002 as closed forms, to be held against autograd on the losses of this folder.

Written from the table and not from the losses: this module imports the losses, but none of their helpers.
Shapes: everything is (G, T), except rewards (G,) and the advantages A (G, 1) of Eq. 2.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from numerics.objectives.cispo import cispo
from numerics.objectives.common import Objective
from numerics.objectives.cppo import cppo
from numerics.objectives.dapo import dapo
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.gcpo import gcpo
from numerics.objectives.gpg import gpg
from numerics.objectives.grpo import grpo
from numerics.objectives.grpo_v32 import grpo_v32
from numerics.objectives.gspo_table1 import gspo_table1
from numerics.objectives.gtpo import gtpo

Inputs = Mapping[str, Any]


class X(SimpleNamespace):
    """What a closed form may read: the inputs, and every parameter of the row's loss."""

    logp: Tensor
    old_logp: Tensor
    ref_logp: Tensor
    mask: Tensor
    entropy: Tensor
    rewards: Tensor
    A: Tensor
    tokens: Tensor | None
    token_mask: Tensor | None
    epsilon_low: float
    epsilon_up: float
    ddof: int
    sigma_eps: float
    delta: float
    gamma: float
    alpha_hat: float
    normalise: bool
    conflict_weight: float
    entropy_threshold: float


ClosedForm = Callable[[X], Tensor]


@dataclass(frozen=True)
class Row:
    """One method: its loss, the columns α and s as printed, and the gradient that its loss really has."""

    method: str
    loss: Objective
    alpha_form: ClosedForm
    s_form: ClosedForm
    weight_form: ClosedForm
    clips: bool  # whether the min and clip of Eq. 1 act on s
    regulariser: str | None = None
    regulariser_form: ClosedForm | None = None

    def alpha(self, inputs: Inputs) -> Tensor:
        """α_{i,t} as printed, (G, T), 0 at padding."""
        return self._evaluate(self.alpha_form, inputs)

    def s(self, inputs: Inputs) -> Tensor:
        """s_{i,t} as printed, (G, T), 0 at padding."""
        return self._evaluate(self.s_form, inputs)

    def weight(self, inputs: Inputs | X) -> Tensor:
        """ω_{i,t}, (G, T), of the loss as it is: unclipped, ∇J_ADV = Σ A_i ω_{i,t} ∇log π_{i,t}.

        It is α s, as Eq. 18 says, in seven rows; but α in GPG, α clip(I) in CISPO and α |o_i| s in GCPO.
        """
        return self._evaluate(self.weight_form, inputs)

    def clip_bounds(self, inputs: Inputs | X) -> tuple[float, float] | None:
        """(1 - ε_low, 1 + ε_up) between which min and clip leave s alone; None where they do not act on s."""
        x = self._read(inputs)
        return (1 - x.epsilon_low, 1 + x.epsilon_up) if self.clips else None

    def clipped(self, inputs: Inputs | X) -> Tensor:
        """R_clip of Eq. 28, (G, T) bool: where s has left the bounds on the side that A_i favours."""
        x = self._read(inputs)
        bounds = self.clip_bounds(x)
        if bounds is None:
            return torch.zeros_like(x.logp, dtype=torch.bool)
        s = self.s_form(x)
        return (x.mask > 0) & (((s > bounds[1]) & (x.A > 0)) | ((s < bounds[0]) & (x.A < 0)))

    def advantage_gradient(self, inputs: Inputs | X) -> Tensor:
        """∂J_ADV/∂log π_{i,t} with the clip, (G, T): A_i ω_{i,t} outside R_clip, 0 inside."""
        x = self._read(inputs)
        return x.A * self.weight(x) * ~self.clipped(x)

    def regulariser_gradient(self, inputs: Inputs | X) -> Tensor:
        """∂R/∂log π_{i,t}, (G, T), without β; 0 for a row without R."""
        if self.regulariser_form is None:
            return torch.zeros_like(self._read(inputs).logp)
        return self._evaluate(self.regulariser_form, inputs)

    def gradient(self, inputs: Inputs) -> Tensor:
        """∂J/∂log π_{i,t} = -∂loss/∂logp_{i,t}, (G, T): both parts."""
        x = self._read(inputs)
        return self.advantage_gradient(x) - getattr(x, "beta", 0.0) * self.regulariser_gradient(x)

    def _evaluate(self, form: ClosedForm, inputs: Inputs | X) -> Tensor:
        x = self._read(inputs)
        return form(x).expand_as(x.logp) * x.mask

    def _read(self, inputs: Inputs | X) -> X:
        if isinstance(inputs, X):
            return inputs
        given = {n: default for n, default in self._defaults.items() if default is not inspect.Parameter.empty} | dict(inputs)
        x = {n: v.detach() if isinstance(v, Tensor) else v for n, v in given.items()}
        x["A"] = x["advantages"] if "advantages" in self._defaults else (x["rewards"] - x["rewards"].mean())[:, None]
        return X(**x)

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {n: p.default for n, p in inspect.signature(self.loss).parameters.items()}


def _g(x: X) -> int:
    return x.mask.shape[0]


def _len(x: X) -> Tensor:
    return x.mask.sum(dim=1, keepdim=True).clamp(min=1)


def _total(x: X) -> float:
    return max(1.0, float(x.mask.sum()))


def _sigma(x: X) -> Tensor:
    deviation = x.rewards - x.rewards.mean()
    return (deviation.square().sum() / (len(x.rewards) - x.ddof)).sqrt() + x.sigma_eps


def _ratio(x: X) -> Tensor:
    return x.logp.exp() / x.old_logp.exp()


def _sequence_ratio(x: X) -> Tensor:
    return torch.where(x.mask > 0, _ratio(x), 1.0).prod(dim=1, keepdim=True)


def _alpha_s(x: X) -> Tensor:
    return 1 / (_g(x) * _len(x) * _sigma(x))


def _sequence_mask(x: X) -> Tensor:
    drift = (x.old_logp - x.logp).mul(x.mask).sum(dim=1, keepdim=True) / _len(x)
    return 1 - ((x.A < 0) & (drift > x.delta)).to(x.logp.dtype)


def _mean_entropy(x: X) -> Tensor:
    return x.entropy.mul(x.mask).sum(dim=1, keepdim=True) / _len(x)


def _delta_lambda(x: X) -> Tensor:
    """δ_i λ_{i,t} of GTPO, position by position and completion by completion."""
    out = (_mean_entropy(x) <= x.entropy_threshold).to(x.logp.dtype).repeat(1, x.logp.shape[1])
    tokens = [] if x.tokens is None else x.tokens.T.tolist()
    mask, A = x.mask.T.tolist(), x.A[:, 0].tolist()
    for t, column in enumerate(tokens):
        live = [i for i in range(_g(x)) if mask[t][i] > 0]
        positive = {column[i] for i in live if A[i] > 0}
        conflicts = positive & {column[i] for i in live if A[i] < 0}
        for i in live:
            if column[i] in conflicts and A[i] != 0:
                out[i, t] *= x.conflict_weight if A[i] > 0 else 0.0
    return out


def _grad_kl(x: X) -> Tensor:
    """∂D_KL/∂log π_θ = 1 - π_ref/π_θ."""
    return 1 - x.ref_logp.exp() / x.logp.exp()


def _grad_weighted_kl(x: X) -> Tensor:
    """∂(I D_KL)/∂log π_θ = I (D_KL + 1 - π_ref/π_θ) = I log(π_θ/π_ref)."""
    return _ratio(x) * (x.logp - x.ref_logp)


def _cispo_alpha(x: X) -> Tensor:
    return (torch.ones_like(x.logp) if x.token_mask is None else x.token_mask) / (_sigma(x) * _total(x))


def _gpg_alpha(x: X) -> Tensor:
    return x.alpha_hat / ((_sigma(x) if x.normalise else torch.ones_like(x.logp)) * _total(x))


def _in_ratio(alpha: ClosedForm) -> tuple[ClosedForm, ClosedForm, ClosedForm, bool]:
    """The row of a method with s = I: ω = α I, and the clip acts."""
    return alpha, _ratio, lambda x: alpha(x) * _ratio(x), True


def _mean_kl(x: X) -> Tensor:
    return _grad_kl(x) / (_g(x) * _len(x))


_GTPO_R = "(1/G) sum_i (delta_i <H>_i/|o_i|) sum_t I lambda_it"

TABLE1: dict[str, Row] = {
    "grpo_r1": Row("GRPO R1", grpo, *_in_ratio(_alpha_s), "D_KL", _mean_kl),
    "grpo_v32": Row(
        "GRPO v3.2",
        grpo_v32,
        *_in_ratio(lambda x: _sequence_mask(x) / (_g(x) * _len(x))),
        "I D_KL",
        lambda x: _grad_weighted_kl(x) / (_g(x) * _len(x)),
    ),
    "gspo": Row("GSPO", gspo_table1, _alpha_s, _sequence_ratio, lambda x: _alpha_s(x) * _sequence_ratio(x), True),
    "gtpo": Row(
        "GTPO",
        gtpo,
        *_in_ratio(lambda x: _delta_lambda(x) / (_g(x) * _len(x))),
        _GTPO_R,
        lambda x: _mean_entropy(x) * _delta_lambda(x) * _ratio(x) / (_g(x) * _len(x)),
    ),
    "dapo": Row("DAPO", dapo, *_in_ratio(lambda x: 1 / (_sigma(x) * _total(x)))),
    "cppo": Row("CPPO", cppo, *_in_ratio(lambda x: _alpha_s(x) * (x.A.abs() > x.gamma)), "D_KL", _mean_kl),
    "dr_grpo": Row(
        "Dr. GRPO",
        dr_grpo,
        *_in_ratio(lambda x: torch.ones_like(x.logp) / _g(x)),
        "D_KL",
        lambda x: _grad_kl(x) / _g(x),
    ),
    "gpg": Row("GPG", gpg, _gpg_alpha, lambda x: x.logp, _gpg_alpha, False),
    "cispo": Row(
        "CISPO",
        cispo,
        _cispo_alpha,
        lambda x: _ratio(x) * x.logp,
        lambda x: _cispo_alpha(x) * _ratio(x).clamp(1 - x.epsilon_low, 1 + x.epsilon_up),
        False,
    ),
    "gcpo": Row(
        "GCPO",
        gcpo,
        lambda x: 1 / (_sigma(x) * _g(x)),
        _sequence_ratio,
        lambda x: _len(x) / (_sigma(x) * _g(x)) * _sequence_ratio(x),
        True,
    ),
}
