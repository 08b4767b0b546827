"""A tiny decoder-only transformer with the interface of `Policy`: here all prefixes share the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from numerics.policies import Policy, check_sizes


class Block(nn.Module):
    """Pre-norm causal self-attention, then a GELU layer of four times the width; keeps (G, T, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        # No bias: softmax ignores the key's, so its gradient is rounding error, which Adam would scale up.
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.attention_out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, 4 * width)
        self.mlp_out = nn.Linear(4 * width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = hidden + self.attention_out(self._attention(self.attention_norm(hidden)))
        widened = functional.gelu(self.mlp_in(self.mlp_norm(hidden)))
        output: Tensor = hidden + self.mlp_out(widened)
        return output

    def _attention(self, hidden: Tensor) -> Tensor:
        split = self.query_key_value(hidden).unflatten(-1, (3, self.heads, -1))
        query, key, value = split.movedim(1, -2).unbind(1)  # each (G, heads, T, width / heads)
        attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return attended.movedim(1, -2).flatten(-2)


class TinyTransformer(nn.Module, Policy):
    """Two causal layers of width 32 with learned positions and no dropout, initialised from `seed`.

    Every completion is conditioned on a begin-of-sequence token followed by `prompt`, which are never scored.
    Raises ValueError if V, T, `eos` or a token of the prompt is out of range.
    """

    width = 32
    layers = 2
    heads = 4

    def __init__(self, vocabulary: int, max_length: int, seed: int, *, eos: int = 0, prompt: Sequence[int] = ()) -> None:
        super().__init__()
        check_sizes(vocabulary, max_length, eos, *prompt)
        self.vocabulary, self.max_length, self.eos = vocabulary, max_length, eos
        self.context = (vocabulary, *prompt)  # begin-of-sequence takes the first id past the vocabulary
        with torch.random.fork_rng(devices=[]):  # leave the caller's random state alone
            torch.default_generator.manual_seed(seed)  # torch.manual_seed also queues it for every kind of device
            self.token_embedding = nn.Embedding(vocabulary + 1, self.width)
            self.position_embedding = nn.Embedding(len(self.context) + max_length - 1, self.width)
            self.blocks = nn.Sequential(*[Block(self.width, self.heads) for _ in range(self.layers)])
            self.final_norm = nn.LayerNorm(self.width)
            self.head = nn.Linear(self.width, vocabulary)
        self.double()

    def next_log_probs(self, tokens: Tensor) -> Tensor:
        context = torch.tensor(self.context).expand(len(tokens), -1)
        inputs = torch.cat([context, tokens[:, :-1]], dim=1)
        hidden = self.token_embedding(inputs) + self.position_embedding.weight[: inputs.shape[1]]
        scored = self.blocks(hidden)[:, len(self.context) - 1 :]
        logits: Tensor = self.head(self.final_norm(scored))
        return logits.log_softmax(-1)
