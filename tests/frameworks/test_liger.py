"""Liger's chunked loss, with the head taken out: the same as Liger's own path from logits, and knobs that do what they say."""

import pytest
import torch
from calls import call, same

pytestmark = pytest.mark.framework("liger")
LOSSES = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]


@pytest.mark.parametrize("name", LOSSES)
def test_the_identity_head_changes_nothing(name, x):
    """Against Liger's whole path: logits as hidden states, the head a unit matrix. It computes in single precision."""
    from liger_kernel.chunked_loss import LigerFusedLinearGRPOLoss

    x = {n: t.float() for n, t in x.items()}
    logits = torch.stack([x["logp"], torch.log1p(-x["logp"].exp())], -1).requires_grad_()  # two words, the first is sampled
    ids = torch.zeros(4, 3, dtype=torch.long)
    module = LigerFusedLinearGRPOLoss(loss_type=name, compiled=False, max_completion_length=3, chunk_size=2)
    loss, _ = module(
        logits,
        torch.eye(2),
        ids,
        x["mask"],
        x["advantages"][:, 0],
        ref_per_token_logps=x["ref_logp"],
        old_per_token_logps=x["old_logp"],
    )
    (g,) = torch.autograd.grad(loss, logits)
    ours, w = call(f"liger:{name}[max_completion_length=3,chunk_size=2]", {n: t.double() for n, t in x.items()})
    assert ours.dtype == torch.float64
    assert loss.item() == pytest.approx(ours.item(), rel=1e-4)
    assert torch.allclose(
        -g[..., 0].double(), w * (1 - x["logp"].double().exp()), rtol=1e-3, atol=1e-5
    )  # d log p / d logit = 1 - p


def test_defaults_are_the_constructors():
    from liger_kernel.chunked_loss import LigerFusedLinearGRPOLoss

    from lossproof.frameworks import liger

    module = LigerFusedLinearGRPOLoss()
    assert all(getattr(module, k) == v for k, v in liger.knobs("dapo", False).items())
    assert (module.beta, module.chunk_size) == (0.04, 1)


@pytest.mark.parametrize("name", [n for n in LOSSES if n != "dr_grpo"])
def test_chunks_change_nothing(name, x):
    for size in (2, 4):
        assert same(call(f"liger:{name}", x)[1], call(f"liger:{name}[chunk_size={size}]", x)[1])


@pytest.mark.framework("trl")
@pytest.mark.parametrize("name", [n for n in LOSSES if n != "luspo"])
def test_liger_is_trl_once_the_knobs_agree(name, x):
    ours = f"liger:{name}[max_completion_length=512,use_bias_correction_kl=True]"
    a, b = call(ours, x), call(f"trl:{name}[beta=0.04]", x)
    assert same(a[0], b[0], 1e-6) and same(a[1], b[1], 1e-6)  # TRL's SAPO temperatures are single precision


def test_double_precision_is_undone_afterwards(x):
    call("liger:grpo", x)
    assert torch.ones(1, dtype=torch.float64).float().dtype == torch.float32
    from liger_kernel.chunked_loss import fused_linear_ppo

    assert fused_linear_ppo.torch is torch
