"""Liger's chunked GRPO loss: `LigerFusedLinearGRPOLoss`, with the language-model head replaced by the identity.

Its stage from hidden states to log-probabilities (`chunk_forward`) passes log-probabilities through, and everything after it,
the chunks and the gradient that its own `autograd.Function` keeps included, is Liger's. Liger computes in float32 whatever
it is given; here its float32 is float64, so that rounding does not look like a property of the formula. `compiled=False`,
and no reference model where beta is 0, change no value.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from liger_kernel.chunked_loss import LigerFusedLinearGRPOLoss, fused_linear_ppo

from .calling import Double, asking

PACKAGE = "liger-kernel"
LOSSES = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]
FIXED = ("loss_type", "compiled", "use_ref_model", "temperature")  # temperature belongs to the head


def losses() -> list[str]:
    return list(LOSSES)


def estimators() -> list[str]:
    return []


def knobs(name: str, estimates: bool) -> dict[str, Any]:
    """Knob -> default, as the constructor declares it."""
    declared = inspect.signature(LigerFusedLinearGRPOLoss.__init__).parameters.values()
    return {p.name: p.default for p in declared if p.name != "self" and p.name not in FIXED}


@contextmanager
def identity_head() -> Iterator[None]:
    """Hidden states are log-probabilities, and single precision is double."""
    base = fused_linear_ppo.LigerFusedLinearPPOBase
    through = staticmethod(lambda hidden, *_, **__: hidden.squeeze(-1))
    with (
        patch.object(base, "chunk_forward", through),
        patch.object(fused_linear_ppo, "torch", Double()),
        patch.object(torch.Tensor, "float", torch.Tensor.double),
    ):
        yield


def loss(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    """The loss of one group, as a function of log-probabilities."""
    module = LigerFusedLinearGRPOLoss(loss_type=name, compiled=False, use_ref_model=chosen["beta"] != 0.0, **chosen)

    def compute(
        logp: torch.Tensor,
        old_logp: torch.Tensor,
        advantages: torch.Tensor,
        mask: torch.Tensor,
        ref_logp: torch.Tensor | None = None,
    ) -> torch.Tensor:
        ids, head = torch.zeros_like(mask, dtype=torch.long), torch.ones(1, 1, dtype=logp.dtype)
        with identity_head():
            value, _ = module(
                logp[..., None],
                head,
                ids,
                mask,
                advantages.squeeze(-1),
                ref_per_token_logps=ref_logp,
                old_per_token_logps=old_logp,
            )
        return value

    return asking(compute, ["logp", "old_logp", "advantages", "mask", *(["ref_logp"] if chosen["beta"] != 0.0 else [])])


def estimator(name: str, chosen: dict[str, Any]) -> Callable[..., torch.Tensor]:
    raise NotImplementedError("Liger has no advantage estimators")
