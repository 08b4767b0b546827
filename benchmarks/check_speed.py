"""Cold wall time of `lossproof check` against importing its libraries, in turn: python benchmarks/check_speed.py [ROUNDS].

The project's bounds are ratios: 20 for the first paper, 60 for everything on one core, and close to half of that on two.
"""

import statistics
import subprocess
import sys
import time

IMPORTS = [sys.executable, "-c", "import torch, sympy, z3"]
CHECK = [sys.executable, "-m", "lossproof", "check"]
RUNS = {
    "the paper, one process": [*CHECK, "-n", "1", "fontana2026"],
    "everything, one process": [*CHECK, "-n", "1"],
    "everything, two processes": [*CHECK, "-n", "2"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


if __name__ == "__main__":
    for name, command in RUNS.items():
        pairs = [(seconds(IMPORTS), seconds(command)) for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)]
        imports, checks = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name}: imports {imports:.2f} s, check {checks:.1f} s; ratios {', '.join(f'{c / i:.1f}' for i, c in pairs)}")
