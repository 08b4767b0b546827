"""Numbers that leave tensors: each is followed exactly, or it is an escape that names the line. Never a silent constant."""

import copy
import inspect
import json
import math
import random
import statistics
from collections import Counter
from math import sqrt

import numpy as np
import pytest
import torch

from lossproof.meanings.concrete import Concrete
from lossproof.operators import Poison
from lossproof.reproduces import drawn, reproduces
from lossproof.subject import Subject
from lossproof.trace import TooManyPaths

torch.set_num_threads(1)
G, T = 3, 2


def weighted(logp, rewards, mask):
    return -(logp * mask * rewards[:, None]).sum()


# -- followed: the formula equals the function everywhere -------------------------------------------------------------


def item(logp, rewards, mask):
    n = mask.sum().item()
    return weighted(logp, rewards, mask) / n


def item_before_a_write(logp, rewards, mask):
    n = mask.sum()
    before = n.item()
    n += 100
    return weighted(logp, rewards, mask) / before


def tolist_loop(logp, rewards, mask):
    total = 0
    for i, n in enumerate(mask.sum(1).tolist()):
        total = total - (logp[i] * mask[i]).sum() / n * rewards[i]
    return total


def python_float(logp, rewards, mask):
    return weighted(logp, rewards, mask) / float(mask.sum())


def python_float_of_item(logp, rewards, mask):
    return weighted(logp, rewards, mask) / sum(map(float, mask.sum(1).tolist()))


def python_int(logp, rewards, mask):
    return weighted(logp, rewards, mask) / int(mask.sum())


def python_round(logp, rewards, mask):
    return weighted(logp, rewards, mask) / round(mask.sum().item())


def python_max(logp, rewards, mask):
    return weighted(logp, rewards, mask) / max(4, mask.sum().item())


def python_min(logp, rewards, mask):
    return weighted(logp, rewards, mask) * min(rewards.tolist())


def python_sum(logp, rewards, mask):
    return weighted(logp, rewards, mask) / sum(x.item() for x in mask.sum(1)) + sum(rewards.tolist())


def python_len(logp, rewards, mask):
    return weighted(logp, rewards, mask) / len(logp[mask.bool()])


def numel(logp, rewards, mask):
    return weighted(logp, rewards, mask) / logp[mask.bool()].numel()


def boolean_mean(logp, rewards, mask):
    return -(logp * rewards[:, None])[mask.bool()].mean()


def boolean_size_below_python(logp, rewards, mask):
    return weighted(logp, rewards, mask) / torch.ones_like(logp[mask.bool()]).sum()


def boolean_cat(logp, rewards, mask):
    return torch.cat([logp[mask.bool()], (logp * rewards[:, None]).flatten()]).mean()


def selected(logp, rewards, mask):
    return -torch.masked_select(logp * rewards[:, None], mask > 0).mean()


def nonzero(logp, rewards, mask):
    rows, columns = mask.nonzero(as_tuple=True)
    return -(logp * rewards[:, None])[rows, columns].mean()


def boolean_write(logp, rewards, mask):
    out = logp * 1
    out[mask == 0] = 0.0
    out[mask > 0] = out[mask > 0] * 2
    return -(out * rewards[:, None]).sum()


def math_module(logp, rewards, mask):
    return weighted(logp, rewards, mask) / math.sqrt(mask.sum().item()) * math.exp(rewards[0])


def math_imported(logp, rewards, mask):
    return weighted(logp, rewards, mask) / sqrt(mask.sum())


def tensor_of_items(logp, rewards, mask):
    return weighted(logp, rewards, mask) / torch.tensor([n.item() for n in mask.sum(1)], dtype=torch.float64).sum()


def tensor_of_tensors(logp, rewards, mask):
    return weighted(logp, rewards, mask) / torch.tensor([n for n in mask.sum(1)]).sum()


def full_of_item(logp, rewards, mask):
    return weighted(logp, rewards, mask) * torch.full((2,), rewards.sum().item(), dtype=torch.float64).sum()


def clamp_to_item(logp, rewards, mask):
    return weighted(logp.clamp(min=-rewards[0].abs().item(), max=5.0), rewards, mask)


def item_times_scalar_tensor(logp, rewards, mask):
    return (mask.sum().item() * (logp * rewards[:, None]).sum()).neg()


def slice_to_longest(logp, rewards, mask):
    n = int(mask.sum(1).max())
    return weighted(logp[:, :n], rewards, mask[:, :n]) / n


def branch(logp, rewards, mask):
    if rewards.max() > 0.3:
        return weighted(logp, rewards, mask)
    return -logp.mean()


def branch_on_item(logp, rewards, mask):
    scale = 2.0
    if rewards.sum().item() > 0:
        scale = 3.0
    return weighted(logp, rewards, mask) * scale


def ternaries(logp, rewards, mask):
    weights = [2.0 if r > 0 else 0.5 for r in rewards]
    return -sum(w * logp[i].sum() for i, w in enumerate(weights))


def branch_inside_a_module(logp, rewards, mask):
    class Scale(torch.nn.Module):
        def forward(self, x):
            return x * 2 if x.detach().abs().mean() > 0.5 else x

    return weighted(Scale()(logp), rewards, mask)


def equal(logp, rewards, mask):
    return weighted(logp, rewards, mask) if torch.equal(mask[0], mask[1]) else logp.sum()


def allclose(logp, rewards, mask):
    return weighted(logp, rewards, mask) if torch.allclose(rewards, rewards.mean(), atol=1.0) else logp.sum()


def contains(logp, rewards, mask):
    return weighted(logp, rewards, mask) if 0 in mask else logp.sum()


def while_loop(logp, rewards, mask):
    n, k = mask.sum().item(), 1
    while n > 4 and k < 3:
        n, k = n - 1, k + 1
    return weighted(logp, rewards, mask) / k


def raises_on_one_side(logp, rewards, mask):
    if rewards.max() > 100:
        raise ValueError("rewards are too large")
    assert mask.sum() > 0
    return weighted(logp, rewards, mask)


def kinds(logp, rewards, mask):
    n = mask.sum().item()
    return weighted(logp, rewards, mask) / (n if isinstance(n, float) else 7)


def counted(logp, rewards, mask):
    return weighted(logp[:2], rewards[:2], mask[:2]) / len(Counter(mask[:2].sum(1).long().tolist()))


def logs(logp, rewards, mask):
    metrics, kept = {}, logp.detach()[mask.bool()]
    metrics["mean"] = kept.mean().item() if kept.numel() > 0 else 0.0
    metrics["largest"] = float(kept.max())
    metrics["rounded"] = round(kept.std().item(), 3)
    metrics["text"] = f"{rewards.mean().item():.3f} {rewards.mean():.3f} {rewards} {kept.sum().item()!r}"
    metrics["counts"] = [int(n) for n in mask[:1].sum(1)]
    metrics["random"] = torch.rand(2).mean().item()
    return weighted(logp, rewards, mask)


FOLLOWED = [
    item, item_before_a_write, tolist_loop, python_float, python_float_of_item, python_int, python_round, python_max,
    python_min, python_sum, python_len, numel, boolean_mean, boolean_size_below_python, boolean_cat, selected, nonzero,
    boolean_write, math_module, math_imported, tensor_of_items, tensor_of_tensors, full_of_item, clamp_to_item,
    item_times_scalar_tensor, slice_to_longest, branch, branch_on_item, ternaries, branch_inside_a_module, equal, allclose,
    contains, while_loop, raises_on_one_side, kinds, counted, logs,
]  # fmt: skip


@pytest.mark.parametrize("f", FOLLOWED, ids=lambda f: f.__name__)
def test_followed(f):
    """Equal to the function on 8 random inputs and masks, on both sides of its branches, value and gradient."""
    subject = Subject(f.__name__, f)
    assert subject.escapes(G, T) == []
    for seed in range(8):
        x = drawn(G, T, seed)
        out = subject.formula(Concrete(), {n: v.numpy() for n, v in x.items()})
        loss, gradient = subject.run(x)
        assert not isinstance(out.loss[()], Poison), out.loss[()].reason
        assert float(out.loss[()]) == pytest.approx(loss.item(), rel=1e-11, abs=1e-13)
        assert -out.gradient.astype(float) == pytest.approx(gradient.numpy(), rel=1e-11, abs=1e-13)


def test_the_users_module_is_left_as_it_was():
    assert float is __builtins__["float"] if isinstance(__builtins__, dict) else float is __builtins__.float
    assert math is __import__("math") and sqrt is math.sqrt and "float" not in globals()


# -- not followed: an escape with the line ---------------------------------------------------------------------------


def numpy_array(logp, rewards, mask):
    n = mask.numpy().sum()  # here
    return weighted(logp, rewards, mask) / n


def numpy_float(logp, rewards, mask):
    n = np.float64(mask.sum().item())  # here
    return weighted(logp, rewards, mask) / n


def percent(logp, rewards, mask):
    n = float("%f" % mask.sum().item())  # here  # noqa: UP031
    return weighted(logp, rewards, mask) / n


def fraction(logp, rewards, mask):
    n = statistics.fmean(mask.sum(1).tolist())  # here
    return weighted(logp, rewards, mask) / n


def as_json(logp, rewards, mask):
    n = json.loads(json.dumps(mask.sum().item()))  # here
    return weighted(logp, rewards, mask) / n


def deep_copy(logp, rewards, mask):
    n = copy.deepcopy(mask)  # here
    return weighted(logp, rewards, mask) / n.sum()


def unique(logp, rewards, mask):
    n = rewards.unique().numel()  # here
    return weighted(logp, rewards, mask) / n


ESCAPES = [numpy_array, numpy_float, percent, fraction, as_json, deep_copy, unique]


@pytest.mark.parametrize("f", ESCAPES, ids=lambda f: f.__name__)
def test_escapes_name_the_line(f):
    lines, first = inspect.getsourcelines(f)
    here = first + next(n for n, line in enumerate(lines) if "# here" in line)
    escapes = Subject(f.__name__, f).escapes(G, T)
    assert f"test_escapes.py:{here}" in [e.line for e in escapes], escapes


# -- random: poison that names the line ------------------------------------------------------------------------------


def dropped(logp, rewards, mask):
    return weighted(torch.nn.functional.dropout(logp, 0.5), rewards, mask)  # here


def noisy(logp, rewards, mask):
    return weighted(logp, rewards, mask) + (logp * torch.rand(G, T)).sum()  # here


def shuffled(logp, rewards, mask):
    return (logp * rewards[torch.randperm(G)][:, None]).sum()  # here


@pytest.mark.parametrize("f", [dropped, noisy, shuffled], ids=lambda f: f.__name__)
def test_random_numbers_poison(f):
    subject = Subject(f.__name__, f)
    lines, first = inspect.getsourcelines(f)
    here = first + next(n for n, line in enumerate(lines) if "# here" in line)
    out = subject.formula(Concrete(), {n: v.numpy() for n, v in drawn(G, T, 1).items()})
    assert f"test_escapes.py:{here}" in out.loss[()].reason
    assert all(isinstance(x, Poison) for x in out.gradient.ravel())


def test_random_numbers_of_python():
    """These are constants to the recorder; running again tells."""

    def loss(logp, rewards, mask):
        return weighted(logp, rewards, mask) * random.random()

    assert "do not reproduce" in reproduces(Subject("loss", loss), G, T)


# -- too much to explore ---------------------------------------------------------------------------------------------


def endless(logp, rewards, mask):
    x = rewards.abs().max().item()
    while x > 0.5:
        x = x / 2
    return weighted(logp, rewards, mask) * x


def every_token(logp, rewards, mask):
    return sum(2 * p if p > -0.5 else p for p in logp.flatten())


def large_boolean(logp, rewards, mask):
    return -(logp * rewards[:, None])[mask.bool()].mean()


@pytest.mark.parametrize("f, shape", [(endless, (2, 2)), (every_token, (3, 3)), (large_boolean, (4, 3))])
def test_too_many_paths(f, shape):
    with pytest.raises(TooManyPaths, match="test_escapes.py:"):
        Subject(f.__name__, f).paths(*shape)


def test_a_path_that_raises_has_no_value():
    def loss(logp, rewards, mask):
        if rewards.max() > 1:
            raise ValueError
        return weighted(logp, rewards, mask)

    subject = Subject("loss", loss)
    x = drawn(G, T, 1)
    x["rewards"] = torch.tensor([2.0, 0.0, 1.0], dtype=torch.float64)
    out = subject.formula(Concrete(), {n: v.numpy() for n, v in x.items()})
    assert isinstance(out.loss[()], Poison) and "ValueError" in out.loss[()].reason
