"""Inner loops: μ recorded steps of a real `torch.optim` optimiser on one group; the recursions to expect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from numerics.calling import Objective, caller
from numerics.groups import Group
from numerics.policies import Policy, flatten

OptimizerFactory = Callable[[list[Tensor]], torch.optim.Optimizer]


def adamw(
    lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2
) -> OptimizerFactory:
    """`torch.optim.AdamW`, with PyTorch's defaults."""
    return lambda parameters: torch.optim.AdamW(parameters, lr, betas, eps, weight_decay)


def sgd(lr: float = 1e-3, momentum: float = 0.0) -> OptimizerFactory:
    """`torch.optim.SGD`, with PyTorch's defaults."""
    return lambda parameters: torch.optim.SGD(parameters, lr, momentum)


def rmsprop(lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8) -> OptimizerFactory:
    """`torch.optim.RMSprop`, with PyTorch's defaults."""
    return lambda parameters: torch.optim.RMSprop(parameters, lr, alpha, eps)


@dataclass(frozen=True)
class Step:
    """One optimiser step. P is the number of parameters, flattened in the policy's order.

    loss, ratios (G, T), clipped (G, T) bool and gradient (P,) of the loss are taken at `before` (P,), and the
    step leads to `after` (P,). The moments (P,) are those after the step, without bias correction: AdamW's
    exp_avg and exp_avg_sq, SGD's momentum buffer, RMSprop's square_avg; None where there is none.
    """

    loss: float
    ratios: Tensor
    clipped: Tensor
    gradient: Tensor
    before: Tensor
    after: Tensor
    first_moment: Tensor | None
    second_moment: Tensor | None

    @property
    def update(self) -> Tensor:
        """(P,): what the step added to the parameters."""
        return self.after - self.before


@dataclass(frozen=True)
class Trajectory:
    """The μ steps of an inner loop, then ratios (G, T) and clip state (G, T) where it ends."""

    steps: tuple[Step, ...]
    final_ratios: Tensor
    final_clipped: Tensor

    @property
    def parameters(self) -> Tensor:
        """(μ+1, P): the parameters, from the start to the end."""
        return torch.stack([self.steps[0].before, *(step.after for step in self.steps)])

    @property
    def ratios(self) -> Tensor:
        """(μ+1, G, T): the importance ratios at each of `parameters`."""
        return torch.stack([*(step.ratios for step in self.steps), self.final_ratios])

    @property
    def clipped(self) -> Tensor:
        """(μ+1, G, T) bool: the clip state at each of `parameters`."""
        return torch.stack([*(step.clipped for step in self.steps), self.final_clipped])


def inner_loop(
    policy: Policy,
    group: Group,
    objective: Objective,
    optimizer: OptimizerFactory,
    steps: int,
    clip: tuple[float, float] = (0.2, 0.2),
) -> Trajectory:
    """Trains `policy`, in place, for `steps` steps of a fresh optimiser on one group, and records each.

    The optimiser moves all parameters as one vector, which costs a tenth of the 28 tensors of a transformer and is the
    same for one that, like those above, treats each entry by itself. `clip` = (ε_low, ε_up) only defines the recorded
    clip state; the objective brings its own.
    Raises ValueError if `steps < 1`, if the loss does not depend on the policy, or as `call_objective` does.
    """
    if steps < 1:
        raise ValueError(f"an inner loop needs at least one step, got {steps}")
    parameters, loss_of = list(policy.parameters()), caller(objective)
    after = flatten(parameters)
    vector = after.clone()
    running, parts = optimizer([vector]), torch.split(vector, [parameter.numel() for parameter in parameters])
    record = []
    for _ in range(steps):
        logp = policy.log_probs(group.tokens, group.mask)
        loss = loss_of(policy, group, logp)
        if not loss.requires_grad:
            raise ValueError("the objective's loss does not depend on the policy, so there is no gradient to follow")
        vector.grad = flatten(torch.autograd.grad(loss, parameters, materialize_grads=True))
        running.step()
        with torch.no_grad():
            for parameter, part in zip(parameters, parts, strict=True):
                parameter.copy_(part.view_as(parameter))
        ratios = _ratios(logp.detach(), group)
        before, after = after, vector.clone()
        record.append(
            Step(
                loss=loss.item(),
                ratios=ratios,
                clipped=clip_state(ratios, group, clip),
                gradient=vector.grad,
                before=before,
                after=after,
                first_moment=_moment(running.state[vector], ("exp_avg", "momentum_buffer")),
                second_moment=_moment(running.state[vector], ("exp_avg_sq", "square_avg")),
            )
        )
    final_ratios = importance_ratios(policy, group)
    return Trajectory(tuple(record), final_ratios, clip_state(final_ratios, group, clip))


@torch.no_grad()
def importance_ratios(policy: Policy, group: Group) -> Tensor:
    """(G, T): π_θ/π_old of each token, 1 where masked."""
    return _ratios(policy.log_probs(group.tokens, group.mask), group)


def _ratios(logp: Tensor, group: Group) -> Tensor:
    return torch.where(group.mask != 0, (logp - group.old_logp).exp(), 1.0)


def clip_state(ratios: Tensor, group: Group, clip: tuple[float, float]) -> Tensor:
    """(G, T) bool: live tokens beyond the bound that their advantage favours.

    `clip` = (ε_low, ε_up). Source: `R_clip` of Eq. 28 of arXiv 2601.05002, with strict inequalities.
    """
    (low, up), advantages = clip, group.advantages
    risen = (advantages > 0) & (ratios > 1 + up)
    fallen = (advantages < 0) & (ratios < 1 - low)
    return (risen | fallen) & (group.mask != 0)


def _moment(state: Mapping[str, Tensor | None], names: Iterable[str]) -> Tensor | None:
    for name in names:
        if (buffer := state.get(name)) is not None:
            return buffer.clone()
    return None


class AdamState(NamedTuple):
    """One scalar parameter after an AdamW step: its value, its moments, and these with bias correction."""

    theta: float
    m: float
    v: float
    m_hat: float
    v_hat: float


def adam_reference(
    theta: float,
    gradients: Iterable[float],
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> list[AdamState]:
    """AdamW on one scalar: `θ_t = θ_{t-1} - ξ m̂/(√v̂+ε) - ξ λ θ_{t-1}`.

    Source: Appendix C of arXiv 2601.05002; Algorithm 2 of Loshchilov and Hutter, arXiv 1711.05101.
    Raises ZeroDivisionError if ε = 0 and all gradients so far are 0, where `torch.optim.AdamW` gives NaN.
    """
    beta1, beta2 = betas
    m = v = 0.0
    states = []
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - lr * m_hat / (sqrt(v_hat) + eps) - lr * weight_decay * theta
        states.append(AdamState(theta, m, v, m_hat, v_hat))
    return states


def sgd_reference(theta: float, gradients: Iterable[float], lr: float, momentum: float = 0.0) -> list[float]:
    """SGD on one scalar: `b_t = μ b_{t-1} + g_t`, `θ_t = θ_{t-1} - ξ b_t`; returns θ after each step."""
    buffer, thetas = 0.0, []
    for g in gradients:
        buffer = momentum * buffer + g
        theta = theta - lr * buffer
        thetas.append(theta)
    return thetas


def rmsprop_reference(theta: float, gradients: Iterable[float], lr: float, alpha: float, eps: float) -> list[float]:
    """RMSprop on one scalar: `v_t = a v_{t-1} + (1-a) g_t²`, `θ_t = θ_{t-1} - ξ g_t/(√v_t+ε)`; θ by step."""
    v, thetas = 0.0, []
    for g in gradients:
        v = alpha * v + (1 - alpha) * g * g
        theta = theta - lr * g / (sqrt(v) + eps)
        thetas.append(theta)
    return thetas
