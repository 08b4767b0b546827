"""What the sum over tokens was divided by."""

from pairs import Pair


def pull(logp, advantages, mask):
    return -(advantages * logp * mask)


def mean_for_sum(logp, advantages, mask):
    """Sequence mean of token sums, written with a token mean."""
    return (pull(logp, advantages, mask).sum(1) / mask.sum(1)).mean()


def sum_over_tokens(logp, advantages, mask):
    return pull(logp, advantages, mask).sum(1).mean()


def divided_twice(logp, advantages, mask):
    """Sequence mean of token means, divided by the length twice."""
    return (pull(logp, advantages, mask).sum(1) / mask.sum(1) / mask.sum(1)).mean()


def divided_once(logp, advantages, mask):
    return (pull(logp, advantages, mask).sum(1) / mask.sum(1)).mean()


def sequence_ratio(logp, old_logp, mask):
    return (((logp - old_logp) * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)).exp()


def gspo_over_tokens(logp, old_logp, advantages, mask):
    """GSPO's sequence ratio, averaged over all tokens: long completions count more."""
    return -(sequence_ratio(logp, old_logp, mask) * advantages * mask).sum() / mask.sum()


def gspo_over_sequences(logp, old_logp, advantages, mask):
    return -(sequence_ratio(logp, old_logp, mask) * advantages).mean()


def width_only(logp, advantages, mask):
    """Dr. GRPO's constant is the width, and the batch is forgotten."""
    return pull(logp, advantages, mask).sum() / mask.shape[1]


def width_and_batch(logp, advantages, mask):
    return pull(logp, advantages, mask).sum() / (mask.shape[0] * mask.shape[1])


def mean_over_the_width(logp, advantages, mask):
    """The mean of the padded tensor."""
    return pull(logp, advantages, mask).mean()


def mean_over_tokens(logp, advantages, mask):
    return pull(logp, advantages, mask).sum() / mask.sum()


def response_length(mask):
    """How far each completion reaches, gaps included."""
    return (mask.flip(1).cumsum(1) > 0).to(mask.dtype).sum(1)


def tool_tokens_counted(logp, advantages, mask):
    """A tool's answer inside the completion is masked, but counted."""
    return (pull(logp, advantages, mask).sum(1) / response_length(mask)).mean()


PAIRS = [
    Pair("9", mean_for_sum, sum_over_tokens, "length-neutral"),
    Pair("9", divided_twice, divided_once, "completion-neutral"),
    Pair("25", width_only, width_and_batch, "duplication-invariant"),
    Pair("27", gspo_over_tokens, gspo_over_sequences, "completion-neutral"),
    Pair("29", mean_over_the_width, mean_over_tokens, "padding-invariant"),
    Pair("41", tool_tokens_counted, divided_once, "gap-invariant", T=3),
]
