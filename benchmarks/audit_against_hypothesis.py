"""A verdict of the auditor against a plain Hypothesis test of the same property with 1,000 examples, side by side.

python benchmarks/audit_against_hypothesis.py [objective ..]

The test runs the property's own claims on the original function in float64, on drawn groups of 2 to 4 completions of 1 to 3
tokens; the auditor decides the property for all inputs at G = 4, T = 3, its recording included. CPU time, one process, in turn.
Stronger: a proof, or a counterexample where the test found none. Properties that are no claims about one input (expectations
over groups, runs of an optimiser, floating point) have no such test and are left out.
"""

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "audit"))
import trials  # noqa: E402

from lossproof.decide import Finding, decide, first_violation  # noqa: E402
from lossproof.properties import Property, load, old_logp  # noqa: E402
from lossproof.subject import Subject  # noqa: E402
from lossproof.target import objective  # noqa: E402
from lossproof.witness import Case, make  # noqa: E402

G, T, EXAMPLES = 4, 3, 1000
SOME = ("grpo", "dr_grpo", "dapo", "gspo")
RANK = {"unknown": 0, "tested": 0, "refuted": 2, "proved": 2}


@st.composite
def cases(draw: Any) -> Case:
    group = draw(st.integers(2, G))
    reward = st.one_of(st.integers(-2, 2).map(float), st.integers(-1000, 1000).map(lambda n: n / 100))
    lengths = draw(st.lists(st.integers(1, T), min_size=group, max_size=group))
    ratio = st.floats(0.3, 3)
    ratios = draw(st.lists(st.lists(ratio, min_size=T, max_size=T), min_size=group, max_size=group))
    logps = st.lists(st.lists(st.floats(-3, -0.05), min_size=T, max_size=T), min_size=group, max_size=group)
    case = make(draw(st.lists(reward, min_size=group, max_size=group)), lengths, T, ratios, draw(st.floats(0.5, 2)))
    shift = draw(logps)
    case["logp"] = [[x + y for x, y in zip(a, b, strict=True)] for a, b in zip(case["logp"], shift, strict=True)]
    case["old_logp"] = [[x + y for x, y in zip(a, b, strict=True)] for a, b in zip(case["old_logp"], shift, strict=True)]
    return case | {"phi": draw(st.floats(0.1, 10)), "c": draw(st.floats(-5, 5))}


def claims(p: Property, subject: Subject, finding: Finding) -> Any:
    """What a test would assert; of "there is" its opposite."""
    if p.id == "uses-old-logp":
        return old_logp.unaffected
    if p.id == "clipped-silent" and finding.verdict != "proved":
        return None
    return trials.claims_of(p, subject, finding)


def hypothesis_finds(p: Property, subject: Subject) -> bool:
    """Whether the test fails."""

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases())
    def holds(case: Case) -> None:
        assert first_violation(p, subject, case) is None

    try:
        holds()
    except AssertionError:
        return True
    return False


def main(names: list[str]) -> int:
    torch.set_num_threads(1)
    ratios, weaker, stronger, compared = [], 0, 0, 0
    conflicts: list[str] = []
    print(f"{'objective':<10} {'property':<28} {'auditor':<15} {'s':>6}  {'hypothesis':<15} {'s':>6}  ratio")
    for name in names or SOME:
        for p in load().values():
            subject = objective(name)
            start = time.process_time()
            finding = decide(p, subject, G, T)
            ours = time.process_time() - start
            statement = None if finding.verdict == "not-applicable" else claims(p, subject, finding)
            if statement is None:
                continue
            start = time.process_time()
            found = hypothesis_finds(replace(p, decide=None, claims=statement), objective(name))
            theirs = time.process_time() - start
            compared += 1
            ratios.append(ours / theirs)
            better = RANK[finding.verdict] - (2 if found else 0)
            stronger, weaker = stronger + (better > 0), weaker + (better < 0)
            if found and finding.verdict == "proved" and p.id != "uses-old-logp":
                conflicts.append(f"{name} {p.id}")
            says = "counterexample" if found else f"passes {EXAMPLES}"
            print(
                f"{name:<10} {p.id:<28} {finding.verdict:<15} {ours:>6.2f}  {says:<15} {theirs:>6.2f}  {ours / theirs:.2f}",
                flush=True,
            )
    slower = sum(r > 1 for r in ratios)
    print(f"{compared} pairs: median ratio {statistics.median(ratios):.3f}, largest {max(ratios):.2f}, slower on {slower}; "
          f"stronger on {stronger}, as strong on {compared - stronger - weaker}, weaker on {weaker}")  # fmt: skip
    print(f"proved, but the test fails: {', '.join(conflicts) or 'none'}")
    return 1 if conflicts or weaker or statistics.median(ratios) > 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
