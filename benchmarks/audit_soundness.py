"""Every proved cell of the built-ins against random float64 trials of the original functions.

python benchmarks/audit_soundness.py [trials=10000] [objective ..]
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "audit"))
import trials  # noqa: E402

from lossproof.decide import decide  # noqa: E402
from lossproof.properties import load  # noqa: E402
from lossproof.target import objective  # noqa: E402
from numerics import objectives  # noqa: E402

G, T = 3, 2


@dataclass
class Count:
    cells: int = 0
    runs: int = 0
    alarms: int = 0


def main(number: int, names: list[str]) -> int:
    torch.set_num_threads(1)
    count = Count()
    for name in names or objectives.names():
        subject = objective(name)
        for p in load().values():
            finding = decide(p, subject, G, T)
            if finding.verdict != "proved" or p.exists and p.id != "clipped-silent":
                continue
            ran, case = trials.broken(p, subject, finding, G, T, number)
            count.cells, count.runs, count.alarms = count.cells + bool(ran), count.runs + ran, count.alarms + (case is not None)
            if case is not None:
                print(f"ALARM {name} {p.id}: {case}")
        print(f"{name}: so far {count.cells} cells, {count.runs} trials, {count.alarms} alarms", flush=True)
    return 1 if count.alarms else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    number = int(given.pop(0)) if given and given[0].isdigit() else 10_000
    sys.exit(main(number, given))
