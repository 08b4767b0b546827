"""Audits everything that is installed, and writes docs/findings.md.

    python -m lossproof.frameworks.findings docs/findings.md

What surprises is sorted by hand in `surprises`; the scripts that show it are run here, and the verdicts that go with it must
come out as they are claimed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ..api import audit
from ..auditor import Report
from ..report.words import sentence
from ..subject import BadTarget
from ..target import subject
from . import PACKAGES, installed, module, targets
from .knobs import NEEDED, SPLITS, Inert, differs, possible, spelled
from .surprises import DEFECTS, DOCUMENTED, UNDOCUMENTED, Surprise

GROUP, LENGTH = 3, 2
EXAMPLES = Path(__file__).parents[2] / "examples" / "findings"
SETTINGS = [
    "trl:grpo[importance_sampling_level=sequence]", "trl:luspo[importance_sampling_level=sequence]",
    "trl:cispo[epsilon_high=5.0]", "trl:grpo[beta=0.04]", "trl:grpo[beta=0.04,use_bias_correction_kl=False]",
    "trl:dapo[delta=3.0]",
    "trl:dapo[mask_truncated_completions=True]", "trl:grpo[mask_truncated_completions=True]",
    "trl:dapo[off_policy_mask_threshold=0.5]", "trl:dapo[top_entropy_quantile=0.5]",
    "trl:advantages[scale_rewards=none]", "trl:advantages[multi_objective_aggregation=normalize_then_sum]",
    "verl:dro[dro_beta=0.1]", "verl:bypass_mode[loss_type=reinforce]", "verl:gspo[loss_agg_mode=seq-mean-token-mean]",
    *(f"verl:vanilla[loss_agg_mode={m}]" for m in (
        "token-sum", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm")),
    *(f"verl:vanilla[use_kl_loss=True,kl_loss_type={k}]" for k in ("k1", "abs", "k2", "k3", "k1+", "k3+")),
    "verl:grpo[norm_adv_by_std_in_grpo=False]", "liger:dr_grpo[max_completion_length=3]",
    "liger:grpo[importance_sampling_level=sequence]", "liger:luspo[importance_sampling_level=sequence]",
]  # fmt: skip
HEAD = """\
# What the audit finds in TRL, verl and Liger

Written by `make findings` with {versions}:
{losses} settings of losses and {estimators} of advantage estimators, as they come from the package index, on CPU, at groups of
{group} with 1 to {length} tokens. A loss gets the rewards minus their mean as advantages. *proved*
holds for all inputs of that shape; *refuted* has an input on which the framework's own code breaks the property, re-executed in
float64; *tested* and *unknown* prove nothing. That a property is refuted is a fact about a formula and not a fault: most losses
are meant to break some. What is a fault is said so, with what it contradicts.

## Defects

Each contradicts the framework's own documentation, a sibling implementation or the code's own comment.

{defects}
## Surprises that nothing announces

{undocumented}
## Surprises that are documented

{documented}
## Knobs that do nothing

No value of the knob that was tried is seen to change the loss or any gradient, or, of an advantage estimator, any
advantage. *proved*: the recorded operations come down to the same formulas. *tested*: no case told the values apart. *unknown*:
the comparison came to no answer, for the reason in the last column, and the knob may well act. Knobs that carry the name of
another loss are left out.

{knobs}
## Does accumulation change the objective?

The losses of two micro-batches of one batch, normalised as the framework's trainer has it, against the batch in one piece.

{splits}
"""
MARKS = {"proved": "proved", "refuted": "refuted", "tested": "tested", "unknown": "unknown", "not-applicable": "n/a"}


def every() -> Iterator[str]:
    """All targets of what is installed, with what they cannot do without, and some of their settings."""
    there = installed()
    for framework in there:
        for target in targets(framework):
            name = target.partition(":")[2]
            if (framework, name) not in NEEDED or f"{framework}:{name}" in SETTINGS:
                yield target
    yield from (s for s in SETTINGS if s.partition(":")[0] in there)


def run(target: str) -> Report | None:
    """The audit; None, with a word on stderr, where the target cannot be audited."""
    try:
        report = audit(target, group=GROUP, length=LENGTH)
    except BadTarget as e:
        print(f"{target}: {e}", file=sys.stderr)
        return None
    counts = {v: n for v in MARKS if (n := sum(f.verdict == v for f in report.findings))}
    print(f"{target:60} {counts}", file=sys.stderr, flush=True)
    return report


def surprises(entries: list[Surprise], reports: dict[str, Report]) -> list[str]:
    """Title, basis, verdict, and what the script prints. Raises ValueError where the audit says otherwise."""
    out = []
    for s in entries:
        if not all(f in installed() for f in PACKAGES if s.script.startswith(f"{f}_")):
            continue
        out += [f"### {s.title}", "", s.basis, ""]
        if s.shown is not None:
            target, id, verdict = s.shown
            found = next(f for f in reports[target].findings if f.id == id)
            if found.verdict != verdict:
                raise ValueError(f"{target}: {id} is {found.verdict}, and docs/findings.md is about {verdict}")
            said = f": {sentence(found.witness)}" if found.witness else ""
            out += [f"`lossproof audit {target!r}` — `{id}` {verdict}{said}.".replace("'", '"'), ""]
        out += [f"`python examples/findings/{s.script}.py`", "", "```text", shows(s.script), "```", ""]
    return out


def shows(script: str) -> str:
    """What a script prints."""
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{script}.py")], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def verdicts(framework: str, reports: dict[str, Report]) -> list[str]:
    """One row per target: its properties by verdict."""
    out = ["| target | proved | refuted | tested | unknown |", "|---|---|---|---|---|"]
    for target, report in reports.items():
        if target.startswith(f"{framework}:"):
            by = {v: ", ".join(f.id for f in report.findings if f.verdict == v) for v in MARKS}
            out.append(f"| `{target}` | {by['proved']} | {by['refuted']} | {by['tested']} | {by['unknown']} |")
    return [*out, ""]


def witnesses(reports: dict[str, Report]) -> list[str]:
    """Every refutation with its input, and every `unknown` with its reason, by property."""
    out: list[str] = []
    for id in dict.fromkeys(f.id for r in reports.values() for f in r.findings):
        found = [(t, f) for t, r in reports.items() for f in r.findings if f.id == id]
        lines = [f"| `{t}` | refuted | {sentence(f.witness)} |" for t, f in found if f.verdict == "refuted" and f.witness]
        lines += [f"| `{t}` | unknown | {f.reason} |" for t, f in found if f.verdict == "unknown"]
        if lines:
            statement = found[0][1].statement.replace("|", "\\|")
            out += [
                f"### `{id}`",
                "",
                f"{statement}",
                "",
                "| target | verdict | witness, or reason |",
                "|---|---|---|",
                *lines,
                "",
            ]
    return out


def knobs(found: list[Inert]) -> list[str]:
    out = ["| target | knob | values tried | verdict | scope |", "|---|---|---|---|---|"]
    out += [f"| `{i.target}` | `{i.knob}` | {', '.join(map(str, i.values))} | {i.verdict} | {i.scope} |" for i in found]
    return [*out, ""]


def splits() -> list[str]:
    """Whether micro-batches of one batch add up to the whole, per loss."""
    out = ["| loss | split | the gradient of the whole batch |", "|---|---|---|"]
    for framework in installed():
        for name in module(framework).losses():
            needed = NEEDED.get((framework, name), {})
            for knob in SPLITS:
                if knob not in module(framework).knobs(name, False):
                    continue
                other = possible(spelled(framework, name, needed | {knob: 2}))
                if other is not None:
                    changed = differs(subject(spelled(framework, name, needed)), other)
                    out.append(f"| `{framework}:{name}` | `{knob}=2` | {'**differs**' if changed else 'the same (tested)'} |")
    return [*out, ""]


def render() -> str:
    there = installed()
    reports = {t: r for t in every() if (r := run(t)) is not None}
    plain = [spelled(f, n, NEEDED.get((f, n), {})) for f in there for n in module(f).losses()]
    plain += [t for t, r in reports.items() if r.kind == "advantage"]
    idle = [k for t in plain if t in reports for k in reports[t].inert or [] if k.knob not in SPLITS]
    losses = sum(r.kind == "objective" for r in reports.values())
    out = HEAD.format(
        versions=", ".join(f"{PACKAGES[f]} {v}" for f, v in there.items()), losses=losses, estimators=len(reports) - losses,
        group=GROUP, length=LENGTH, knobs="\n".join(knobs(idle)), splits="\n".join(splits()),
        **{k: "\n".join(surprises(v, reports))
           for k, v in (("defects", DEFECTS), ("undocumented", UNDOCUMENTED), ("documented", DOCUMENTED))},
    )  # fmt: skip
    lines = []
    for framework in there:
        lines += [f"## Verdicts: {PACKAGES[framework]} {there[framework]}", "", *verdicts(framework, reports)]
    return out + "\n".join([*lines, "## Witnesses", "", *witnesses(reports)])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
