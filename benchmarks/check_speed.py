"""Cold wall time of `lossproof check` on the paper against importing its libraries, in turn: python benchmarks/check_speed.py.

The bound of the project is a ratio of 20. Prints both medians and the ratio of each pair.
"""

import statistics
import subprocess
import sys
import time

IMPORTS = [sys.executable, "-c", "import torch, sympy, z3"]
CHECK = [sys.executable, "-m", "lossproof", "check", "fontana2026"]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


if __name__ == "__main__":
    pairs = [(seconds(IMPORTS), seconds(CHECK)) for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)]
    imports, checks = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"imports {imports:.2f} s, check {checks:.1f} s; ratios {', '.join(f'{c / i:.1f}' for i, c in pairs)}")
