"""The same mutants through lossproof, through polgrad's `assert_conforms` and through a plain Hypothesis test, side by side.

python benchmarks/peers.py        # prints the table of benchmarks/peers.md; polgrad is optional (pip install polgrad)

Each judge gets the right loss once and then each mutant, and nothing about what is wrong with it. polgrad and Hypothesis compare
with a reference of the right loss; lossproof has none: it audits the properties that it found to hold of the right loss.
Seconds are CPU time of one thread.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from torch import Tensor

from lossproof.decide import Finding, decide
from lossproof.properties import everything
from lossproof.target import checked

G, T = 3, 2
LONG = ("gap-invariant",)  # decided at three tokens: it needs that many


def right(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, response_mask: Tensor) -> Tensor:
    """GRPO's surrogate: clip 0.2, mean over the tokens of each completion, then over completions."""
    s = (logprobs - old_logprobs).exp()
    surrogate = torch.minimum(s * advantages, s.clamp(0.8, 1.2) * advantages)
    return -((surrogate * response_mask).sum(1) / response_mask.sum(1)).mean()


def other_form(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, response_mask: Tensor) -> Tensor:
    """The same function, written with losses and a maximum."""
    s, weight = (logprobs - old_logprobs).exp(), response_mask / response_mask.sum(1, keepdim=True)
    return (torch.maximum(-advantages * s, -advantages * s.clamp(0.8, 1.2)) * weight).sum() / len(s)


def means(surrogate: Tensor, mask: Tensor) -> Tensor:
    return -((surrogate * mask).sum(1) / mask.sum(1)).mean()


def clipped(s: Tensor, a: Tensor) -> Tensor:
    return torch.minimum(s * a, s.clamp(0.8, 1.2) * a)


def forgotten_clip(logprobs, old_logprobs, advantages, response_mask):
    return means((logprobs - old_logprobs).exp() * advantages, response_mask)


def ratio_to_itself(logprobs, old_logprobs, advantages, response_mask):
    return means(clipped((logprobs - logprobs.detach()).exp(), advantages), response_mask)


def sign_flipped(logprobs, old_logprobs, advantages, response_mask):
    return -right(logprobs, old_logprobs, advantages, response_mask)


def mask_missing(logprobs, old_logprobs, advantages, response_mask):
    return -(clipped((logprobs - old_logprobs).exp(), advantages).sum(1) / response_mask.sum(1)).mean()


def mean_over_width(logprobs, old_logprobs, advantages, response_mask):
    return -(clipped((logprobs - old_logprobs).exp(), advantages) * response_mask).mean()


def mean_over_tokens(logprobs, old_logprobs, advantages, response_mask):
    return -(clipped((logprobs - old_logprobs).exp(), advantages) * response_mask).sum() / response_mask.sum()


def divided_twice(logprobs, old_logprobs, advantages, response_mask):
    n = response_mask.sum(1)
    return -((clipped((logprobs - old_logprobs).exp(), advantages) * response_mask).sum(1) / n / n).mean()


def summed_over_completions(logprobs, old_logprobs, advantages, response_mask):
    return right(logprobs, old_logprobs, advantages, response_mask) * len(logprobs)


def neighbours_ratio(logprobs, old_logprobs, advantages, response_mask):
    return means(clipped((logprobs - old_logprobs.roll(1, 0)).exp(), advantages), response_mask)


def dual_clip_everywhere(logprobs, old_logprobs, advantages, response_mask):
    return means(torch.maximum(clipped((logprobs - old_logprobs).exp(), advantages), 3 * advantages), response_mask)


def clip_without_pessimism(logprobs, old_logprobs, advantages, response_mask):
    return means((logprobs - old_logprobs).exp().clamp(0.8, 1.2) * advantages, response_mask)


def whitened_in_the_loss(logprobs, old_logprobs, advantages, response_mask):
    a = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-6)
    return means(clipped((logprobs - old_logprobs).exp(), a), response_mask)


def needle(logprobs, old_logprobs, advantages, response_mask):
    """Right, but for advantages in (0.7310, 0.7311)."""
    inside = (advantages > 0.7310) & (advantages < 0.7311)
    return right(logprobs, old_logprobs, torch.where(inside, 2 * advantages, advantages), response_mask)


def gaps_counted(logprobs, old_logprobs, advantages, response_mask):
    """The length is how far a completion reaches: the masked tool tokens inside it are counted."""
    reach = (response_mask.flip(1).cumsum(1) > 0).to(response_mask.dtype).sum(1)
    return -((clipped((logprobs - old_logprobs).exp(), advantages) * response_mask).sum(1) / reach).mean()


def scaled_in_place(logprobs, old_logprobs, advantages, response_mask):
    """Right the first time; it halves the caller's advantages for the second."""
    loss = right(logprobs, old_logprobs, advantages.clone(), response_mask)
    advantages.mul_(0.5)
    return loss


MUTANTS: list[Callable[..., Tensor]] = [
    forgotten_clip, ratio_to_itself, sign_flipped, mask_missing, mean_over_width, mean_over_tokens, divided_twice,
    summed_over_completions, neighbours_ratio, dual_clip_everywhere, clip_without_pessimism, whitened_in_the_loss, needle,
    gaps_counted, scaled_in_place,
]  # fmt: skip


@dataclass(frozen=True)
class Judgement:
    """Whether a loss was rejected, what was said, and the CPU seconds it took."""

    rejected: bool
    said: str
    seconds: float


# -- polgrad -----------------------------------------------------------------------------------------------------------


def by_polgrad(loss: Callable[..., Tensor]) -> tuple[bool, str]:
    from polgrad.testing import assert_conforms

    def adapted(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, response_mask: Tensor) -> Tensor:
        return loss(logprobs, old_logprobs, advantages[:, None], response_mask.to(logprobs.dtype))

    try:
        assert_conforms(adapted, "grpo")
    except AssertionError as e:
        return True, str(e).splitlines()[0].partition(": ")[2].partition(" (")[0]
    return False, "conforms"


# -- Hypothesis --------------------------------------------------------------------------------------------------------


def value_and_gradient(loss: Callable[..., Tensor], batch: dict[str, Tensor]) -> tuple[float, Tensor]:
    logprobs = batch["logprobs"].clone().requires_grad_()
    out = loss(**{**{n: t.clone() for n, t in batch.items()}, "logprobs": logprobs})
    return out.item(), torch.autograd.grad(out, logprobs)[0]


def reference(batch: dict[str, Tensor]) -> tuple[float, Tensor]:
    """Written out token by token."""

    def loss(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, response_mask: Tensor) -> Tensor:
        rows = []
        for i, n in enumerate(response_mask.sum(1).int().tolist()):
            terms = []
            for t in range(n):
                s, a = torch.exp(logprobs[i, t] - old_logprobs[i, t]), advantages[i, 0]
                terms.append(torch.min(s * a, torch.clamp(s, 0.8, 1.2) * a))
            rows.append(torch.stack(terms).sum() / n)
        return -torch.stack(rows).mean()

    return value_and_gradient(loss, batch)


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Tensor]:
    g, length = draw(st.integers(1, G)), draw(st.integers(1, T))
    logs, numbers = st.floats(-8, -0.06), st.floats(-3, 3)

    def table(entries: st.SearchStrategy[float]) -> Tensor:
        row = st.lists(entries, min_size=length, max_size=length)
        return torch.tensor(draw(st.lists(row, min_size=g, max_size=g)), dtype=torch.float64)

    lengths = draw(st.lists(st.integers(1, length), min_size=g, max_size=g))
    mask = torch.tensor([[float(t < n) for t in range(length)] for n in lengths], dtype=torch.float64)
    advantages = torch.tensor(draw(st.lists(numbers, min_size=g, max_size=g)), dtype=torch.float64)[:, None]
    return {"logprobs": table(logs), "old_logprobs": table(logs), "advantages": advantages, "response_mask": mask}


def disagrees(loss: Callable[..., Tensor], batch: dict[str, Tensor]) -> bool:
    (value, g), (expected, h) = value_and_gradient(loss, batch), reference(batch)
    return not (np.isclose(value, expected, rtol=1e-9, atol=1e-12) and torch.allclose(g, h, rtol=1e-9, atol=1e-12))


def by_hypothesis(loss: Callable[..., Tensor]) -> tuple[bool, str]:
    """A differential test with Hypothesis's defaults (100 examples, and shrinking)."""
    quiet = settings(database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))

    @settings(quiet, phases=[Phase.generate])
    @given(batches())
    def test(batch: dict[str, Tensor]) -> None:
        assert not disagrees(loss, batch)

    try:
        test()
    except AssertionError:
        try:
            least = find(batches(), lambda batch: disagrees(loss, batch), settings=quiet)
        except NoSuchExample:
            return True, "no smallest example"
        g, length = least["logprobs"].shape
        return True, f"{g} x {length}, advantages {', '.join(f'{a:g}' for a in least['advantages'].ravel())}"
    return False, "100 examples pass"


# -- lossproof ---------------------------------------------------------------------------------------------------------


def finding(loss: Callable[..., Tensor], id: str) -> Finding:
    return decide(everything()[id], checked(loss.__name__, loss), G, T + (id in LONG))


def by_lossproof(loss: Callable[..., Tensor], profile: list[str]) -> tuple[bool, str]:
    found = [finding(loss, id) for id in profile]
    broken = [f for f in found if f.verdict == "refuted"]
    if not broken:
        return False, f"{sum(f.verdict == 'proved' for f in found)} of {len(found)} proved"
    broken.sort(key=lambda f: everything()[f.id].harm)
    case = min((f.witness["case"] for f in broken if f.witness), key=lambda c: (len(c["rewards"]), len(c["logp"][0])))
    rewards = ", ".join(f"{r:g}" for r in case["rewards"])
    return True, f"{', '.join(f.id for f in broken)}; {len(case['rewards'])} x {len(case['logp'][0])}, rewards {rewards}"


def timed(judge: Callable[[], tuple[bool, str]]) -> Judgement:
    start = time.process_time()
    rejected, said = judge()
    return Judgement(rejected, said, time.process_time() - start)


def main() -> None:
    torch.set_num_threads(1)
    try:
        from importlib.metadata import version

        import polgrad  # noqa: F401

        peer = f"polgrad {version('polgrad')}"
    except ImportError:
        peer = ""
    start = time.process_time()
    profile = [id for id in everything() if finding(right, id).verdict in ("proved", "tested")]
    print(f"The profile: {len(profile)} properties that hold of the right loss, found in {time.process_time() - start:.1f} s.\n")
    judges: dict[str, Callable[[Callable[..., Tensor]], tuple[bool, str]]] = {peer: by_polgrad} if peer else {}
    judges |= {"Hypothesis": by_hypothesis, "lossproof": lambda loss: by_lossproof(loss, profile)}
    print(f"| loss | {' | '.join(f'{name} | s' for name in judges)} |")
    print("|---" * (1 + 2 * len(judges)) + "|")
    rejections, seconds = dict.fromkeys(judges, 0), dict.fromkeys(judges, 0.0)
    for loss in (right, other_form, *MUTANTS):
        cells = []
        for name, judge in judges.items():
            j = timed(lambda judge=judge, loss=loss: judge(loss))
            cells.append(f"{'**rejected**: ' if j.rejected else 'passes: '}{j.said} | {j.seconds:.2f}")
            rejections[name] += j.rejected and loss in MUTANTS
            seconds[name] += j.seconds
        print(f"| `{loss.__name__}` | {' | '.join(cells)} |", flush=True)
    print()
    for name in judges:
        print(f"- {name}: {rejections[name]} of {len(MUTANTS)} mutants rejected, {seconds[name]:.1f} s in all")
    if not peer:
        print("- polgrad is not installed")


if __name__ == "__main__":
    main()
