"""Every proved cell of the built-ins, objectives and estimators, against random float64 trials of the original functions.

python benchmarks/audit_soundness.py [trials=10000] [name ..]

Cells are decided and tried at G = 3, T = 2. Runs of an optimiser and expectations over groups get a hundredth of the trials.
A "there is" is re-executed when it is decided and has none; nor has what is proved by enumeration (kl-gradient-exact).
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "audit"))
import trials  # noqa: E402

from lossproof import advantage, properties  # noqa: E402
from lossproof.decide import decide  # noqa: E402
from lossproof.target import checked, estimator, function, kind  # noqa: E402
from numerics import advantages, objectives  # noqa: E402

G, T = 3, 2


@dataclass
class Count:
    cells: int = 0
    runs: int = 0
    alarms: int = 0
    untried: list[str] = field(default_factory=list)
    fewer: dict[str, int] = field(default_factory=dict)


def main(number: int, names: list[str]) -> int:
    torch.set_num_threads(1)
    count = Count()
    for name in names or [*objectives.names(), *advantages.names()]:
        f = function(name)
        objective = kind(f) == "objective"
        subject = checked(name, f) if objective else estimator(name, f)
        for p in (properties if objective else advantage).load().values():
            finding = decide(p, subject, G, T)
            if finding.verdict != "proved":
                continue
            there_is = p.exists and p.id != "clipped-silent"
            ran, case = (0, None) if there_is else trials.broken(p, subject, finding, G, T, number)
            count.runs, count.alarms = count.runs + ran, count.alarms + (case is not None)
            count.cells += ran > 0
            if not ran:
                count.untried.append(f"{name} {p.id}")
            elif ran < number:
                count.fewer[p.id] = ran
            if case is not None:
                print(f"ALARM {name} {p.id}: {case}")
        print(f"{name}: so far {count.cells} cells, {count.runs} trials, {count.alarms} alarms", flush=True)
    print(f"fewer trials a cell: {count.fewer}")
    print(f"{len(count.untried)} proved cells without trials: {', '.join(sorted({u.split()[1] for u in count.untried}))}")
    return 1 if count.alarms else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    number = int(given.pop(0)) if given and given[0].isdigit() else 10_000
    sys.exit(main(number, given))
