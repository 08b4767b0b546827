"""What happened when a batch was cut into micro-batches: each function is the loss of one of them."""

from pairs import Pair


def total(logp, advantages, mask):
    return -(advantages * logp * mask).sum()


def token_mean_by_share(logp, advantages, mask, accumulation_steps):
    """The mean over the micro-batch's own tokens, weighted by its share of the completions."""
    return total(logp, advantages, mask) / mask.sum() / accumulation_steps


def by_all_tokens(logp, advantages, mask, num_tokens):
    return total(logp, advantages, mask) / num_tokens


def folded_into_advantages(logp, advantages, mask, num_tokens):
    """The normaliser is part of the advantages, the loss is a sum."""
    return total(logp, advantages / num_tokens, mask)


def by_generation(logp, advantages, mask, num_tokens, accumulation_steps, steps_per_generation):
    """The tokens of the whole generation batch, of which only `accumulation_steps` micro-batches make up a step."""
    return total(logp, advantages, mask) / num_tokens


def by_step(logp, advantages, mask, num_tokens, accumulation_steps, steps_per_generation):
    return total(logp, advantages, mask) / (num_tokens * accumulation_steps / steps_per_generation)


def unscaled(logp, advantages, mask, accumulation_steps):
    """The scaling by the number of steps is switched off."""
    return total(logp, advantages, mask) / len(mask)


def scaled(logp, advantages, mask, accumulation_steps):
    return total(logp, advantages, mask) / len(mask) / accumulation_steps


def fused_by_its_own_tokens(logp, advantages, mask, num_tokens):
    """The fused path divides by what it sees."""
    return total(logp, advantages, mask) / mask.sum()


def fused_divided_again(logp, advantages, mask, num_tokens, accumulation_steps):
    """The fused path divides by all tokens, the trainer by the steps again."""
    return total(logp, advantages, mask) / num_tokens / accumulation_steps


def divided_after_backward(logp, advantages, mask, accumulation_steps=4):
    """The division comes after the gradient is taken: it is logged, and not trained on."""
    loss = total(logp, advantages, mask) / len(mask)
    return loss + (loss / accumulation_steps - loss).detach()


def divided_before_backward(logp, advantages, mask, accumulation_steps=4):
    return total(logp, advantages, mask) / len(mask) / accumulation_steps


CUT = "accumulation-invariant"
PAIRS = [
    Pair("31", token_mean_by_share, by_all_tokens, CUT),
    Pair("33", token_mean_by_share, folded_into_advantages, CUT),
    Pair("35", by_generation, by_step, CUT),
    Pair("37", unscaled, scaled, CUT),
    Pair("39", fused_by_its_own_tokens, by_all_tokens, CUT),
    Pair("39", fused_divided_again, by_all_tokens, CUT),
    Pair("55", divided_after_backward, divided_before_backward, "gradient-of-value", right_is="tested"),
    Pair("55", divided_after_backward, divided_before_backward, CUT),
]
