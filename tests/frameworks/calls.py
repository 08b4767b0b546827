"""How the tests call a target: the loss and g = -dloss/dlogp on one input."""

import inspect

import torch

from lossproof.target import function


def call(target, x):
    f = function(target)
    given = {n: x[n].clone().requires_grad_(n == "logp") for n in inspect.signature(f).parameters}
    loss = f(**given)
    (g,) = torch.autograd.grad(loss, given["logp"])
    return loss.detach(), -g


def same(a, b, rtol=1e-12):
    return torch.allclose(torch.as_tensor(a), torch.as_tensor(b), rtol=rtol, atol=1e-12)
