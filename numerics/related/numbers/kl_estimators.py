"""A Comedy of Estimators: values and gradients of k1, k2, k3 for (.4, .3, .2, .1) against (.1, .2, .3, .4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch

from numerics.evidence.kl_estimator import kl
from numerics.evidence.related.kl_estimators import in_loss, in_reward
from numerics.objectives.regularisers import k2

from .row import Row

LOG_REF = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64).log()


def gradient(scalar: Callable[[torch.Tensor], torch.Tensor]) -> list[float]:
    """In the logits of π."""
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log().requires_grad_()
    out: list[float] = torch.autograd.grad(scalar(logits.log_softmax(0)), logits)[0].tolist()
    return out


def mean_k2(log_pi: torch.Tensor) -> torch.Tensor:
    return (log_pi.exp() * k2(log_pi, LOG_REF)).sum()


def to_reference(log_pi: torch.Tensor) -> torch.Tensor:
    return kl(log_pi, LOG_REF)


def values() -> list[float]:
    log_pi = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log()
    return [float(to_reference(log_pi)), float(mean_k2(log_pi))]


def placed(name: str, where: str, log_pi: torch.Tensor) -> torch.Tensor:
    parts = {"loss": in_loss, "reward": in_reward}
    return sum((part(log_pi, LOG_REF, name) for key, part in parts.items() if where in (key, "both")), torch.zeros(()))


def of(what: str, quoted: str, found: Callable[[], Sequence[float]], id: str, remark: str = "") -> Row:
    return Row("kl_estimators", what, tuple(quoted.split()), found, (f"kl_estimators.{id}",), remark=remark)


KL = ".3719 -.0153 -.1724 -.1843"
PLACES = {
    ("k1", "loss"): ("0 0 0 0", "k1.loss"),
    ("k1", "reward"): (KL, "k1.reward"),
    ("k2", "loss"): (KL, "k2.loss"),
    ("k2", "reward"): (".1757 -.1318 -.0879 .0439", "k2.reward.biased"),
    ("k2", "both"): (".5477 -.1471 -.2603 -.1403", "any_estimator"),
    ("k3", "loss"): (".3 .1 -.1 -.3", "k3.loss"),
    ("k3", "reward"): (".0719 -.1153 -.0724 .1157", "k3.reward"),
    ("k1", "both"): (KL, "any_estimator.repaired"),
    ("k3", "both"): (KL, "any_estimator.repaired"),
}
ROWS = [
    of("KL and E k2", ".45643 .52155", values, "value.k2"),
    of("∇KL", KL, lambda: gradient(to_reference), "k1.reward"),
    *(of(f"{name} in the {where}" if where != "both" else f"{name} in the loss and the reward", quoted,
         partial(lambda name, where: gradient(partial(placed, name, where)), name, where), id,
         remark="the formula ∇KL - (π - q) in the source" if (name, where) == ("k3", "reward") else "")
      for (name, where), (quoted, id) in PLACES.items()),
]  # fmt: skip
