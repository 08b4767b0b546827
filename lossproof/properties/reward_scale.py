"""reward-shift-invariant, reward-scale-invariant, reward-scale-linear: what a change of reward units does to the gradient."""

from typing import Any

from ..world import Claim
from . import Property


def shifted(w: Any) -> list[Claim]:
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    moved = x.but(rewards=x.rewards + w.scalar("c"))
    return w.same_gradient(w.gradient(moved), w.gradient(x), "g(r + c) and g(r)")


def scaled(w: Any) -> tuple[Any, Any, Any]:
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    phi = w.scalar("phi", positive=True)
    return w.gradient(x.but(rewards=x.rewards * phi)), w.gradient(x), phi


def invariant(w: Any) -> list[Claim]:
    at_scale, g, _ = scaled(w)
    return w.same_gradient(at_scale, g, "g(phi r) and g(r)")


def linear(w: Any) -> list[Claim]:
    at_scale, g, phi = scaled(w)
    return w.same_gradient(at_scale, g * phi, "g(phi r) and phi g(r)")


PROPERTY = [
    Property("reward-shift-invariant", "g(r + c) = g(r) for every c", shifted, harm=35),
    Property("reward-scale-invariant", "g(phi r) = g(r) for every phi > 0 (ref_logp free)", invariant, harm=60),
    Property("reward-scale-linear", "g(phi r) = phi g(r) for every phi > 0 (ref_logp free)", linear, harm=61),
]
