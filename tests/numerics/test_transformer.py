"""The tiny transformer: causal, normalised, differentiable, and equal to PyTorch's own encoder layers."""

from __future__ import annotations

from collections import Counter
from math import log, sqrt

import pytest
import torch
from torch import nn

from numerics.groups import length_reward, shared_prefix_group, target_token_reward
from numerics.policies import completion_probabilities, expected_reward, expected_reward_gradient, flatten
from numerics.transformer import Block, TinyTransformer

torch.set_num_threads(1)
UNIT = 2.0**-53
# A value passes through 2 layers with dot products of up to 128 terms, its forward error is bounded by under
# a thousand roundings of numbers up to 10: 1e4 u, about 1e-12. A gradient takes more such terms.
FORWARD, BACKWARD = 1e4 * UNIT, 1e5 * UNIT


@pytest.fixture(params=[(), (2, 1)], ids=["no-prompt", "prompt"])
def policy(request: pytest.FixtureRequest) -> TinyTransformer:
    return TinyTransformer(3, 4, seed=5, prompt=request.param)


def test_every_parameter_is_float64_and_used(policy: TinyTransformer) -> None:
    loss = policy.log_probs(*policy.completions()).sum()
    for name, parameter in policy.named_parameters():
        (gradient,) = torch.autograd.grad(loss, [parameter], retain_graph=True)
        assert parameter.dtype == torch.float64
        assert gradient.norm() > 1e-6, f"{name} has no gradient, only rounding"


def test_blocks_equal_pytorch_encoder_layers() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        block, hidden = Block(32, 4).double(), torch.randn(3, 6, 32, dtype=torch.float64)
        theirs = nn.TransformerEncoderLayer(32, 4, 128, 0.0, "gelu", batch_first=True, norm_first=True, dtype=torch.float64)
    pairs = {
        theirs.self_attn.in_proj_weight: block.query_key_value.weight,
        theirs.self_attn.out_proj.weight: block.attention_out.weight,
        theirs.self_attn.out_proj.bias: block.attention_out.bias,
        theirs.linear1.weight: block.mlp_in.weight,
        theirs.linear1.bias: block.mlp_in.bias,
        theirs.linear2.weight: block.mlp_out.weight,
        theirs.linear2.bias: block.mlp_out.bias,
    }
    with torch.no_grad():
        theirs.self_attn.in_proj_bias.zero_()
        for target, source in pairs.items():
            target.copy_(source)
    causal = nn.Transformer.generate_square_subsequent_mask(6, dtype=torch.float64)
    torch.testing.assert_close(block(hidden), theirs(hidden, src_mask=causal), rtol=0, atol=FORWARD)


def test_log_probs_agree_with_one_prefix_at_a_time(policy: TinyTransformer) -> None:
    tokens, mask = policy.completions()
    log_probs, entropies = policy.log_probs(tokens, mask), policy.entropies(tokens, mask)
    for i in range(0, len(tokens), 3):
        for t in range(policy.max_length):
            if not mask[i, t]:
                assert log_probs[i, t] == entropies[i, t] == 0
                continue
            alone = policy.next_log_probs(tokens[i : i + 1, : t + 1])[0, -1]
            assert abs(log_probs[i, t] - alone[tokens[i, t]]) <= FORWARD
            assert abs(entropies[i, t] + (alone.exp() * alone).sum()) <= FORWARD


def test_probabilities_sum_to_one(policy: TinyTransformer) -> None:
    probabilities = completion_probabilities(policy)
    assert abs(probabilities.sum().item() - 1) <= FORWARD
    # Far from uniform over continuations, or the tests of prefixes would test nothing.
    assert probabilities.max() > 3 * probabilities.median()


def test_future_tokens_do_not_change_past_log_probs(policy: TinyTransformer) -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 3, (8, policy.max_length), generator=generator)
    before = policy.next_log_probs(tokens)
    for t in range(policy.max_length - 1):
        changed = tokens.clone()
        changed[:, t] = 3 - changed[:, t]
        after = policy.next_log_probs(changed)
        assert (before[:, : t + 1] - after[:, : t + 1]).abs().max() <= FORWARD
        assert (before[:, t + 1] - after[:, t + 1]).abs().amax(-1).min() > 1e-6


def test_gradients_do_not_reach_future_positions(policy: TinyTransformer) -> None:
    tokens = torch.ones(1, policy.max_length, dtype=torch.long)
    log_probs = policy.log_probs(tokens, torch.ones(1, policy.max_length))
    table = policy.position_embedding.weight
    for t in range(policy.max_length):
        (gradient,) = torch.autograd.grad(log_probs[0, t], [table], retain_graph=True)
        last = len(policy.context) - 1 + t  # the input that position t is predicted from
        assert gradient[: last + 1].abs().sum(-1).min() > 0
        assert not gradient[last + 1 :].any()


def test_a_shared_prefix_has_one_log_prob_and_one_gradient(policy: TinyTransformer) -> None:
    group = shared_prefix_group(policy, 6, 2, length_reward(), torch.Generator().manual_seed(1))
    log_probs, parameters = policy.log_probs(group.tokens, group.mask), list(policy.parameters())
    for t in range(3):
        gradients = [flatten(torch.autograd.grad(value, parameters, retain_graph=True)) for value in log_probs[:, t]]
        apart = max((gradient - gradients[0]).abs().max().item() for gradient in gradients)
        if t < 2:
            assert (log_probs[:, t] - log_probs[0, t]).abs().max() <= FORWARD
            assert apart <= BACKWARD and gradients[0].norm() > 1e-3
        else:
            assert apart > 1e-3  # behind the prefix they differ


def test_masked_positions_never_matter(policy: TinyTransformer) -> None:
    tokens, mask = policy.completions()
    dirty = tokens.where(mask != 0, -100)
    for read in (policy.log_probs, policy.entropies):
        assert torch.equal(read(tokens, mask), read(dirty, mask))


def test_expected_reward_gradient_is_the_score_function_sum(policy: TinyTransformer) -> None:
    reward, completions = target_token_reward(2), policy.completions()
    log_probs, parameters = policy.log_probs(*completions).sum(-1), list(policy.parameters())
    weights = log_probs.detach().exp() * reward(*completions)
    score = torch.zeros_like(flatten(parameters))
    for weight, value in zip(weights, log_probs, strict=True):
        score += weight * flatten(torch.autograd.grad(value, parameters, retain_graph=True))
    torch.testing.assert_close(expected_reward_gradient(policy, reward), score, rtol=0, atol=BACKWARD)
    assert score.norm() > 1e-2


def test_expected_reward_gradient_is_the_directional_difference(policy: TinyTransformer) -> None:
    reward, gradient = length_reward(), expected_reward_gradient(policy, length_reward())
    for seed in range(10):
        direction = torch.randn(len(gradient), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        direction /= direction.norm()
        h, values = 1e-4, []
        for sign in (1, -2, 1):  # to +h, to -h, back
            offset = 0
            with torch.no_grad():
                for parameter in policy.parameters():
                    piece = direction[offset : offset + parameter.numel()].view_as(parameter)
                    parameter.add_(sign * h * piece)
                    offset += parameter.numel()
            values.append(expected_reward(policy, reward).item())
        # h² times a third derivative along a unit direction, taken to be below 100, plus rounding over h.
        slope = (values[0] - values[1]) / (2 * h)
        assert slope == pytest.approx((gradient @ direction).item(), rel=0, abs=100 * h**2 / 6 + FORWARD / h)


def test_sampling_frequencies_lie_in_bernstein_intervals(policy: TinyTransformer) -> None:
    draws, seeds, failure = 1000, 10, 1e-6
    sampled: Counter[tuple[int, ...]] = Counter()
    for seed in range(seeds):
        sampled.update(map(tuple, policy.sample(draws, torch.Generator().manual_seed(seed)).tokens.tolist()))
    # Padding is eos and nothing follows eos, so the padded row identifies the completion.
    rows, probabilities = policy.completions().tokens.tolist(), completion_probabilities(policy).tolist()
    exact = dict(zip(map(tuple, rows), probabilities, strict=True))
    assert set(sampled) <= set(exact)
    n, spread = draws * seeds, log(2 * len(exact) / failure)
    for sequence, p in exact.items():
        width = sqrt(2 * p * (1 - p) * spread / n) + 2 * spread / (3 * n)
        assert abs(sampled[sequence] / n - p) <= width, sequence


def test_the_seed_alone_decides_the_policy_and_the_global_stream_is_untouched() -> None:
    state = torch.random.get_rng_state()
    first, second, other = (TinyTransformer(3, 4, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(flatten(first.parameters()), flatten(second.parameters()))
    assert not torch.equal(flatten(first.parameters()), flatten(other.parameters()))


def test_the_prompt_changes_the_distribution() -> None:
    policies = [TinyTransformer(3, 4, seed=1, prompt=prompt) for prompt in ((1,), (2,))]
    with torch.no_grad():
        for a, b in zip(policies[0].parameters(), policies[1].parameters(), strict=True):
            assert torch.equal(a, b)
        difference = completion_probabilities(policies[0]) - completion_probabilities(policies[1])
    assert difference.abs().max() > 1e-3


def test_sizes_out_of_range_are_refused() -> None:
    for arguments, message in [
        ({"vocabulary": 1, "max_length": 3}, "vocabulary"),
        ({"vocabulary": 3, "max_length": 0}, "max_length = 0"),
        ({"vocabulary": 3, "max_length": 3, "eos": 3}, "token ids"),
        ({"vocabulary": 3, "max_length": 3, "prompt": (3,)}, "token ids"),
    ]:
        with pytest.raises(ValueError, match=message):
            TinyTransformer(seed=0, **arguments)  # type: ignore[arg-type]
