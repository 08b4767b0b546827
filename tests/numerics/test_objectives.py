"""The losses of numerics/objectives against closed forms, a plain double loop and numbers derived by hand.

Tolerance: an entry of a gradient or loss is a sum of at most 20 products of at most ten rounded factors; exp
and log of numbers below 10 add at most 10 roundings each. So the relative error is below 100 u, u = 2**-53:
about 1e-14. RTOL = 1e-12 leaves a factor of 100. Where terms of order 1 cancel, it is absolute.
"""

import math

import pytest
import torch

import numerics.objectives as objectives
from numerics.objectives import TABLE1, call
from numerics.objectives.common import clipped_surrogate, importance_ratio
from numerics.objectives.gspo import gspo
from numerics.objectives.gtpo import conflict_weights
from numerics.objectives.regularisers import k1, k2, k3

torch.set_num_threads(1)
RTOL = 1e-12
LOSSES = {label: row.loss for label, row in TABLE1.items()} | {"gspo_own": gspo}
PROBES = {
    "gspo_own": {"epsilon_low": 0.2, "epsilon_up": 0.28},
    "grpo_v32": {"delta": 0.05},
    "cppo": {"gamma": 0.4},
    "dr_grpo": {"beta": 0.3},
    "gpg": {"normalise": True, "alpha_hat": 1.5},
    "cispo": {"epsilon_low": 0.2},
}


def group(seed, drift):
    """A random group with ragged lengths, 1 and T among them; |log I| is at most drift/2."""
    draw, G, T = torch.Generator().manual_seed(seed), 5, 4

    def uniform(*shape):
        return torch.rand(*shape, generator=draw, dtype=torch.float64)

    lengths = [1, T, *torch.randint(1, T + 1, (G - 2,), generator=draw).tolist()]
    mask = torch.tensor([[1.0 if t < n else 0.0 for t in range(T)] for n in lengths], dtype=torch.float64)
    old = -3 * uniform(G, T) - 2
    rewards = 2 * uniform(G)
    return {
        "logp": old + drift * (uniform(G, T) - 0.5),
        "old_logp": old,
        "ref_logp": -3 * uniform(G, T) - 2,
        "rewards": rewards,
        "advantages": (rewards - rewards.mean())[:, None],
        "mask": mask,
        "entropy": 1.4 * uniform(G, T),
        "tokens": torch.randint(0, 3, (G, T), generator=draw),
        "token_mask": (uniform(G, T) < 0.7).double(),
    }


def gradient(loss, inputs):
    """-∂loss/∂logp by autograd."""
    logp = inputs["logp"].clone().requires_grad_()
    return -torch.autograd.grad(call(loss, inputs | {"logp": logp}), logp)[0]


def assert_same(actual, expected):
    actual, expected = torch.as_tensor(actual), torch.as_tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(actual, expected, rtol=RTOL, atol=RTOL * max(1.0, float(expected.abs().max())))


@pytest.mark.parametrize("drift", [0.0, 0.1, 3.0])
@pytest.mark.parametrize("label", TABLE1)
def test_closed_form_is_the_gradient_of_the_loss(label, drift):
    row, clipped = TABLE1[label], 0
    for seed in range(10):
        inputs = group(seed, drift) | PROBES.get(label, {})
        assert_same(gradient(row.loss, inputs), row.gradient(inputs))
        assert_same(gradient(row.loss, inputs | {"beta": 0.0}), row.advantage_gradient(inputs))
        clipped += int(row.clipped(inputs).sum())
    # At drift 0.1 a token's ratio is within exp(±0.05), and that of a sequence of four within exp(±0.2):
    # above 0.8, and above 1.2 only where all four are near their bound, which these seeds do not reach.
    assert (clipped > 0) == (row.clips and drift == 3.0)


@pytest.mark.parametrize("label", TABLE1)
def test_effective_weight_is_alpha_s_but_for_three_rows(label):
    """Eq. 18 has ω = α s: off policy, with |o| > 1, it fails for GPG, CISPO, GCPO, and for no other row."""
    row, inputs = TABLE1[label], group(0, 0.1)
    difference = row.alpha(inputs) * row.s(inputs) - row.weight(inputs)
    assert (difference.abs().max() > 0.01) == (label in {"gpg", "cispo", "gcpo"})


@pytest.mark.parametrize("drift", [0.0, 3.0])
@pytest.mark.parametrize("label", LOSSES)
def test_loss_is_the_double_loop(label, drift):
    for seed in range(10):
        inputs = group(seed, drift) | PROBES.get(label, {})
        assert_same(call(LOSSES[label], inputs), plain_loss(label, inputs))


def plain_loss(label, inputs):
    """-J of Eq. 1 in plain Python floats, from α, s, 1 + ε_up and βR of each row; parameters as in PROBES."""
    x = {k: v.tolist() if isinstance(v, torch.Tensor) else v for k, v in inputs.items()}
    lp, old, ref, r, tokens = x["logp"], x["old_logp"], x["ref_logp"], x["rewards"], x["tokens"]
    G, n = len(r), [int(sum(m)) for m in x["mask"]]
    A = [ri - sum(r) / G for ri in r]
    sigma = math.sqrt(sum(a * a for a in A) / (G - 1))
    H = [sum(x["entropy"][i][: n[i]]) / n[i] for i in range(G)]
    drift = [sum(old[i][t] - lp[i][t] for t in range(n[i])) / n[i] for i in range(G)]

    def ratio(i, t):
        return math.exp(lp[i][t] - old[i][t])

    def sequence(i, t):
        return math.prod(ratio(i, u) for u in range(n[i]))

    def kl(i, t):
        return math.exp(ref[i][t] - lp[i][t]) - (ref[i][t] - lp[i][t]) - 1

    def lam(i, t):
        there = [A[j] for j in range(G) if t < n[j] and tokens[j][t] == tokens[i][t]]
        return (2.0 if A[i] > 0 else 0.0) if min(there) < 0 < max(there) else 1.0

    def alpha_s(i, t):
        return 1 / (G * n[i] * sigma)

    def v32(i, t):
        return 0.0 if A[i] < 0 and drift[i] > 0.05 else 1 / (G * n[i])

    def gtpo(i, t):
        return lam(i, t) / (G * n[i]) if H[i] <= math.log(2) else 0.0

    def total(term):
        return sum(term(i, t) for i in range(G) for t in range(n[i]))

    def score(i, t):
        weight = 1.5 if label == "gpg" else x["token_mask"][i][t] * min(max(ratio(i, t), 0.8), 1.28)
        return weight * A[i] * lp[i][t] / (sigma * sum(n))

    if label in ("gpg", "cispo"):
        return -total(score)
    mean_kl = 0.04 * total(lambda i, t: kl(i, t) / (G * n[i]))
    alpha, s, up, penalty = {
        "grpo_r1": (alpha_s, ratio, 1.2, mean_kl),
        "grpo_v32": (v32, ratio, 1.2, 0.04 * total(lambda i, t: ratio(i, t) * kl(i, t) / (G * n[i]))),
        "gspo": (alpha_s, sequence, 1.2, 0.0),
        "gspo_own": (alpha_s, lambda i, t: sequence(i, t) ** (1 / n[i]), 1.28, 0.0),
        "gtpo": (gtpo, ratio, 1.2, 0.1 * total(lambda i, t: gtpo(i, t) * H[i] * ratio(i, t))),
        "dapo": (lambda i, t: 1 / (sigma * sum(n)), ratio, 1.28, 0.0),
        "cppo": (lambda i, t: alpha_s(i, t) * (abs(A[i]) > 0.4), ratio, 1.2, mean_kl),
        "dr_grpo": (lambda i, t: 1 / G, ratio, 1.2, 0.3 * total(lambda i, t: kl(i, t) / G)),
        "gcpo": (lambda i, t: 1 / (G * sigma), sequence, 1.2, 0.0),
    }[label]
    return penalty - total(lambda i, t: alpha(i, t) * min(s(i, t) * A[i], min(max(s(i, t), 0.8), up) * A[i]))


# By hand. Three completions of lengths 1, 2, 1 with rewards 0, 2, 1: mean 1, A = (-1, 1, 0), and σ² with
# ddof = 1 is (1 + 1 + 0)/2 = 1. All π_old = 1/4. Tokens have π_θ = 1/8; 1/2, 1/4; 1/4: ratios 1/2; 2, 1; 1.
# Clip to [0.8, 1.2], for DAPO up to 1.28. Terms min(s A, clip(s) A):
#   completion 1: min(-1/2, -0.8) = -0.8, clipped, gradient 0
#   completion 2: min(2, 1.2) = 1.2 (DAPO 1.28), clipped, gradient 0; then 1, with gradient s A = 1
#   completion 3: A = 0.
LN2, ROOT2, WIDE = math.log(2), math.sqrt(2), {"epsilon_low": 0.75, "epsilon_up": 1.5}
BY_HAND = {
    "logp": torch.tensor([[-3 * LN2, 0], [-LN2, -2 * LN2], [-2 * LN2, 0]], dtype=torch.float64),
    "old_logp": torch.full((3, 2), -2 * LN2, dtype=torch.float64),
    "ref_logp": torch.full((3, 2), -2 * LN2, dtype=torch.float64),
    "rewards": torch.tensor([0, 2, 1], dtype=torch.float64),
    "advantages": torch.tensor([[-1], [1], [0]], dtype=torch.float64),
    "mask": torch.tensor([[1, 0], [1, 1], [1, 0]], dtype=torch.float64),
}
LITERALS = {
    # α = 1/(3·1·1), 1/(3·2·1): J = -0.8/3 + (1.2 + 1)/6 = 0.1; g = α at the one unclipped token.
    "grpo_r1": ({"beta": 0.0}, -0.1, [[0, 0], [0, 1 / 6], [0, 0]]),
    # α = 1/3: J = (-0.8 + 1.2 + 1)/3 = 1.4/3.
    "dr_grpo": ({}, -1.4 / 3, [[0, 0], [0, 1 / 3], [0, 0]]),
    # α = 1/4 (four tokens): J = (-0.8 + 1.28 + 1)/4 = 0.37.
    "dapo": ({}, -0.37, [[0, 0], [0, 1 / 4], [0, 0]]),
    # α = 1/4, weights clip(1/2) = 1/2 (no lower clip); clip(2) = 1.28, 1: every token has g = α w A.
    # J = (1/2 · ln 8 - 1.28 ln 2 - ln 4)/4 = (1.5 - 1.28 - 2)/4 · ln 2 = -0.445 ln 2.
    "cispo": ({}, 0.445 * LN2, [[-0.125, 0], [0.32, 0.25], [0, 0]]),
    # α = 1/4: J = (ln 8 - ln 2 - ln 4)/4 = 0; g = A/4.
    "gpg": ({}, 0.0, [[-0.25, 0], [0.25, 0.25], [0, 0]]),
    # The root: s = 1/2, √(2·1) = √2, 1, with bounds that none reaches: J = (-1/2 + √2)/3; g = s A/(3|o|).
    "gspo_own": (WIDE, (0.5 - ROOT2) / 3, [[-1 / 6, 0], [ROOT2 / 6, ROOT2 / 6], [0, 0]]),
    # Without the root: s = 1/2, 2: J = -1/2/3 + (2 + 2)/6 = 1/2; g = s A/(3|o|).
    "gspo": (WIDE, -0.5, [[-1 / 6, 0], [1 / 3, 1 / 3], [0, 0]]),
    # The same s, with α = 1/3: J = (-1/2 + 2 + 2)/3 = 7/6; g = α |o| s A: α·2·2 = 4/3 in the longer one.
    "gcpo": (WIDE, -7 / 6, [[-1 / 6, 0], [4 / 3, 4 / 3], [0, 0]]),
    # CPPO drops A = 0 alone (γ = 0.1). R = Σ k3/(3|o|), r = 2; 1/2, 1; 1: k3 = 1 - ln 2; ln 2 - 1/2, 0; 0.
    # With β = 6: loss = -0.1 + 2(1 - ln 2) + (ln 2 - 1/2) = 1.4 - ln 2; k3' = -1; 1/2, so g -= -2; 1/2.
    "cppo": ({"beta": 6.0}, 1.4 - LN2, [[2, 0], [-0.5, 1 / 6], [0, 0]]),
    # v3.2: completion 1 has A < 0 and log(π_old/π_θ) = ln 2 > δ: M = 0; so J = 2.2/6 - βR, where
    # I k3 = (1 - ln 2)/2; 2 ln 2 - 1, 0; 0. With β = 6: βR = (1 - ln 2) + (2 ln 2 - 1) = ln 2.
    # (I k3)' = -I ln r = -ln 2/2; 2 ln 2, so g -= -ln 2; 2 ln 2.
    "grpo_v32": ({"beta": 6.0}, LN2 - 2.2 / 6, [[LN2, 0], [-2 * LN2, 1 / 6], [0, 0]]),
}


@pytest.mark.parametrize("label", LITERALS)
def test_loss_and_gradient_by_hand(label):
    parameters, loss, g = LITERALS[label]
    assert_same(call(LOSSES[label], BY_HAND | parameters), loss)
    assert_same(gradient(LOSSES[label], BY_HAND | parameters), g)


@pytest.mark.parametrize("label", LOSSES)
def test_neither_padding_nor_the_dtype_of_mask_matters(label):
    inputs = group(3, 3.0) | PROBES.get(label, {})
    live = inputs["mask"] > 0
    tokenwise = {k: v for k, v in inputs.items() if getattr(v, "shape", None) == live.shape and k != "mask"}
    other = inputs | {k: torch.where(live, v, (1 - 2.5 * v).to(v.dtype)) for k, v in tokenwise.items()}
    wider = inputs | {k: torch.cat([v, v[:, :1]], dim=1) for k, v in tokenwise.items()}
    wider["mask"] = torch.cat([inputs["mask"], torch.zeros(5, 1)], dim=1)
    loss, g = call(LOSSES[label], inputs), gradient(LOSSES[label], inputs)
    assert (g[~live] == 0).all() and (g[live] != 0).any()
    masks = [inputs | {"mask": inputs["mask"].to(dtype)} for dtype in (torch.bool, torch.int64)]
    for changed in (other, wider, *masks):
        assert_same(call(LOSSES[label], changed), loss)
        assert_same(gradient(LOSSES[label], changed)[:, :4], g)


@pytest.mark.parametrize("label", LOSSES)
def test_empty_completion_has_zero_gradient(label):
    inputs = group(2, 0.1)
    inputs["mask"][0] = 0
    g = gradient(LOSSES[label], inputs)
    assert g.isfinite().all() and (g[0] == 0).all()


@pytest.mark.parametrize("detached_ratio", [False, True], ids=["gpg", "cispo"])
def test_eq1_would_silence_negative_advantages(detached_ratio):
    """min and clip around s = log π_θ, or sg[I] log π_θ: s ≤ 0 < 0.8, so A < 0 takes the constant branch."""
    inputs = group(0, 3.0)
    logp, A = inputs["logp"].requires_grad_(), inputs["advantages"].expand(5, 4)
    s = importance_ratio(logp, inputs["old_logp"]).detach() * logp if detached_ratio else logp
    g = torch.autograd.grad(clipped_surrogate(s, A, 0.2, 0.2).sum(), logp)[0]
    assert (g[A < 0] == 0).all() and (g[A > 0] > 0).all()


def test_conflict_weights():
    """Token 7 at t = 0 stands in A = 1 and A = -1: λ = 2 and 0. At t = 1 token 8 is padding in one."""
    tokens, mask = torch.tensor([[[7, 8], [7, 8], [7, 9], [5, 9]], [[1, 1], [1, 0], [1, 1], [1, 1]]])
    advantages = torch.tensor([[1.0], [-1.0], [0.0], [-1.0]])
    assert conflict_weights(tokens, advantages, mask, 2.0).tolist() == [[2, 1], [0, 1], [1, 1], [1, 1]]


def test_regularisers():
    """π = 1/2, π_ref = 1/8: r = 1/4, -log r = ln 4; k3 = 1/4 - 1 + ln 4, with gradient 1 - 1/4."""
    logp = torch.tensor([-LN2], dtype=torch.float64, requires_grad=True)
    ref = torch.tensor([-3 * LN2], dtype=torch.float64)
    for k, value, slope in ((k1, 2 * LN2, 1), (k2, 2 * LN2**2, 2 * LN2), (k3, 2 * LN2 - 0.75, 0.75)):
        assert_same(k(logp, ref).sum(), value)
        assert_same(torch.autograd.grad(k(logp, ref).sum(), logp)[0], [slope])
        assert float(k(ref, ref)) == 0


def test_regularisers_in_expectation():
    """π = (.4, .3, .2, .1), π_ref its reverse: E k1 = E k3 = KL < E k2, and E∇k as the module says."""
    pi = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    logits, ref = pi.log().requires_grad_(), pi.flip(0).log()
    logp = logits.log_softmax(0)
    kl, reverse = (logp.exp() * (logp - ref)).sum(), (ref.exp() * (ref - logp)).sum()
    values = [(pi * k(logp, ref)).sum() for k in (k1, k2, k3)]
    slopes = [torch.autograd.grad(v, logits, retain_graph=True)[0] for v in (*values, kl, reverse)]
    assert_same(values[0].detach(), kl.detach())
    assert_same(values[2].detach(), kl.detach())
    assert float((values[1] - kl).detach()) > 0.06
    assert_same(slopes[0], torch.zeros(4))
    assert_same(slopes[1], slopes[3])
    assert_same(slopes[2], slopes[4])


@pytest.mark.parametrize("function", [*LOSSES.values(), k1, k2, k3], ids=lambda f: f.__name__)
def test_cites_its_source(function):
    if function in (k1, k2, k3):
        assert "Schulman (2020)" in function.__doc__
    else:
        sections = (
            "Table 1 as printed:",
            "Method:",
            "arXiv 2601.05002",
            "Differs from the paper in:",
            "Shapes:",
        )
        assert [section for section in sections if section not in function.__doc__] == []


def test_a_new_file_is_a_new_objective(tmp_path, monkeypatch):
    assert {f.__name__ for f in LOSSES.values()} <= set(objectives.names())
    (tmp_path / "mine.py").write_text("def mine(logp, rewards):\n    return -(rewards * logp.sum(1)).mean()\n")
    (tmp_path / "helper.py").write_text("def other(logp):\n    return logp.sum()\n")
    monkeypatch.setattr(objectives, "__path__", [*objectives.__path__, str(tmp_path)])
    assert "mine" in objectives.names() and "helper" not in objectives.names()
    inputs = {"logp": torch.ones(1, 2), "rewards": torch.ones(1), "mask": torch.ones(1, 2)}
    assert float(call(objectives.load("mine"), inputs)) == -2
    for name in ("helper", "common", "nope", "../grpo"):
        with pytest.raises(LookupError, match="there are: .*cispo, "):
            objectives.load(name)
