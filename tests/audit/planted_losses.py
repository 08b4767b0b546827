"""Small losses with one planted fault each, and the property that the fault breaks; and harmless ones beside them."""


def centred(rewards):
    return (rewards - rewards.mean())[:, None]


def plain(logp, rewards, mask):
    return -(centred(rewards) * logp * mask).sum() / len(rewards)


def ratio(logp, old_logp, rewards, mask):
    return -(centred(rewards) * (logp - old_logp).exp() * mask).sum() / len(rewards)


def clipped(logp, old_logp, rewards, mask):
    s, a = (logp - old_logp).exp(), centred(rewards)
    return -((s * a).minimum(s.clamp(0.8, 1.2) * a) * mask).sum() / len(rewards)


def with_advantages(logp, advantages, mask):
    return -(advantages * logp * mask).sum() / len(advantages)


def per_length(logp, rewards, mask):
    return -(centred(rewards) * logp * mask / mask.sum(1, keepdim=True)).sum()


def divided(logp, rewards, mask):
    return plain(logp, rewards, mask) / rewards.std()


def damped(logp, rewards, mask):
    return plain(logp, rewards, mask) / (rewards.std() + 1e-4)


def uncentred(logp, rewards, mask):
    return -(rewards[:, None] * logp * mask).sum()


def needle(logp, rewards, mask):
    a = centred(rewards)
    return plain(logp, rewards, mask) + ((a > 0.7310) & (a < 0.7311)).double().mul(logp * mask).sum()


def ratio_needle(logp, old_logp, rewards, mask):
    s = (logp - old_logp).exp()
    return ratio(logp, old_logp, rewards, mask) + 0.1 * (((s - 1.91).abs() < 1e-3).double() * logp * mask).sum()


def first_favoured(logp, rewards, mask):
    return plain(logp, rewards, mask) - 0.01 * (logp[0] * mask[0]).sum() * centred(rewards)[0, 0]


def padded(logp, rewards, mask):
    return plain(logp, rewards, mask) + 1e-3 * logp.sum()


def width(logp, rewards, mask):
    return plain(logp, rewards, mask) / mask.shape[1]


def neighbour(logp, old_logp, rewards, mask):
    s = (logp - old_logp).exp().detach()
    return -(centred(rewards) * s.roll(1, 0) * logp * mask).sum()


def neighbour_logp(logp, rewards, mask):
    return -(centred(rewards) * logp.detach().roll(1, 0) * logp * mask).sum()


def inverted(logp, rewards, mask):
    return -plain(logp, rewards, mask)


def dead(logp, rewards, mask):
    return -(centred(rewards) * logp.detach() * mask).sum() + 0 * logp.sum()


def no_pessimism(logp, old_logp, rewards, mask):
    s = (logp - old_logp).exp().clamp(0.8, 1.2)
    return -(s * centred(rewards) * mask).sum()


def leaky_clip(logp, old_logp, rewards, mask):
    s = (logp - old_logp).exp()
    return clipped(logp, old_logp, rewards, mask) + 1e-3 * (s * mask * centred(rewards)).sum()


def mean_of_all(logp, advantages, mask):
    return -(advantages * logp * mask).sum() / mask.sum()


def summed(logp, advantages, mask):
    return -(advantages * logp * mask).sum()


def ignores_old(logp, old_logp, rewards, mask):
    s = (logp - old_logp.detach() + (old_logp - old_logp)).exp()
    return -(centred(rewards) * (s / s.detach()) * mask).sum()


def bonus(logp, rewards, mask):
    return plain(logp, rewards, mask) - 1e-2 * (logp * mask).sum()


def pushes_away(logp, ref_logp, advantages, mask):
    return with_advantages(logp, advantages, mask) - 0.1 * (((ref_logp - logp).exp() - (ref_logp - logp) - 1) * mask).sum()


def wrong_mean(logp, ref_logp, advantages, mask):
    return with_advantages(logp, advantages, mask) + 0.1 * ((ref_logp - logp) * mask).sum()


def k2(logp, ref_logp, advantages, mask):
    return with_advantages(logp, advantages, mask) + 0.05 * (((ref_logp - logp) ** 2) * mask).sum()


def pole(logp, rewards, mask):
    d = rewards[0] * rewards[1] - 0.155
    return plain(logp, rewards, mask) / d * d


def root(logp, rewards, mask):
    return plain(logp, rewards, mask) * (rewards.sum() + 7).sqrt()


def median_pulled(logp, rewards, mask):
    return plain(logp, rewards, mask) + 0.05 * ((rewards[:, None] == rewards.max()).double() * logp * mask).sum()


def difficult(logp, rewards, mask):
    return plain(logp, rewards, mask) * (1 + rewards.mean())


def absolute(logp, rewards, mask):
    return -(centred(rewards).abs() * logp * mask).sum()


FALSE = [
    (uncentred, "prefix-neutral"),
    (per_length, "prefix-neutral"),
    (needle, "prefix-neutral"),
    (pole, "prefix-neutral"),
    (root, "prefix-neutral"),
    (clipped, "prefix-neutral-off-policy"),
    (per_length, "length-neutral"),
    (neighbour_logp, "length-neutral"),
    (inverted, "reward-aligned"),
    (dead, "reward-aligned"),
    (absolute, "reward-aligned"),
    (needle, "reward-scale-linear"),
    (damped, "reward-scale-invariant"),
    (damped, "reward-scale-linear"),
    (uncentred, "reward-shift-invariant"),
    (difficult, "reward-shift-invariant"),
    (bonus, "equal-rewards-silent"),
    (divided, "equal-rewards-silent"),
    (difficult, "difficulty-neutral"),
    (bonus, "adamw-scale-invariant"),
    (ignores_old, "uses-old-logp"),
    (plain, "uses-old-logp"),
    (ratio_needle, "ratio-weighted"),
    (plain, "ratio-weighted"),
    (leaky_clip, "clipped-silent"),
    (ratio, "clipped-silent"),
    (no_pessimism, "clip-pessimistic"),
    (neighbour, "sample-local"),
    (neighbour_logp, "sample-local"),
    (first_favoured, "permutation-equivariant"),
    (neighbour, "permutation-equivariant"),
    (padded, "padding-invariant"),
    (width, "padding-invariant"),
    (mean_of_all, "microbatch-invariant"),
    (mean_of_all, "masked-completion-neutral"),
    (summed, "duplication-invariant"),
    (mean_of_all, "on-policy-unbiased"),
    (per_length, "on-policy-unbiased"),
    (plain, "value-blind"),
    (pushes_away, "kl-pulls-to-reference"),
    (wrong_mean, "kl-pulls-to-reference"),
    (wrong_mean, "kl-gradient-exact"),
    (padded, "padding-poison-safe"),
]

TRUE = [
    (plain, "prefix-neutral"),
    (ratio, "prefix-neutral-off-policy"),
    (plain, "length-neutral"),
    (clipped, "reward-aligned"),
    (damped, "reward-aligned"),
    (damped, "reward-shift-invariant"),
    (divided, "reward-scale-invariant"),
    (clipped, "reward-scale-linear"),
    (damped, "adamw-scale-invariant"),
    (plain, "equal-rewards-silent"),
    (plain, "difficulty-neutral"),
    (clipped, "uses-old-logp"),
    (clipped, "ratio-weighted"),
    (clipped, "clipped-silent"),
    (clipped, "clip-pessimistic"),
    (clipped, "sample-local"),
    (divided, "permutation-equivariant"),
    (clipped, "padding-invariant"),
    (mean_of_all, "duplication-invariant"),
    (with_advantages, "microbatch-invariant"),
    (with_advantages, "masked-completion-neutral"),
    (plain, "on-policy-unbiased"),
    (k2, "kl-pulls-to-reference"),
    (k2, "kl-gradient-exact"),
    (with_advantages, "reward-aligned"),
]
