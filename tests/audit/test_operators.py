"""Every operator, in every meaning, against torch: value and gradient, on inputs and masks it was not recorded on.

The second input is full of ties (small integers and halves), so that the tie rules of autograd are compared too.
Tolerance: at most 100 rounded operations on numbers below 100, u = 2**-53: about 1e-12 absolute.
"""

from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from flint import arb

from lossproof.interpret import combine, interpret
from lossproof.meanings.concrete import Concrete, Rational
from lossproof.meanings.exact import Exact
from lossproof.meanings.interval import Interval
from lossproof.operators import TABLE, Poison
from lossproof.trace import explore
from theory.evaluate import Env, value
from theory.kernel import var

torch.set_num_threads(1)
ATOL = 1e-11


def inplace(x, m):
    x = x * 1
    x[:, 0] += x[:, 1]
    x[1:, ::2] *= 2
    x[0] = 3.0
    x.masked_fill_(m == 0, 0.5)
    x[:, -1].clamp_(min=0.25)
    x.view(-1)[2:5].neg_()
    x.t()[1].add_(x[0, 0].detach())
    return x


def put(x, m):
    y = x * 2
    y = y.index_put((torch.tensor([0, 2]), torch.tensor([1, 1])), x[0, :2])
    y = y.index_put((torch.tensor([0, 0]), torch.tensor([1, 1])), x[1, :2], accumulate=True)
    y[m == 0] = 1.5
    y[torch.tensor([1, 0])] = x[:2] * 3
    return y


def metadata(x, m):
    y = (x * 1).unsqueeze_(0).squeeze_(0)
    y.t_()
    y += 1
    y.transpose_(0, 1)
    return y * x


def buffers(x, m):
    y = torch.empty(3, 4, dtype=torch.float64)
    y.zero_()
    y.copy_(x.detach()).fill_diagonal_(2.0)
    z = x.new_empty(3, 4).fill_(0.5)
    z.copy_(m)
    return x * y + z + torch.empty_like(x).copy_(x[0])


I3 = torch.tensor([[0, 1, 1, 3], [3, 2, 0, 0], [1, 1, 1, 1]])
B = torch.tensor([[True, False, True, True], [False, True, True, False], [True, True, False, False]])
INF = float("inf")

REAL = {
    "arithmetic": lambda x, m: x + 2 * x - x / 4 - (3 - x) + x * m
    + torch.add(x, m, alpha=0.5) - torch.rsub(x, m, alpha=2),
    "neg_square": lambda x, m: -x.square() + x**3 - x**0 + x.pow(2.0),
    "exp": lambda x, m: x.exp() + x.expm1() + torch.exp2(x / 2),
    "sigmoid": lambda x, m: x.sigmoid() * x.tanh() + F.silu(x),
    "softplus": lambda x, m: F.softplus(x) + F.softplus(x, beta=2.0) + F.logsigmoid(x) + F.logsigmoid(-x),
    "minmax": lambda x, m: torch.minimum(x, x.flip(0)) + torch.maximum(x, m) + torch.min(x, m) + torch.max(x, -x),
    "fminmax": lambda x, m: torch.fmin(x, x.flip(1)) + torch.fmax(x, m),
    "clamp": lambda x, m: x.clamp(-0.5, 0.5) + x.clamp(min=0) + x.clamp(max=1) + torch.clamp(x, m - 1, m)
    + x.clamp(1, 1),
    "clamp_to": lambda x, m: torch.clamp_min(x, 0.5) + torch.clamp_max(x, m) + torch.clamp_min(x, m),
    "abs": lambda x, m: x.abs() + x.sign() + torch.sgn(x) + (x - m).abs(),
    "relu": lambda x, m: F.relu(x) + F.hardtanh(x) + F.leaky_relu(x, 0.1) + F.threshold(x, 0.5, 0.0) + F.relu6(x),
    "where": lambda x, m: torch.where(x > 0, x, -2 * x) + torch.where(m == 0, 0.0, x) + torch.where(m > 0, x, 1.0),
    "masked_fill": lambda x, m: x.masked_fill(m == 0, 2.0) + x.masked_fill(x < 0, -1.0)
    + x.masked_fill(B, x[0, 0].detach()),
    "compare": lambda x, m: x * ((x <= 0.5).double() + (x >= m) + (x == 0) + (x != 1).to(x.dtype) + (x < m).long() + (x > 1)),
    "logical": lambda x, m: x * ((x > 0) & B | (m == 0) ^ B) + x * (~(x > 1)) + x * torch.logical_and(x, m)
    + x * torch.logical_or(x, m).logical_not() + x * torch.logical_xor(x, m),
    "bitwise": lambda x, m: x * torch.bitwise_and(x > 0, B) + x * torch.bitwise_or(x > 0, B)
    + x * torch.bitwise_not(x > 0)
    + x * torch.bitwise_xor(x > 0, B) + x * (~m.long()),
    "finite": lambda x, m: torch.where(torch.isfinite(x) & ~x.isnan() & ~x.isinf(), x, 0.0)
    + torch.nan_to_num(x, 0.0),
    "sum": lambda x, m: x.sum() + x.sum(1) [0] + x.sum(dim=(0, 1), keepdim=True) + x.sum(-1, keepdim=True)
    + (x * m).nansum(0),
    "mean": lambda x, m: x.mean() + x.mean(-1, keepdim=True) + x.mean((0, 1))
    + (x * m).sum(1, keepdim=True) / m.sum(1, True),
    "prod": lambda x, m: (x + 5).prod(1, keepdim=True) + (x[0] + 6).prod() + x.detach().cumprod(-1),
    "amax": lambda x, m: x.amax(1, keepdim=True) + x.amin(0) + x.amax() + x.max() - x.min() + x.amax((0, 1)),
    "max_dim": lambda x, m: x + x.detach().max(1, keepdim=True).values + x.detach().min(-2).values,
    "aminmax": lambda x, m: x + sum(torch.aminmax(x.detach())) + torch.aminmax(x.detach(), dim=0).max,
    "any_all": lambda x, m: x * (x > 0).any(1, keepdim=True) + x * (m > 0).all(0) + x * (x > 5).any() + x * B.all(),
    "count": lambda x, m: x * torch.count_nonzero(m, 1)[:, None] + x * torch.count_nonzero(x > 0),
    "logsumexp": lambda x, m: x.logsumexp(1, keepdim=True) + torch.logaddexp(x, m) + x.logsumexp((0, 1)),
    "softmax": lambda x, m: x.softmax(1) + F.log_softmax(x, dim=0) * 2 + F.softmin(x, -1),
    "cumsum": lambda x, m: x.cumsum(1) + m.cumsum(0) * x + x.flip(-1).cumsum(-1).flip(-1) + x[0].cumsum(0),
    "dot": lambda x, m: x * torch.dot(x[0], m[0]) + x @ x.t() @ m + torch.mv(x, m[1])[:, None],
    "einsum": lambda x, m: torch.einsum("gt,gt->g", x, m)[:, None] * x + torch.einsum("ij,kj->ik", x, m) @ x,
    "bmm": lambda x, m: torch.bmm(x[None], m.t()[None])[0] @ x
    + torch.baddbmm(x[None], x[None, :, :3], x[None], beta=2, alpha=3)[0],
    "addmm": lambda x, m: torch.addmm(x, x[:, :3], m[:3], beta=0.5, alpha=2.0) + F.linear(x, x.t() @ m),
    "outer": lambda x, m: torch.outer(x[0, :3], m[0]) + x,
    "gather": lambda x, m: x.gather(1, I3) + torch.take_along_dim(x, I3, 1) + x.take(I3) + x.index_select(1, I3[0]),
    "index": lambda x, m: x[:, [1, 0, 0, 2]] + x[I3[:, 0] % 3] + x[None, :, -1].t()
    + x[torch.tensor([2, 0, 0]), torch.tensor([1, 1, 3])][:, None],
    "scatter": lambda x, m: torch.zeros_like(x).scatter(1, I3[:, :1], x[:, :1])
    + torch.zeros_like(x).scatter_add(1, I3, x)
    + x.scatter(0, I3[:1] % 3, 2.5),
    "index_add": lambda x, m: x.index_add(0, torch.tensor([2, 0]), x[:2], alpha=2)
    + x.index_fill(1, torch.tensor([1]), 4.0)
    + x[0].index_add(0, torch.tensor([1, 1]), x[1, :2]) + x.index_copy(0, torch.tensor([1, 0]), x[1:]),
    "put": put,
    "topk": lambda x, m: x * x.detach().topk(2, 0).values[1] + x * x.detach().topk(3, largest=False).values[:, :1]
    + x * m.topk(2).values[:, 1:],
    "bincount": lambda x, m: x * torch.bincount(I3[1])[:4] + x * torch.bincount(I3[0], weights=x.detach()[1], minlength=4),
    "cat": lambda x, m: torch.cat([x, m], 1)[:, ::2] + torch.stack([x, m], 1)[:, 0]
    + torch.hstack([m[:, :2], x[:, :2]]),
    "pad": lambda x, m: F.pad(x, (1, -1)) + F.pad(x[:, :2], (0, 2, 1, -1), value=2.0) + x.roll(1, 1) + x.roll(2),
    "repeat": lambda x, m: x[:, :2].repeat(1, 2) + x[:, :2].repeat_interleave(2, 1) + x[:1].repeat(3, 1)
    + x[:, :1].tile(4),
    "triangle": lambda x, m: x.tril() + x.triu(1) + x.tril(-1) + x * torch.eye(3, 4, dtype=x.dtype),
    "expand": lambda x, m: x[:, :1].expand(-1, 4).sum(0) + x + x[0].expand(2, 3, 4).mean(0) + x[0, 0].expand_as(x),
    "views": lambda x, m: x.t().reshape(2, 6).view(3, 4) + x.unflatten(1, (2, 2)).flatten(1) + x.diagonal().sum()
    + torch.cat(x.chunk(2, -1)[::-1], 1) + torch.stack(x.unbind(0)) + x.permute(1, 0).mT
    + x.as_strided((3, 4), (4, 1)) + x.movedim(0, 1).t(),
    "inplace": inplace,
    "metadata": metadata,
    "buffers": buffers,
    "casts": lambda x, m: x * (x > 0).float().double() + x * m.bool().int() + x * m.long()
    + x * (m * 2).round().to(torch.int64)
    + x * (x > 0).to(x) + x * m.floor() + x * m.ceil().trunc() + x * m.sum().type(torch.int32),
    "integers": lambda x, m: x * (m.sum() * 6 // 1) + x * (torch.tensor(7) // 2) + x * torch.arange(4)
    + x * torch.arange(1, 9, 2),
    "constants": lambda x, m: x * torch.ones(4, dtype=x.dtype) + torch.full((3, 1), 0.1, dtype=x.dtype)
    + x.new_tensor([1.0, 2, 3, 4])
    + x.new_zeros(4) + x.new_ones(4) + x.new_full((4,), 0.3) + torch.full_like(x, 2) + torch.zeros(4)
    + torch.scalar_tensor(2.0, dtype=x.dtype),
    "infinite": lambda x, m: x.clamp(-INF, INF) + torch.minimum(x, torch.tensor(INF))
    + torch.nan_to_num(torch.tensor(INF), posinf=2.0) * x
    + x.masked_fill(~B, -INF).logsumexp(1, keepdim=True) + x.masked_fill(~B, -INF).amax(1).detach()[:, None],
    "mse": lambda x, m: F.mse_loss(x, m) + F.mse_loss(x, m, reduction="sum") * x + F.mse_loss(x, m, reduction="none"),
    "combined": lambda x, m: torch.addcmul(x, x, m, value=2) + torch.addcdiv(x, x, m + 1, value=0.5)
    + torch.lerp(x, m, 0.3)
    + torch.lerp(x, m, m),
    "var": lambda x, m: x.var() + x.var(1, correction=0, keepdim=True) + torch.var_mean(x, 0)[1]
    + x.var(0, unbiased=False),
    "norm1": lambda x, m: torch.linalg.vector_norm(x, 1) + x.norm(p=1, dim=1, keepdim=True)
    + torch.linalg.vector_norm(x.detach(), INF)
    + torch.linalg.vector_norm(m, 0, dim=1, keepdim=True),
    "xlogy": lambda x, m: torch.xlogy(m, m + 1) + torch.xlogy(m, 2.0) * x,
    "detach": lambda x, m: x * x.detach() + (x - x.detach()).exp() + x.data.clone() * x,
}  # fmt: skip
POSITIVE = {
    "log": lambda x, m: x.log() + x.log1p() + x.log2() + x.log10() + torch.xlogy(x, x),
    "roots": lambda x, m: x.sqrt() + x.rsqrt() + x**0.5 + x**-1.5 + x**1.3 + x.pow(m + 1) + 2.0**x + x.reciprocal()
    + 1 / x,
    "power": lambda x, m: torch.pow(x, -2) + torch.pow(x, x),
    "std": lambda x, m: (x * I3).std() + (x * I3).std(1, keepdim=True, correction=0) + torch.std_mean(x * I3, 0)[0],
    "norm": lambda x, m: x.norm() + x.norm(dim=-1, keepdim=True) + torch.linalg.vector_norm(x, 3)
    + F.normalize(x, dim=1),
    "masked_mean": lambda x, m: (x * m).sum(-1, keepdim=True) / m.sum(-1, keepdim=True).clamp(min=1.0)
    + x.log() / m.sum(),
}  # fmt: skip
CASES = {**{n: (f, False) for n, f in REAL.items()}, **{n: (f, True) for n, f in POSITIVE.items()}}


def sample(seed, positive):
    """Inputs (3, 4) and a mask; seed 2 is a grid full of ties."""
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(3, 4, generator=g, dtype=torch.float64) * 4 - 2
    if seed == 2:
        x = (x * 1.5).round() / 2
    if positive:
        x = x.abs() + 0.5
    m = (torch.arange(4)[None] < torch.tensor([[4, 4, 4], [2, 4, 1], [1, 3, 4]][seed % 3])[:, None]).double()
    return {"x": x, "m": m}


def weighted(f):
    weights = torch.linspace(0.3, 1.7, 12, dtype=torch.float64).reshape(3, 4)

    def loss(x, m):
        out = f(x, m)
        return (out.expand(3, 4) * weights).sum()

    return loss


@pytest.fixture(scope="module")
def traces():
    return {name: explore(weighted(f), sample(0, positive), "x") for name, (f, positive) in CASES.items()}


def truth(f, x):
    fresh = {n: t.clone().requires_grad_(n == "x") for n, t in x.items()}
    loss = weighted(f)(**fresh)
    return loss.item(), torch.autograd.grad(loss, fresh["x"])[0].numpy()


def run(paths, x, meaning, number):
    arrays = {n: np.frompyfunc(number, 1, 1)(t.numpy()) for n, t in x.items()}
    out = combine(meaning, [interpret(t, arrays, meaning) for t in paths])
    return out.loss[()], out.gradient


def entries(loss, gradient):
    return [loss, *gradient.reshape(-1)]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_concrete(traces, name, seed):
    f, positive = CASES[name]
    assert not any(t.escapes for t in traces[name])
    x = sample(seed, positive)
    loss, gradient = truth(f, x)
    for a, b in zip(entries(*run(traces[name], x, Concrete(), float)), entries(loss, gradient), strict=True):
        assert not isinstance(a, Poison), a.reason
        assert float(a) == pytest.approx(b, rel=1e-11, abs=ATOL)


@pytest.mark.parametrize("name", CASES)
def test_interval(traces, name):
    f, positive = CASES[name]
    x = sample(1, positive)
    loss, gradient = truth(f, x)
    for a, b in zip(entries(*run(traces[name], x, Interval(), arb)), entries(loss, gradient), strict=True):
        assert not isinstance(a, Poison), a.reason
        assert (a + arb(0, 1e-11 * max(1, abs(b)))).contains(arb(float(b)))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_exact(traces, name, seed):
    f, positive = CASES[name]
    x = sample(seed, positive)
    arrays, env = {}, {}
    for n, t in x.items():
        arrays[n] = np.empty(t.shape, dtype=object)
        for at in np.ndindex(*t.shape):
            symbol = f"{n}_{at[0]}_{at[1]}"
            arrays[n][at] = var(symbol, "Z" if n == "m" else "R")
            env[symbol] = Fraction(float(t[at]))
    meaning = Exact()
    out = combine(meaning, [interpret(t, arrays, meaning) for t in traces[name]])
    loss, gradient = truth(f, x)
    where = Env(env)
    for a, b in zip(entries(out.loss[()], out.gradient), entries(loss, gradient), strict=True):
        assert not isinstance(a, Poison), a.reason
        q = value(a, where)
        q = float(q) if isinstance(q, Fraction) else float(q.mid())
        assert q == pytest.approx(b, rel=1e-11, abs=ATOL)


def test_rational(traces):
    """Fractions in, fractions out, equal to torch; what is irrational is refused, and some operators stay rational."""
    rational = set()
    for name, (f, positive) in CASES.items():
        x = sample(2, positive)
        loss, gradient = truth(f, x)
        for a, b in zip(entries(*run(traces[name], x, Rational(), Fraction)), entries(loss, gradient), strict=True):
            if not isinstance(a, Poison):
                assert isinstance(a, Fraction) or a in (True, False), (name, a)
                assert float(a) == pytest.approx(b, rel=1e-11, abs=ATOL)
                rational.add(name)
    assert rational > {"arithmetic", "minmax", "clamp", "inplace", "put", "gather", "cumsum", "var", "where", "masked_fill"}


def test_every_operator_is_tested(traces):
    """Each entry of the table is an operator that some case above records."""
    seen = set()
    for paths in traces.values():
        for call in (c for t in paths for c in t.calls):
            name = call.func.overloadpacket.__name__
            plain = name[:-1] if call.func._schema.is_mutable and name.endswith("_") else name
            full = f"{plain}.{call.func._overloadname}"
            seen.add(full if full in TABLE else plain)
    assert set(TABLE) - seen == set()


def test_the_place_of_an_extremum_is_known_but_for_ties():
    def loss(x, m):
        return (x * x.detach().topk(2, 1).indices.double().sum()).sum()

    (trace,) = explore(loss, sample(0, False), "x")
    x = sample(1, False)
    assert run([trace], x, Concrete(), float)[0] == pytest.approx(float(loss(**x)), rel=1e-12)
    x["x"][0] = 1.0  # any two of four
    tied = run([trace], x, Concrete(), float)[0]
    assert isinstance(tied, Poison) or not np.isfinite(float(tied))


def test_unknown_operator_reaches_only_what_depends_on_it():
    def loss(x, m):
        bad = torch.i0(x[:, :1].detach())
        return (x[:, 1:] * m[:, 1:]).sum() + (x[:, :1] * bad).sum()

    (trace,) = explore(loss, sample(0, False), "x")
    value_, gradient = run([trace], sample(1, False), Concrete(), float)
    assert "aten.i0" in value_.reason
    assert all("aten.i0" in x.reason for x in gradient[:, 0])
    assert gradient[:, 1:].astype(float).tolist() == sample(1, False)["m"][:, 1:].tolist()


def test_an_operator_that_writes_elsewhere_poisons_what_it_writes():
    def loss(x, m):
        y = m * 1
        torch._foreach_add_([y], 1.0)
        return (x * y).sum()

    (trace,) = explore(loss, sample(0, False), "x")
    assert isinstance(run([trace], sample(1, False), Concrete(), float)[0], Poison)
