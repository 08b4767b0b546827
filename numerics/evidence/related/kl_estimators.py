"""k1, k2, k3 in numbers: means over all tokens or completions of a policy, in the loss by autograd and in the reward.

Tolerances as in `numerics.evidence.kl_estimator`: TOL bounds the rounding of such means, GAP is a real difference.
"""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.evidence.kl_estimator import GAP, SEEDS, TOL, gradients, kl, states, triples
from numerics.objectives.regularisers import k1, k2, k3
from numerics.policies import TabularPolicy
from numerics.related.kl_estimators import weight_in_loss, weight_in_reward
from theory.verdict import Evidence

ESTIMATORS = {"k1": k1, "k2": k2, "k3": k3}
QUOTED = {  # as in the notes on arXiv 2512.21852, for tokens of (.4, .3, .2, .1) against (.1, .2, .3, .4)
    "∇KL": (0.3719, -0.0153, -0.1724, -0.1843),
    "k1 in the loss": (0, 0, 0, 0),
    "k1 in the reward": (0.3719, -0.0153, -0.1724, -0.1843),
    "k2 in the loss": (0.3719, -0.0153, -0.1724, -0.1843),
    "k2 in the reward": (0.1757, -0.1318, -0.0879, 0.0439),
    "k2 in both": (0.5477, -0.1471, -0.2603, -0.1403),
    "k3 in the loss": (0.3, 0.1, -0.1, -0.3),
    "k3 in both": (0.3719, -0.0153, -0.1724, -0.1843),
}


def in_loss(log_pi: Tensor, log_ref: Tensor, name: str) -> Tensor:
    """E[∇k]: a scalar whose gradient this is. Log-probabilities (.., V) of one state."""
    return (log_pi.detach().exp() * ESTIMATORS[name](log_pi, log_ref)).sum()


def in_reward(log_pi: Tensor, log_ref: Tensor, name: str) -> Tensor:
    """E[k ∇log π]: a scalar whose gradient this is."""
    return (log_pi.detach().exp() * ESTIMATORS[name](log_pi, log_ref).detach() * log_pi).sum()


@evidence("kl_estimators.value.k1", "kl_estimators.value.k2", "kl_estimators.value.k3")
@evidence("kl_estimators.inverted_k3", "kl_estimators.inverted_k3.repaired")
def values() -> Evidence:
    """At every state of every policy: the means of k1, of k1 + c (r - 1), of k2, of k3 with the ratio turned round."""
    exact = above = below = turned = off = total = 0
    for policies in triples():
        pi, ref, _ = states(*policies)
        wanted, ratio = kl(pi, ref), (ref - pi).exp()

        def mean(k: Tensor, pi: Tensor = pi) -> Tensor:
            return (pi.exp() * k).sum(1)

        families = torch.stack([mean(k1(pi, ref) + c * (ratio - 1)) for c in (0.0, 1.0, -0.5, 3.0)])
        exact += int((families - wanted).abs().amax(0).lt(TOL).sum())
        above += int((mean(k2(pi, ref)) - wanted > GAP).sum())
        below += int((wanted - mean(k2(pi, ref)) > GAP).sum())
        wrong = mean(1 / ratio - 1 + (ref - pi))
        chi2 = ((pi.exp() - ref.exp()) ** 2 / ref.exp()).sum(1)
        turned += int((wrong - (chi2 - wanted)).abs().lt(TOL * (1 + chi2)).sum())
        off += int((wrong - wanted).abs().gt(GAP).sum())
        total += len(pi)
    detail = f"at {total} states k1 + c (r - 1) has the mean KL within {TOL:g} in {exact} for c = 0, 1, -1/2, 3; k2 is more than "
    detail += f"{GAP:g} above in {above}, below in {below}; with the ratio turned round k3 has the mean χ² - KL in {turned}"
    ok = exact == turned == total and above > 0 and below > 0 and off > 0.9 * total
    return Evidence("numeric", detail, ok=ok)


@evidence("kl_estimators.any_estimator", "kl_estimators.k2.reward.biased", "kl_estimators.k3.reward.biased")
@evidence("kl_estimators.value.k2", "kl_estimators.k3.loss.biased")
def quoted_example() -> Evidence:
    """The numbers that the notes give for two policies over four tokens, by autograd in the logits."""
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log().requires_grad_()
    log_pi, log_ref = logits.log_softmax(0), torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64).log()

    def gradient(scalar: Tensor) -> Tensor:
        return torch.autograd.grad(scalar, logits, retain_graph=True)[0]

    found = {"∇KL": gradient(kl(log_pi, log_ref))}
    for name in ESTIMATORS:
        loss, reward = gradient(in_loss(log_pi, log_ref, name)), gradient(in_reward(log_pi, log_ref, name))
        found |= {f"{name} in the loss": loss, f"{name} in the reward": reward, f"{name} in both": loss + reward}
    half = 0.5e-4 + TOL  # quoted to four digits
    agree = sum(float((found[name] - torch.tensor(row, dtype=torch.float64)).abs().max()) < half for name, row in QUOTED.items())
    log_pi = log_pi.detach()
    means = float(kl(log_pi, log_ref)), float((log_pi.exp() * k2(log_pi, log_ref)).sum())
    ok = agree == len(QUOTED) and abs(means[0] - 0.45643) < half / 10 and abs(means[1] - 0.52155) < half / 10
    detail = f"π = (.4, .3, .2, .1), π_ref = (.1, .2, .3, .4): KL = {means[0]:.5f}, E[k2] = {means[1]:.5f}, and {agree} of "
    return Evidence("numeric", f"{detail}{len(QUOTED)} quoted gradients agree to four digits", ok=ok)


@evidence("kl_estimators.decomposition", "kl_estimators.k1.loss", "kl_estimators.k1.reward", "kl_estimators.k2.loss")
@evidence("kl_estimators.k3.loss", "kl_estimators.k3.reward", "kl_estimators.family", "kl_estimators.any_estimator")
@evidence("kl_estimators.any_estimator.repaired", "kl_estimators.half_coefficients")
def one_token() -> Evidence:
    """In the loss, in the reward, and both, at the first state of each policy, against autograd of the divergences."""
    ok, total, k2_off = True, 0, 0
    for policies in triples():
        policy = policies[0]
        start = torch.zeros(1, policy.max_length, dtype=torch.long)
        pi = policy.next_log_probs(start)[0, 0]
        with torch.no_grad():
            ref = policies[1].next_log_probs(start)[0, 0]
        forward, reverse = gradients(kl(pi, ref), policy), gradients(kl(ref, pi), policy)
        loss = {name: gradients(in_loss(pi, ref, name), policy) for name in ESTIMATORS}
        reward = {name: gradients(in_reward(pi, ref, name), policy) for name in ESTIMATORS}
        of_mean = {name: gradients((pi.exp() * k(pi, ref)).sum(), policy) for name, k in ESTIMATORS.items()}
        nothing = torch.zeros_like(forward)
        pairs = [(loss["k1"], nothing), (reward["k1"], forward), (loss["k2"], forward), (loss["k3"], reverse)]
        pairs += [(reward["k3"], forward - reverse)] + [(loss[name] + reward[name], of_mean[name]) for name in ESTIMATORS]
        pairs += [(of_mean["k1"], forward), (of_mean["k3"], forward)]
        scale = TOL * (1 + float(forward.abs().max()) + float(reverse.abs().max()))
        ok &= all(float((x - y).abs().max()) < scale for x, y in pairs)
        k2_off += float((of_mean["k2"] - forward).abs().max()) > GAP
        total += 1
    detail = f"{total} policies, autograd, within {TOL:g}: E[∇k] + E[k ∇log π] = ∇E[k], which is ∇KL for k1 and k3; "
    detail += f"k2 reaches ∇KL in the loss alone, and misses it by more than {GAP:g} with the reward in {k2_off}"
    return Evidence("numeric", detail, ok=ok and k2_off == total)


@evidence("kl_estimators.weights", "kl_estimators.weights.order")
def weights_of_tokens() -> Evidence:
    """The weights of the figure against autograd in log π_θ, on log-ratios from -10 to 10; their order."""
    x = torch.linspace(-10, 10, 401, dtype=torch.float64).requires_grad_()
    ok = True
    for name, k in ESTIMATORS.items():
        value = k(x, torch.zeros_like(x))
        (slope,) = torch.autograd.grad(value.sum(), x)
        scale = 1e-13 * (1 + (-x.detach()).exp())
        ok &= bool(((slope - weight_in_loss(x.detach())[name]).abs() < scale).all())
        ok &= bool(((value.detach() - weight_in_reward(x.detach())[name]).abs() < scale).all())
    weights, apart = weight_in_loss(x.detach()), x.detach().abs() > 0.01
    ok &= bool((weights["k3"] < weights["k2"])[apart].all()) and bool((weights["k3"] < 1).all())
    return Evidence(
        "numeric", "401 log-ratios from -10 to 10: weights 1, x, 1 - exp(-x) agree with autograd, the last below", ok=ok
    )


@evidence("kl_estimators.sequence.k1_reward", "kl_estimators.sequence.k2_loss", "kl_estimators.sequence.k2_loss.repaired")
@evidence("kl_estimators.sequence.k3_loss", "kl_estimators.sequence.k3_loss.divergence")
def completions() -> Evidence:
    """All completions of up to two of three tokens: losses and rewards summed over tokens, against autograd."""
    ok, k2_off, k3_off = True, 0, 0
    for seed in range(SEEDS):
        policy, other = TabularPolicy.random(3, 2, seed), TabularPolicy.random(3, 2, 100 + seed)
        tokens, mask = policy.completions()
        pi = policy.log_probs(tokens, mask)
        with torch.no_grad():
            ref, at_state = other.log_probs(tokens, mask), policy.next_log_probs(tokens)
            other_state = other.next_log_probs(tokens)
        drawn = pi.detach().sum(1).exp()
        forward = gradients((pi.sum(1).exp() * (pi - ref).sum(1)).sum(), policy)
        reverse = gradients(-(ref.sum(1).exp() * pi.sum(1)).sum(), policy)
        rewarded = gradients((drawn * (pi - ref).detach().sum(1) * pi.sum(1)).sum(), policy)
        of_k2, of_k3 = (gradients((drawn * (k(pi, ref) * mask).sum(1)).sum(), policy) for k in (k2, k3))
        later = (kl(at_state, other_state) * mask)[:, 1]  # KL of the second state
        missed = gradients((drawn * later * pi[:, 0]).sum(), policy)
        tilted = -(drawn[:, None] * (ref - pi.detach()).exp() * pi * mask).sum()  # -Σ π(prefix) π_ref(token) log π(token)
        pairs = ((rewarded, forward), (of_k2 + missed, forward), (of_k3, gradients(tilted, policy)))
        ok &= all(float((x - y).abs().max()) < TOL * (1 + float(y.abs().max())) for x, y in pairs)
        k2_off += float((of_k2 - forward).abs().max()) > GAP
        k3_off += float((of_k3 - reverse).abs().max()) > GAP
    detail = (
        f"{SEEDS} policies, all completions: Σ k1 in the reward gives ∇KL of completions within {TOL:g}; Σ k2 in the loss misses "
    )
    detail += f"the later divergence in {k2_off}, Σ k3 in the loss is not ∇KL(π_ref‖π_θ) of completions in {k3_off}"
    return Evidence("numeric", detail, ok=ok and k2_off == k3_off == SEEDS)
