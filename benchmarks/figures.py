"""Draws the figures of `docs/figures.md`: `make figures`. Exact data from `numerics/related`, a function per figure.

Each caption names the propositions that the figure illustrates; a figure proves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import torch

from numerics.related import disco, gspo, hadw, kl_estimators

DOCS = Path(__file__).parents[1] / "docs"
STYLE = {"svg.hashsalt": "lossproof", "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}


@dataclass(frozen=True)
class Figure:
    """A file name, what it shows, the propositions behind it, and what draws it on axes."""

    name: str
    caption: str
    ids: tuple[str, ...]
    panels: tuple[Callable[[Any], None], ...]


def group_bias(axes: Any) -> None:
    rows = hadw.bias_rows()
    for size in sorted({g for _, g, _ in rows}):
        axes.plot([float(p) for p, g, _ in rows if g == size], [float(b) for _, g, b in rows if g == size], label=f"G = {size}")
    axes.axhline(0, color="black", linewidth=0.7)
    axes.set(xlabel="p, chance of a correct completion", ylabel="E[baseline | both outcomes] - p")
    axes.legend()


def difficulty(name: str) -> Callable[[Any], None]:
    def draw(axes: Any) -> None:
        rows = disco.difficulty([Fraction(k, 100) for k in range(2, 99)])
        for size in (None, 64, 8):
            chosen = [(float(r.p), r.weights[name]) for r in rows if r.group == size]
            axes.plot(*zip(*chosen, strict=True), label="population" if size is None else f"G = {size}")
        axes.set(title=name, xlabel="p", ylim=(0, None))
        axes.legend()

    return draw


def estimators(weights: Callable[[Any], dict[str, Any]], title: str) -> Callable[[Any], None]:
    def draw(axes: Any) -> None:
        x = torch.linspace(-2, 2, 161, dtype=torch.float64)
        for name, w in weights(x).items():
            axes.plot(x.numpy(), w.numpy(), label=name)
        axes.axhline(0, color="black", linewidth=0.7)
        axes.set(title=title, xlabel="x = log(π/π_ref) of the token", ylabel="weight of ∇log π", ylim=(-4, 4))
        axes.legend()

    return draw


def clip_rate(axes: Any) -> None:
    rows = gspo.clip_rates()
    axes.plot([r.length for r in rows], [float(r.outside) for r in rows], marker="o")
    axes.set(xscale="log", xlabel="length of the completion, tokens", ylabel="share that is clipped", ylim=(0, 1))


FIGURES = (
    Figure(
        "group_bias",
        "The baseline of a group that has both outcomes is too high for hard prompts and too low for easy ones: what "
        "conditioning on such groups adds to the mean of the rewards, exactly, by enumeration of binomial groups.",
        ("hadw.theorem1.repaired", "hadw.eq32.direction.repaired"),
        (group_bias,),
    ),
    Figure(
        "difficulty",
        "How strongly a prompt pulls, against its accuracy p: the weight of the difference between the mean scores of right "
        "and wrong completions. Finite groups pull less at both ends, because groups without both outcomes are silent.",
        ("disco.prop1", "disco.prop1.dr_grpo", "disco.j1.identity"),
        tuple(difficulty(name) for name in ("GRPO", "Dr. GRPO", "DisCO-b")),
    ),
    Figure(
        "kl_estimators",
        "What a token adds to the gradient when k1, k2 or k3 is differentiated as a loss, and when it is subtracted from the "
        "reward. On average over tokens drawn from the policy, k2 as a loss and k1 as a reward follow the reverse KL; k1 as a "
        "loss follows nothing.",
        ("kl_estimators.weights", "kl_estimators.k1.loss", "kl_estimators.k2.loss", "kl_estimators.k1.reward"),
        (estimators(kl_estimators.weight_in_loss, "in the loss"), estimators(kl_estimators.weight_in_reward, "in the reward")),
    ),
    Figure(
        "gspo_clip_rate",
        "GSPO clips by length: for tokens that drift from 1/2 to 0.55 and the clip range 0.98 to 1.02, the share of completions "
        "whose ratio is outside. The variance of log s falls as 1/L, the range does not.",
        ("gspo.variance",),
        (clip_rate,),
    ),
)


def page() -> str:
    """`docs/figures.md`."""
    blocks = [
        "# Figures\n\nDrawn by `make figures` from exact data; each illustrates the propositions it names and proves nothing.\n"
    ]
    for f in FIGURES:
        ids = ", ".join(f"`{id}`" for id in f.ids)
        blocks.append(f"## {f.name.replace('_', ' ')}\n\n![{f.name}](figures/{f.name}.svg)\n\n{f.caption} ({ids})\n")
    return "\n".join(blocks)


def main() -> None:
    plt.rcParams.update(STYLE)
    (DOCS / "figures").mkdir(exist_ok=True)
    for f in FIGURES:
        figure, axes = plt.subplots(1, len(f.panels), figsize=(4.2 * max(len(f.panels), 1.5), 3.6), squeeze=False)
        for draw, place in zip(f.panels, axes[0], strict=True):
            draw(place)
        figure.tight_layout()
        figure.savefig(DOCS / "figures" / f"{f.name}.svg", metadata={"Date": None})
        plt.close(figure)
    (DOCS / "figures.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
