"""Recordings reproduce the function, value and gradient, on inputs and masks they were not recorded on."""

import numpy as np
import pytest
import torch

from lossproof.interpret import combine, interpret
from lossproof.meanings.concrete import Concrete
from lossproof.meanings.exact import Exact
from lossproof.reproduces import drawn, reproduces
from lossproof.subject import Subject, example
from lossproof.trace import explore
from numerics import objectives
from theory.kernel import num

torch.set_num_threads(1)


@pytest.mark.parametrize("name", objectives.names())
@pytest.mark.parametrize("shape", [(2, 1), (4, 3), (5, 4)], ids=str)
def test_built_ins(name, shape):
    subject = Subject(name, objectives.load(name))
    assert reproduces(subject, *shape) == ""
    assert subject.escapes(*shape) == []
    x = drawn(*shape, seed=5)
    out = subject.formula(Concrete(), {n: v.numpy() for n, v in x.items()})
    loss, gradient = subject.run(x)
    assert float(out.loss[()]) == pytest.approx(loss.item(), rel=1e-11, abs=1e-13)
    for a, b in zip(out.gradient.ravel(), gradient.reshape(-1).tolist(), strict=True):
        assert -float(a) == pytest.approx(b, rel=1e-11, abs=1e-13)


class Doubled(torch.autograd.Function):
    """x squared, with a backward of its own that is not its derivative."""

    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.clamp(max=0) * ctx.scale, None


class Inside(torch.autograd.Function):
    """The gradient is computed in forward, with nested transforms, chunk by chunk, as fused linear losses do."""

    @staticmethod
    def forward(ctx, logp, advantages, mask):
        def chunk(p, a, m):
            return -(torch.exp(p - p.detach()) * a * m).sum() / mask.sum()

        grads, total = torch.zeros_like(logp), 0.0
        for i in range(0, logp.shape[0], 2):
            part = slice(i, i + 2)
            g, value = torch.func.grad_and_value(chunk)(logp[part], advantages[part], mask[part])
            grads[part].add_(g)
            total = total + value
        ctx.save_for_backward(grads)
        return total

    @staticmethod
    def backward(ctx, g):
        return ctx.saved_tensors[0] * g, None, None


WEIGHTS = torch.linspace(0.5, 1.5, 4, dtype=torch.float64)


@torch.compile
def compiled_ratio(logp, old_logp):
    return torch.exp(logp - old_logp).clamp(0.8, 1.2)


def custom_function(logp, advantages, mask):
    return -(Doubled.apply(logp, 3.0) * advantages * mask).sum()


def gradient_in_forward(logp, advantages, mask):
    return Inside.apply(logp, advantages, mask)


def mapped_over_rows(logp, advantages, mask):
    def one(p, a, m):
        return (torch.exp(p - p.detach()) * a * m).sum() / m.sum()

    return -torch.func.vmap(one)(logp, advantages, mask).mean()


def compiled_helper(logp, old_logp, advantages, mask):
    return -(compiled_ratio(logp, old_logp) * advantages * mask).sum() / mask.sum()


def compiled_inside(logp, advantages, mask):
    return -torch.compile(lambda p: (p * advantages * mask).sum())(logp)


def in_place(logp, advantages, mask):
    out = (logp * advantages).clone()
    out[:, 0] += 1
    rows = out.view(-1)
    rows.mul_(2)
    out.t()[0].masked_fill_(advantages[:, 0] < 0, 3.0)
    out[mask == 0] = 0.0
    return -out.sum()


def closed_over(logp, advantages, mask):
    return -(logp * WEIGHTS[: logp.shape[0], None].flip(0) * advantages * mask).sum() + WEIGHTS[1:3].t().sum()


def not_contiguous(logp, old_logp, advantages, mask):
    ratio = (logp.t() - old_logp.t()).exp()
    return -(ratio[::1].contiguous().t()[:, ::2] * mask.t().t()[:, ::2] * advantages).sum()


def checkpointed(logp, advantages, mask):
    from torch.utils.checkpoint import checkpoint

    return -checkpoint(lambda p: (p.exp() * advantages * mask).sum(), logp, use_reentrant=False)


def module(logp, advantages, mask):
    return torch.nn.Sequential(torch.nn.Softplus(), torch.nn.Tanh()).double()(logp * advantages).mul(mask).mean().neg()


def constant_on_one_side(logp, advantages, mask):
    return (logp * mask).sum() if advantages.max() > 0.4 else torch.tensor(2.0, dtype=torch.float64)


FUNCTIONS = [
    custom_function, gradient_in_forward, mapped_over_rows, compiled_helper, compiled_inside, in_place, closed_over,
    not_contiguous, checkpointed, module, constant_on_one_side,
]  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_follows(f):
    subject = Subject(f.__name__, f)
    before = subject.run(drawn(4, 3, 9))
    assert [e.what for e in subject.escapes(4, 3)] == []
    assert reproduces(subject, 4, 3, trials=6) == ""
    after = subject.run(drawn(4, 3, 9))
    assert torch.equal(before[0], after[0]) and torch.equal(before[1], after[1])
    x = drawn(4, 3, 2)
    out = subject.formula(Concrete(), {n: v.numpy() for n, v in x.items()})
    assert float(out.loss[()]) == pytest.approx(subject.run(x)[0].item(), rel=1e-12)
    assert -out.gradient.astype(float) == pytest.approx(subject.run(x)[1].numpy(), rel=1e-12, abs=1e-14)


def test_recording_changes_nothing():
    x = example(3, 2)
    kept = {n: t.clone() for n, t in x.items()}
    weights = WEIGHTS.clone()
    given = {n: x[n] for n in ("logp", "rewards", "mask")}
    first, second = (explore(lambda logp, rewards, mask: in_place(logp, rewards[:, None], mask), given) for _ in range(2))
    assert [str(c.func) for c in first[0].calls] == [str(c.func) for c in second[0].calls]
    assert all(torch.equal(x[n], kept[n]) for n in x) and torch.equal(weights, WEIGHTS)
    assert not any(t.requires_grad for t in x.values())


def test_the_compiler_is_not_imported():
    """Importing torch._dynamo takes longer than everything else."""
    import subprocess
    import sys

    code = (
        "import sys, torch; from numerics import objectives; from lossproof.subject import Subject\n"
        "Subject('grpo', objectives.load('grpo')).paths(4, 3); sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_reproduces_catches_a_baked_constant():
    """A number that is read back from its own text is the one way out of tensors that is not followed."""

    def sneaky(logp, rewards, mask):
        return -(logp * rewards[:, None] * mask).sum() / float(f"{mask.sum().item()}")

    subject = Subject("sneaky", sneaky)
    assert subject.escapes(3, 3) == []
    assert "do not reproduce" in reproduces(subject, 3, 3)


# -- what no input reaches ---------------------------------------------------------------------------------------------


def test_numbers_that_no_input_reaches_are_plain_numbers():
    """Prompt ids as Python integers, a NumPy array, a branch: no escape and one path. The same of data is neither."""
    ids = torch.tensor([0, 0, 1])

    def by_prompt(logp, mask):
        sizes = {g: sum(1 for h in ids.tolist() if int(h) == g) for g in sorted({int(h) for h in ids.tolist()})}
        weights = torch.from_numpy(ids.numpy() * 1.0) + 1
        if ids.max() > 0:
            weights = weights * len(sizes)
        return (logp * mask * weights[:, None]).sum() / sizes[0]

    x = {"logp": -torch.rand(3, 2, dtype=torch.float64), "mask": torch.ones(3, 2, dtype=torch.float64)}
    (trace,) = explore(by_prompt, x)
    assert not trace.escapes and not trace.decisions

    def by_data(logp, mask):
        return (logp * torch.from_numpy(mask.numpy())).sum()

    assert explore(by_data, x)[0].escapes
    assert len(explore(lambda logp, mask: logp.sum() * (2 if mask.max() > 0 else 1), x)) == 2


def test_what_is_written_or_random_is_not_a_plain_number():
    x = {"logp": -torch.rand(3, 2, dtype=torch.float64), "mask": torch.ones(3, 2, dtype=torch.float64)}

    def written(logp, mask):
        total = torch.zeros(1, dtype=torch.float64)
        total += mask.sum()
        return logp.sum() * (2 if total > 3 else 1)

    def drawn(logp, mask):
        return logp.sum() * (2 if torch.rand(()) > 0.5 else 1)

    def counted(logp, mask):
        return logp.sum() * (2 if torch.bincount(mask.long().reshape(-1), minlength=2)[0] > 0 else 1)

    for loss in (written, drawn, counted):
        traces = explore(loss, x)
        assert len(traces) == 2 or traces[0].escapes


def test_a_branch_that_changes_nothing_needs_no_condition():
    """The condition is 0/0 for a completion without tokens: as both sides give the same, the value is there."""

    def loss(logp, mask):
        rate = (mask[:, 1] / mask.sum(1)).mean()
        noted = "high" if rate > 0.5 else "low"
        return (logp * mask).sum() * len([noted])

    x = {"logp": -torch.rand(2, 2, dtype=torch.float64), "mask": torch.ones(2, 2, dtype=torch.float64)}
    paths = explore(loss, x)
    assert len(paths) == 2
    meaning = Exact()
    mask = np.array([[num(0), num(0)], [num(1), num(1)]], dtype=object)
    out = combine(meaning, [interpret(t, {"logp": x["logp"].numpy(), "mask": mask}, meaning) for t in paths])
    assert out.gradient.tolist() == [[num(0), num(0)], [num(1), num(1)]]
