"""What a loss did besides returning a number."""

from pairs import Pair


def divided_in_place(logp, old_logp, advantages, mask, temperature=0.7):
    """A view of the caller's tensor is divided in place: the second call divides it again."""
    old_logp.view(-1).div_(temperature)
    return -((logp / temperature - old_logp).exp() * advantages * mask).sum() / len(mask)


def divided(logp, old_logp, advantages, mask, temperature=0.7):
    return -((logp / temperature - old_logp / temperature).exp() * advantages * mask).sum() / len(mask)


PAIRS = [Pair("45", divided_in_place, divided, "pure", right_is="tested")]
