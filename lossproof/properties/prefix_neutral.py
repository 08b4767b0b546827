"""prefix-neutral: a token that all completions share gets no net weight (Fontana et al., Prop. 1 and B.2, case 1.iii)."""

from typing import Any

from ..world import Claim
from . import Property


def shared(logp: Any) -> Any:
    """Column 0 replaced by its first entry: all completions share their first token."""
    out = logp.copy()
    out[:, 0] = logp[0, 0]
    return out


def inputs(w: Any) -> Any:
    """Inputs whose first token is the same one; a step of diffusion masks it in all completions or in none."""
    x = w.inputs()
    return x if x.masked is None else x.but(masked=shared(x.masked))


def on_policy(w: Any) -> list[Claim]:
    x = inputs(w)
    w.not_all_equal(x.rewards)
    g = w.gradient(x.but(logp=shared(x.logp)).on_policy())
    return [w.equal(g[:, 0].sum(), 0, "the weights of the shared first token sum to")]


def off_policy(w: Any) -> list[Claim]:
    x = inputs(w)
    w.not_all_equal(x.rewards)
    logp = shared(x.logp)
    g = w.gradient(x.but(logp=logp, ref_logp=logp, old_logp=shared(x.old_logp)))
    return [w.equal(g[:, 0].sum(), 0, "the weights of the shared first token sum to")]


PROPERTY = [
    Property(
        "prefix-neutral",
        "on policy, when all completions share their first token: the weights g[i,0] sum to 0",
        on_policy,
        harm=10,
    ),
    Property(
        "prefix-neutral-off-policy",
        "for any logp, old_logp that agree on column 0: the weights g[i,0] sum to 0",
        off_policy,
        harm=30,
    ),
]
