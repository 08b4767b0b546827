"""Cold time of `lossproof audit grpo` against importing its libraries, in turn: python benchmarks/audit_speed.py [G,T ..].

The bounds of the project are ratios of wall time: 4 at G = 4, T = 3 and 20 at G = 8, T = 8. CPU time (children included) is
printed beside it, since wall time depends on what else the machine does.
"""

import os
import resource
import statistics
import subprocess
import sys
import time

IMPORTS = [sys.executable, "-c", "import torch, sympy, z3"]
SHAPES = {(4, 3): 4, (8, 8): 20}
TURNS = 3


def seconds(command: list[str]) -> tuple[float, float]:
    """Wall and CPU time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(shapes: list[tuple[int, int]]) -> int:
    os.environ["OMP_NUM_THREADS"] = "1"
    missed = 0
    for G, T in shapes:
        audit = [sys.executable, "-m", "lossproof", "audit", "grpo", "--group", str(G), "--length", str(T)]
        pairs = [(seconds(IMPORTS), seconds(audit)) for _ in range(TURNS)]
        wall, cpu = (statistics.median(b[n] / a[n] for a, b in pairs) for n in (0, 1))
        bound = SHAPES.get((G, T))
        missed += bound is not None and wall > bound
        print(f"G = {G}, T = {T}: {wall:.1f} times the imports in wall time, {cpu:.1f} in CPU time"
              + (f" (bound {bound})" if bound else ""), flush=True)  # fmt: skip
        print("  " + "; ".join(f"imports {a[0]:.2f} s ({a[1]:.2f} CPU), audit {b[0]:.2f} s ({b[1]:.2f} CPU)" for a, b in pairs))
    return 1 if missed else 0


if __name__ == "__main__":
    given = [(int(g), int(t)) for g, t in (a.split(",") for a in sys.argv[1:])]
    sys.exit(main(given or list(SHAPES)))
