"""What happened to advantages."""

import torch
from pairs import Pair


def together(group):
    """(N, N): 1 where two completions answer the same prompt."""
    return (group[:, None] == group[None, :]).to(torch.float64)


def group_mean(x, group):
    return together(group) @ x / together(group).sum(1)


def group_std(x, group):
    return (together(group) @ (x * x) / together(group).sum(1) - group_mean(x, group) ** 2).clamp(min=0).sqrt()


def without_parentheses(rewards):
    return rewards - rewards.mean() / (rewards.std() + 1e-6)


def with_parentheses(rewards):
    return (rewards - rewards.mean()) / (rewards.std() + 1e-6)


def rest(rewards):
    """Mean and standard deviation of the others, for each completion."""
    n = len(rewards) - 1
    mean = (rewards.sum() - rewards) / n
    variance = ((rewards**2).sum() - rewards**2) / n - mean**2
    return mean, variance.clamp(min=0).sqrt()


def divided_by_nothing(rewards):
    """The lone success is scaled by the deviation of its equal rest, which is 0."""
    mean, deviation = rest(rewards)
    return (rewards - mean) / (deviation + 1e-6)


def left_unscaled(rewards):
    mean, deviation = rest(rewards)
    return (rewards - mean) / torch.where(deviation > 0, deviation + 1e-6, 1.0)


def row_by_column(rewards, group, prompts=2):
    """(prompts, size): the means of the rows, subtracted from the columns. As many prompts as completions: no error."""
    table = rewards.view(prompts, -1)
    return ((table - table.mean(1)) / (table.std(1, correction=0) + 1e-6)).view(-1)


def row_by_row(rewards, group, prompts=2):
    table = rewards.view(prompts, -1)
    return ((table - table.mean(1, keepdim=True)) / (table.std(1, correction=0, keepdim=True) + 1e-6)).view(-1)


def local_by_global(rewards, group):
    """Centred by prompt, scaled by the deviation of the batch."""
    return (rewards - group_mean(rewards, group)) / (rewards.std() + 1e-6)


def local_by_local(rewards, group):
    return (rewards - group_mean(rewards, group)) / (group_std(rewards, group) + 1e-6)


def fixed_stride(rewards, group):
    """Every two completions in a row are a group: a dropped one shifts all that follow."""
    rows = [rewards[i : i + 2] for i in range(0, len(rewards), 2)]
    return torch.cat([row - row.mean() for row in rows])


def by_id(rewards, group):
    return rewards - group_mean(rewards, group)


def whitened_again(rewards, group):
    """Normalised by prompt, then over the batch."""
    a = local_by_local(rewards, group)
    return (a - a.mean()) / (a.std() + 1e-6)


PAIRS = [
    Pair("5", without_parentheses, with_parentheses, "adv-zero-on-equal"),
    Pair("5", without_parentheses, with_parentheses, "adv-shift-invariant"),
    Pair("19", divided_by_nothing, left_unscaled, "adv-bounded-binary"),
    Pair("21", row_by_column, row_by_row, "adv-group-local", G=4),
    Pair("23", local_by_global, local_by_local, "adv-group-local", G=4),
    Pair("49", fixed_stride, by_id, "adv-group-by-id", G=4),
    Pair("51", whitened_again, local_by_local, "adv-group-local", G=4),
]
