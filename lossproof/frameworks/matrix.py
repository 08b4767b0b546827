"""Which setting here is which setting there: `compare` across frameworks, rendered as docs/frameworks.md.

python -m lossproof.frameworks.matrix docs/frameworks.md
"""

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..compare import Pair, compare, other
from ..decide import refute, refuted
from ..properties import Property
from ..proving import prove
from ..report.words import sentence
from ..subject import Subject
from ..target import objective
from ..witness import Case, make
from ..world import Claim
from . import PACKAGES, installed

SHAPES = [(2, 2), (4, 2)]
KINKS = [Fraction(4, 5), Fraction(6, 5), Fraction(3)]  # the bounds in the settings below
ROWS = [
    "trl:dapo", "trl:dapo[delta=3.0]", "trl:bnpo", "trl:grpo", "trl:grpo[delta=3.0]", "trl:dr_grpo", "trl:dr_grpo[delta=3.0]",
    "trl:luspo", "trl:luspo[delta=3.0]", "trl:grpo[importance_sampling_level=sequence]",
    "trl:luspo[importance_sampling_level=sequence]", "trl:cispo[epsilon_high=1.2]", "trl:sapo", "trl:vespo",
    "trl:dapo[delta=3.0,beta=0.04]", "trl:dapo[delta=3.0,beta=0.04,use_bias_correction_kl=False]",
    "trl:grpo[beta=0.04]", "trl:grpo[beta=0.04,use_bias_correction_kl=False]",
]  # fmt: skip
COLUMNS = {
    "verl": [
        "verl:vanilla", "verl:vanilla[loss_agg_mode=seq-mean-token-mean]", "verl:vanilla[loss_agg_mode=seq-mean-token-sum]",
        "verl:vanilla[loss_agg_mode=seq-mean-token-sum-norm,loss_scale_factor=512]",
        "verl:gspo[loss_agg_mode=seq-mean-token-mean]",
        "verl:gspo[loss_agg_mode=seq-mean-token-sum]", "verl:cispo[clip_ratio_low=1.0]", "verl:sapo", "verl:geo_mean",
        "verl:vanilla[use_kl_loss=True,kl_loss_coef=0.04]", "verl:vanilla[use_kl_loss=True,kl_loss_coef=0.04,kl_loss_type=k3+]",
    ],
    "liger": [
        "liger:dapo[beta=0.0]", "liger:bnpo[beta=0.0]", "liger:grpo[beta=0.0]",
        "liger:dr_grpo[beta=0.0,max_completion_length=512]",
        "liger:luspo[beta=0.0]", "liger:grpo[beta=0.0,importance_sampling_level=sequence]",
        "liger:luspo[beta=0.0,importance_sampling_level=sequence]", "liger:cispo[beta=0.0,epsilon_high=1.2]",
        "liger:sapo[beta=0.0]",
        "liger:vespo[beta=0.0]", "liger:grpo", "liger:grpo[use_bias_correction_kl=True]",
    ],
}  # fmt: skip
HEAD = """\
# Which setting here is which setting there

Written by `make findings` with {versions}. Each entry is an outcome of `lossproof compare A B`: the gradients with respect to
the log-probabilities, as functions of rewards, of the log-probabilities under the policy, the old policy and the reference, and
of lengths, at groups of {shapes} with 1 to {length} tokens.

| sign | means |
|---|---|
| `=` | equal gradients, proved for all rewards, log-probabilities and lengths |
| `=°` | the same, proved where every ratio lies in e^±20 and on none of the bounds 0.8, 1.2, 3 |
| `∝ k`, `∝° k` | proportional with factor k, proved in the same way |
| `≈`, `≈ ∝ k` | no input found that tells them apart by more than 1e-7, not proved |

A setting that is not listed differs: there is an input that tells them apart, re-executed in float64. verl's seq-mean-token-mean
divides by the token count plus 1e-8, so it is `≈` at best.
"""
PAIRS = [
    ("trl:dapo", "verl:vanilla"), ("trl:cispo", "verl:cispo"),
    ("trl:luspo", "liger:luspo[beta=0.0]"), ("trl:grpo[beta=0.04]", "liger:grpo"),
    ("trl:grpo", "trl:grpo[importance_sampling_level=sequence]"),
    ("trl:dapo[delta=3.0,beta=0.04,use_bias_correction_kl=False]", "verl:vanilla[use_kl_loss=True,kl_loss_coef=0.04]"),
]  # fmt: skip
"""One name or one description, and yet two objectives."""


class Near(Pair):
    """Equal gradients where every ratio lies in e^-20..e^20 and on no clip bound, where autograd may split a tie either way."""

    def __call__(self, w: Any) -> list[Claim]:
        x = w.free_reference(w.inputs())
        w.not_all_equal(x.rewards)
        given = []
        for at in np.ndindex(x.logp.shape):
            log_ratio, ratio = x.logp[at] - x.old_logp[at], w.ratio(x, *at)
            given += [w.condition(w.number(-20), "<=", log_ratio), w.condition(log_ratio, "<=", w.number(20))]
            given += [w.condition(ratio, "!=", w.number(q)) for q in KINKS]
        return w.same_gradient(w.gradient(x), other(w, self.b).gradient(x) * w.number(self.factor), "the weight", given)


def near(a: Subject, b: Subject, factor: Fraction) -> bool:
    claims = Near(a, b, factor)
    return all(prove(Property("compare", "", claims), a, G, T).proved for G, T in SHAPES)


def far(G: int, T: int) -> list[Case]:
    """Ratios to the old policy and to the reference that are far from 1, where guards against overflow act."""
    sizes = (1e-4, 0.02, 50.0, 1e4)
    return [make([1.0, 0.0, 2.0, 0.0][:G], [T] * G, T, ratio, ref) for ratio in (1.0, *sizes) for ref in (1.0, *sizes)]


def relation(a: Subject, b: Subject) -> tuple[str, dict[str, Any] | None]:
    """The sign of the legend, '' for different settings, which come with their witness."""
    found = compare(a, b, SHAPES)
    factor = Fraction(found.factor) if found.factor and "," not in found.factor else Fraction(1)
    if found.relation == "equal":
        return "=", None
    if found.relation == "proportional":
        return f"∝ {found.factor}", None
    if found.relation == "different":
        return "", found.finding.witness if found.finding else None
    if near(a, b, factor):
        return "=°" if factor == 1 else f"∝° {factor}", None
    apart = Property("compare", "", Pair(a, b, factor))
    broken = refute(apart, a, (case for G, T in SHAPES for case in far(G, T)))
    if broken is not None:
        return "", refuted(apart, a, broken).witness
    return "≈" if factor == 1 else f"≈ ∝ {factor}", None


def table(rows: list[Subject], columns: list[Subject]) -> list[str]:
    """A Markdown table, one row per setting."""
    lines = []
    for row in rows:
        same = []
        for column in columns:
            sign, _ = relation(row, column)
            print(f"{row.name:60} {sign or '≠':4} {column.name}", file=sys.stderr, flush=True)
            if sign:
                same.append(f"`{sign}` {code(column.name)}")
        lines.append(f"| {code(row.name)} | {'<br>'.join(same) or 'none of these'} |")
    return lines


def code(text: str) -> str:
    return f"`{text}`"


def render(rows: list[str] = ROWS, columns: dict[str, list[str]] = COLUMNS, pairs: list[tuple[str, str]] = PAIRS) -> str:
    there = installed()
    versions = ", ".join(f"{PACKAGES[f]} {v}" for f, v in there.items())
    out = [HEAD.format(versions=versions, shapes=" and ".join(str(g) for g, _ in SHAPES), length=SHAPES[0][1])]
    left = [objective(r) for r in rows]
    for framework, targets in columns.items():
        if framework in there:
            lines = table(left, [objective(t) for t in targets])
            out += [f"## From trl to {framework}", "", f"| trl | {framework} |", "|---|---|", *lines, ""]
    out += [
        "## One name, two objectives",
        "",
        "Settings that one might take for each other, and an input that shows they are not.",
        "",
    ]
    for a, b in pairs:
        sign, witness = relation(objective(a), objective(b))
        out.append(f"- {code(a)} and {code(b)}: {sentence(witness) if witness else sign}")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
