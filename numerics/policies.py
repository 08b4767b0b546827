"""Softmax policies over completions: the interface, exact sums over all completions, the tabular policy.

Shapes: G completions of at most T tokens from a vocabulary of V. A completion ends with the end-of-sequence
token `eos`, or at length T with any token; its mask is 1 on its tokens (`eos` included) and 0 on the padding
to their right.
Log-probabilities and entropies are in nats, all floats are float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

MAX_COMPLETIONS = 200_000  # enumeration beyond this is refused: it would take minutes and gigabytes
MAX_NODES = 1_000_000  # rows of a tabular policy's parameter

RewardFn = Callable[[Tensor, Tensor], Tensor]
"""(tokens (G, T), mask (G, T)) -> rewards (G,)."""


class Completions(NamedTuple):
    """Completions, padded on the right: `tokens` (G, T) long, `mask` (G, T) float64."""

    tokens: Tensor
    mask: Tensor


class Policy(Protocol):
    """What the experiments need of a policy; a concrete one supplies `parameters` and `next_log_probs`."""

    vocabulary: int
    max_length: int
    eos: int

    def parameters(self) -> Iterable[Tensor]:
        """The tensors that an optimiser moves."""
        ...

    def next_log_probs(self, tokens: Tensor) -> Tensor:
        """(G, T) long -> (G, T, V): entry `[i, t]` is log π(· | tokens[i, :t]); arbitrary after an `eos`."""
        ...

    def log_probs(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(G, T), differentiable: log-probability of each sampled token, 0 where masked.

        Raises ValueError if `tokens` and `mask` are no completions of this policy.
        """
        tokens = _padded_with_eos(self, tokens, mask)
        chosen = self.next_log_probs(tokens).gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
        return torch.where(mask != 0, chosen, 0.0)

    def entropies(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(G, T), differentiable: entropy of the distribution that each token was drawn from, 0 where masked.

        Raises ValueError as `log_probs` does.
        """
        log_probs = self.next_log_probs(_padded_with_eos(self, tokens, mask))
        return torch.where(mask != 0, -(log_probs.exp() * log_probs).sum(-1), 0.0)

    @torch.no_grad()
    def sample(self, size: int, generator: torch.Generator) -> Completions:
        """Draws `size` independent completions. Raises ValueError if `size < 1`."""
        if size < 1:
            raise ValueError(f"a group needs at least one completion, got size = {size}")
        tokens = torch.full((size, self.max_length), self.eos)
        mask = torch.zeros(size, self.max_length, dtype=torch.float64)
        live = torch.ones(size, dtype=torch.bool)
        for t in range(self.max_length):
            probabilities = self.next_log_probs(tokens)[:, t].exp()
            drawn = torch.multinomial(probabilities, 1, generator=generator).squeeze(1)
            tokens[:, t] = drawn.where(live, self.eos)
            mask[:, t] = live
            live = live & (drawn != self.eos)
        return Completions(tokens, mask)

    def completions(self) -> Completions:
        """Every completion once. Raises ValueError if there are more than `MAX_COMPLETIONS`."""
        return enumerate_completions(self)


class TabularPolicy(Policy):
    """One independent softmax per node of the token tree; a node is a prefix without `eos`, shorter than T.

    `logits` (n_nodes, V) is copied and becomes the only parameter. Row 0 is the empty prefix; as in a heap,
    the children of row `n` are `n (V-1) + 1 + digit`, where `digit` numbers the tokens other than `eos`.
    Raises ValueError if V, T, `eos` or the shape of `logits` is out of range.
    """

    def __init__(self, logits: Tensor, max_length: int, eos: int = 0) -> None:
        vocabulary = logits.shape[-1]
        check_sizes(vocabulary, max_length, eos)
        expected = count_nodes(vocabulary, max_length), vocabulary
        if logits.shape != expected:
            raise ValueError(f"for length {max_length} logits must have shape {expected}, not {tuple(logits.shape)}")
        self.vocabulary, self.max_length, self.eos = vocabulary, max_length, eos
        self.logits = logits.detach().to(torch.float64).clone().requires_grad_()

    @classmethod
    def random(cls, vocabulary: int, max_length: int, seed: int, *, scale: float = 1.0, eos: int = 0) -> TabularPolicy:
        """Normal logits with standard deviation `scale`. Raises ValueError as the constructor does."""
        check_sizes(vocabulary, max_length, eos)
        generator = torch.Generator().manual_seed(seed)
        shape = count_nodes(vocabulary, max_length), vocabulary
        return cls(scale * torch.randn(shape, generator=generator, dtype=torch.float64), max_length, eos)

    def parameters(self) -> list[Tensor]:
        return [self.logits]

    def next_log_probs(self, tokens: Tensor) -> Tensor:
        # Behind an eos there is no node: any index in the table will do, since the value is masked.
        digits = (tokens - (tokens > self.eos).long()).clamp(max=self.vocabulary - 2)
        node = torch.zeros_like(tokens[:, 0])
        nodes = [node]
        for t in range(tokens.shape[1] - 1):
            node = node * (self.vocabulary - 1) + 1 + digits[:, t]
            nodes.append(node)
        return self.logits[torch.stack(nodes, dim=1)].log_softmax(-1)


def check_sizes(vocabulary: int, max_length: int, *token_ids: int) -> None:
    """Raises ValueError if V < 2, T < 1 or a token id is not in 0..V-1."""
    if vocabulary < 2:
        raise ValueError(f"a vocabulary needs eos and at least one more token, got size {vocabulary}")
    if max_length < 1:
        raise ValueError(f"a completion has at least one token, got max_length = {max_length}")
    if not all(0 <= token < vocabulary for token in token_ids):
        raise ValueError(f"token ids must be in 0..{vocabulary - 1}, got {token_ids}")


def count_nodes(vocabulary: int, max_length: int) -> int:
    """Prefixes without `eos` of length 0..T-1. Raises ValueError if there are more than `MAX_NODES`."""
    nodes = 0
    for length in range(max_length):
        nodes += (vocabulary - 1) ** length
        if nodes > MAX_NODES:
            raise ValueError(f"the tree of {vocabulary} tokens and length {max_length} has more than {MAX_NODES} nodes")
    return nodes


def enumerate_completions(policy: Policy) -> Completions:
    """Every completion of the policy once, shortest first: `tokens` (N, T), `mask` (N, T).

    Raises ValueError if N exceeds `MAX_COMPLETIONS`.
    """
    return Completions(*(x.clone() for x in _every_completion(policy.vocabulary, policy.max_length, policy.eos)))


@lru_cache(maxsize=16)
def _every_completion(vocabulary: int, longest: int, eos: int) -> Completions:
    words = [token for token in range(vocabulary) if token != eos]
    count = sum(len(words) ** n for n in range(longest + 1))
    if count > MAX_COMPLETIONS:
        raise ValueError(f"{count} completions are too many to enumerate, the limit is {MAX_COMPLETIONS}")
    ended = [(*prefix, eos) for n in range(longest) for prefix in product(words, repeat=n)]
    sequences = ended + list(product(words, repeat=longest))
    tokens = torch.tensor([sequence + (eos,) * (longest - len(sequence)) for sequence in sequences])
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return Completions(tokens, (torch.arange(longest) < lengths[:, None]).to(torch.float64))


def completion_probabilities(policy: Policy) -> Tensor:
    """(N,), differentiable: π(o) of each of `enumerate_completions`; they sum to 1 up to rounding."""
    return policy.log_probs(*enumerate_completions(policy)).sum(-1).exp()


def expected_reward(policy: Policy, reward_fn: RewardFn) -> Tensor:
    """Scalar, differentiable: Σ_o π(o) r(o) over every completion.

    Raises ValueError if `reward_fn` does not return one reward per completion.
    """
    completions = enumerate_completions(policy)
    return policy.log_probs(*completions).sum(-1).exp() @ rewards_of(reward_fn, completions)


def expected_reward_gradient(policy: Policy, reward_fn: RewardFn) -> Tensor:
    """(P,): exact gradient of `expected_reward` in the flattened parameters."""
    return flatten(torch.autograd.grad(expected_reward(policy, reward_fn), list(policy.parameters())))


def rewards_of(reward_fn: RewardFn, completions: Completions) -> Tensor:
    """(G,) float64, detached. Raises ValueError if `reward_fn` returns another shape."""
    rewards = reward_fn(*completions).detach().to(torch.float64)
    if rewards.shape != completions.tokens.shape[:1]:
        raise ValueError(
            f"the reward function must return shape ({len(completions.tokens)},), one reward per completion, "
            f"not {tuple(rewards.shape)}"
        )
    return rewards


@torch.no_grad()
def flatten(tensors: Iterable[Tensor]) -> Tensor:
    """(P,): a detached copy of all entries in one vector."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _padded_with_eos(policy: Policy, tokens: Tensor, mask: Tensor) -> Tensor:
    """The tokens with `eos` at masked positions, so that nothing put there can matter. Raises ValueError."""
    if tokens.dim() != 2 or tokens.shape != mask.shape or not 1 <= tokens.shape[1] <= policy.max_length:
        raise ValueError(
            f"tokens and mask must both have shape (G, T) with 1 <= T <= {policy.max_length}, "
            f"not {tuple(tokens.shape)} and {tuple(mask.shape)}"
        )
    live = mask != 0
    goes_on = live & (tokens != policy.eos)
    padded = tokens.where(live, policy.eos)
    if not torch.equal(mask, live.to(mask.dtype)) or (live[:, 1:] > live[:, :-1]).any():
        raise ValueError("the mask must be 1 on a completion's tokens and 0 on the padding to their right")
    if ((padded < 0) | (padded >= policy.vocabulary)).any():
        raise ValueError(f"token ids must be in 0..{policy.vocabulary - 1}")
    if (live[:, 1:] > goes_on[:, :-1]).any():
        raise ValueError(f"no token can follow the end-of-sequence token {policy.eos}")
    return padded
