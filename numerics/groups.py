"""A group: completions of one prompt with what an objective reads off them; and rewards for experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from numerics.policies import Completions, Policy, RewardFn, rewards_of


@dataclass(frozen=True)
class Group:
    """G completions of one prompt, padded to T tokens; everything is data, so nothing may require a gradient.

    tokens (G, T) long; mask (G, T), 1 on tokens; rewards (G,); old_logp and ref_logp (G, T), token log-probs
    under π_old and π_ref, in nats, 0 where masked. `entropy` (G, T) fixes the entropies that an objective is
    given; without it, an objective is given those of the current policy.
    Raises ValueError if a shape does not fit or a tensor requires a gradient.
    """

    tokens: Tensor
    mask: Tensor
    rewards: Tensor
    old_logp: Tensor
    ref_logp: Tensor
    entropy: Tensor | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            expected = self.tokens.shape[:1] if field.name == "rewards" else self.tokens.shape
            if value.shape != expected:
                raise ValueError(f"{field.name} must have shape {tuple(expected)}, not {tuple(value.shape)}")
            if value.requires_grad:
                raise ValueError(f"{field.name} is data of the group and must be detached")

    @property
    def lengths(self) -> Tensor:
        """(G,) long: tokens of each completion."""
        return (self.mask != 0).sum(-1)

    @property
    def advantages(self) -> Tensor:
        """(G, 1): group-centred rewards, Eq. 2 of arXiv 2601.05002."""
        return (self.rewards - self.rewards.mean()).unsqueeze(-1)


def score_group(policy: Policy, completions: Completions, reward_fn: RewardFn, reference: Policy | None = None) -> Group:
    """The group of given completions, `policy` being π_old and `reference` (by default the same) π_ref."""
    with torch.no_grad():
        old_logp = policy.log_probs(*completions)
        ref_logp = old_logp.clone() if reference is None else reference.log_probs(*completions)
    return Group(*completions, rewards_of(reward_fn, completions), old_logp, ref_logp)


def sample_group(
    policy: Policy,
    size: int,
    reward_fn: RewardFn,
    generator: torch.Generator,
    reference: Policy | None = None,
) -> Group:
    """`size` independent completions of `policy`, which becomes π_old. Raises ValueError if `size < 1`."""
    return score_group(policy, policy.sample(size, generator), reward_fn, reference)


def shared_prefix_group(
    policy: Policy,
    size: int,
    prefix: int,
    reward_fn: RewardFn,
    generator: torch.Generator,
    lengths: Sequence[int] | None = None,
    reference: Policy | None = None,
) -> Group:
    """Completions that share their first `prefix` tokens, not the next one, and have the given lengths.

    Each token is drawn from `policy` restricted to what the shape allows: no sample of `policy` itself.
    `lengths` defaults to `prefix+1 .. T` in turn.
    Raises ValueError if sizes are out of range or no such group exists.
    """
    longest = policy.max_length
    if size < 2 or not 1 <= prefix < longest:
        raise ValueError(f"need size >= 2 and 1 <= prefix < {longest}, got size {size} and prefix {prefix}")
    if lengths is None:
        lengths = [prefix + 1 + i % (longest - prefix) for i in range(size)]
    if len(lengths) != size or not all(prefix < n <= longest for n in lengths):
        raise ValueError(f"lengths must be {size} integers in {prefix + 1}..{longest}, got {list(lengths)}")
    ends = torch.tensor(lengths)
    tokens = torch.full((size, longest), policy.eos)
    for t in range(longest):
        allowed = _allowed_tokens(policy, ends, t)
        drawn = _draw(policy, tokens, t, allowed, generator)
        if t < prefix:
            drawn = drawn[0].expand(size)
        elif t == prefix and (drawn == drawn[0]).all():
            # A chance tie would make the shared prefix longer. All rows then allow the same tokens: the last
            # one, which is to differ, has another choice if any has one.
            allowed[:, drawn[0]] = False
            if not allowed.any():
                raise ValueError(f"completions of lengths {list(lengths)} cannot diverge in this vocabulary")
            drawn[-1:] = _draw(policy, tokens[-1:], t, allowed[-1:], generator)
        tokens[:, t] = drawn
    mask = (torch.arange(longest) < ends[:, None]).to(torch.float64)
    return score_group(policy, Completions(tokens, mask), reward_fn, reference)


def _allowed_tokens(policy: Policy, ends: Tensor, t: int) -> Tensor:
    """(G, V) bool: what may stand at position t of a completion that ends after `ends[i]` tokens."""
    is_eos = torch.arange(policy.vocabulary) == policy.eos
    may_stop = t >= ends - 1
    may_go_on = t < ends - (ends < policy.max_length).long()  # at full length the last token need not be eos
    return is_eos & may_stop[:, None] | ~is_eos & may_go_on[:, None]


@torch.no_grad()
def _draw(policy: Policy, tokens: Tensor, t: int, allowed: Tensor, generator: torch.Generator) -> Tensor:
    """(G,): position t drawn from the policy, restricted to the allowed tokens."""
    log_probs = policy.next_log_probs(tokens)[:, t].masked_fill(~allowed, -torch.inf)
    return torch.multinomial(log_probs.softmax(-1), 1, generator=generator).squeeze(1)


def first_token_reward(values: Sequence[float]) -> RewardFn:
    """Length-independent: `values[v]` for a completion that starts with token v, however it goes on."""
    table = torch.tensor(values, dtype=torch.float64)
    return lambda tokens, mask: table[tokens[:, 0]]


def target_token_reward(target: int) -> RewardFn:
    """1 if the target token stands anywhere in the completion, else 0; long completions have more chances."""
    return lambda tokens, mask: ((tokens == target) & (mask != 0)).any(-1).to(torch.float64)


def length_reward(slope: float = 1.0) -> RewardFn:
    """`slope` per token: longer is better, or shorter if the slope is negative."""
    return lambda tokens, mask: slope * (mask != 0).sum(-1).to(torch.float64)


def noise_reward(seed: int) -> RewardFn:
    """Standard normal noise that ignores the completion, drawn anew at each call from the seed's stream."""
    generator = torch.Generator().manual_seed(seed)
    return lambda tokens, mask: torch.randn(len(tokens), generator=generator, dtype=torch.float64)
