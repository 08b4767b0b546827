"""trust-region-kept: do real AdamW steps stay inside the clip bounds? (Fontana et al., Prop. 3 and 7)"""

from typing import Any

import torch

from numerics.groups import Group, first_token_reward, score_group
from numerics.optimizers import adamw, inner_loop
from numerics.policies import Completions, TabularPolicy

from ..decide import Finding
from ..subject import NotApplicable, Subject, estimate
from . import Property
from .clip import bounds

STEPS, RATE, BETAS = 8, 0.05, (0.9, 0.999)


def predicted(high: float) -> float:
    """The ratio of one rewarded token of two under the paper's idealisation: Adam moves each logit by the rate while the
    token is inside the clip, and by Eq. 36's decaying share of it afterwards."""
    logit, ratio, crossed, share = 0.0, 1.0, -1, 1.0
    for t in range(1, STEPS + 1):
        if ratio > high and crossed < 0:
            crossed = t
        if crossed > 0:
            b1, b2 = BETAS
            k, last = t - crossed, crossed
            share = b1 ** (k + 1) * (1 - b1 ** (last - 1)) / (1 - b1 ** (last + k))
            share *= ((1 - b2 ** (last + k)) / (b2 ** (k + 1) * (1 - b2 ** (last - 1)))) ** 0.5
        logit += RATE * share
        ratio = 2 / (1 + 2.718281828459045 ** (-2 * logit))
    return ratio


def objective_of(subject: Subject) -> Any:
    """The subject in the calling convention of the numeric experiments, advantages included."""

    def loss(logp: Any, old_logp: Any, ref_logp: Any, rewards: Any, mask: Any, entropy: Any) -> Any:
        x = {
            "logp": logp,
            "old_logp": old_logp,
            "ref_logp": ref_logp,
            "rewards": rewards,
            "mask": mask,
            "entropy": entropy.detach(),
        }
        if subject.takes("advantages"):
            x["advantages"] = estimate(subject.advantage, rewards, mask)
        return subject.objective(**{parameter: x[name] for parameter, name in subject.inputs.items()})

    return loss


def experiment(seed: int) -> tuple[TabularPolicy, Group]:
    """A softmax policy over three tokens and a group of four completions of length at most two, first token rewarded."""
    policy = TabularPolicy.random(3, 2, seed, scale=0.3)
    tokens = torch.tensor([[1, 0], [2, 0], [0, 0], [2, 1]])
    mask = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    return policy, score_group(policy, Completions(tokens, mask), first_token_reward([0.0, 1.0, 0.25]))


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    if subject.stepwise:
        raise NotApplicable("it takes a noised copy, while the policy trained here draws token by token")
    low, high = bounds(subject)
    if low is None or high is None:
        return Finding(p.id, "not-applicable", p.statement, reason="the objective has no clip bounds")
    guess = f"predicted for one token of two: {predicted(float(high)):.3f}"
    furthest = 1.0
    for seed in range(5):
        policy, group = experiment(seed)
        run = inner_loop(
            policy, group, objective_of(subject), lambda ps: adamw(lr=RATE, betas=BETAS, eps=1e-8, weight_decay=0.01)(ps), STEPS
        )
        for step, ratios in enumerate(run.ratios):
            live = ratios[group.mask.bool()]
            top = max((float(r) for r in live), key=lambda r: abs(torch.log(torch.tensor(r)).item()))
            furthest = top if abs(torch.log(torch.tensor(top))) > abs(torch.log(torch.tensor(furthest))) else furthest
            if not bool(((live >= float(low) - 1e-9) & (live <= float(high) + 1e-9)).all()):
                last = run.ratios[-1][group.mask.bool()]
                end = max((float(r) for r in last), key=lambda r: abs(torch.log(torch.tensor(r)).item()))
                witness = {
                    "property": p.id,
                    "claim": f"ratio of a token after {step} AdamW steps (bounds {low} to {high}); "
                    f"after {STEPS} the furthest is {end:.3f}",
                    "relation": "within",
                    "left": top,
                    "right": float(high if top > 1 else low),
                    "seed": seed,
                }
                return Finding(
                    p.id,
                    "refuted",
                    p.statement,
                    "4 completions, 3 tokens",
                    "torch.optim.AdamW in float64",
                    witness=witness,
                    formula=f"furthest ratio {end:.3f}; {guess}",
                )
    return Finding(
        p.id,
        "tested",
        p.statement,
        "4 completions, 3 tokens",
        "5 policies, real AdamW",
        formula=f"furthest ratio {furthest:.3f}; {guess}",
    )


PROPERTY = Property(
    "trust-region-kept",
    "eight AdamW steps (PyTorch defaults, lr=0.05) on one group of a tabular softmax policy "
    "leave every ratio within the clip bounds",
    decide=judged,
    needs=("old_logp",),
    harm=33,
)
