"""What an audit costs as groups and completions grow: python benchmarks/audit_cost.py [objective=grpo].

Cold CPU time (all processes together) of `lossproof audit`, with one of G and T at 4 and with both growing. Prints the table
and draws it: docs/figures/audit_cost.svg. Needs matplotlib.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

SIZES = (2, 4, 8, 12, 16)
LINES = {
    "G completions, T = 4": [(n, 4) for n in SIZES],
    "T tokens, G = 4": [(4, n) for n in SIZES],
    "G = T": [(n, n) for n in SIZES if n < 16],
}
PICTURE = Path(__file__).parents[1] / "docs" / "figures" / "audit_cost.svg"


def cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def audit(name: str, G: int, T: int) -> tuple[float, str, str]:
    """CPU seconds, the slowest property with its wall time, and what is undecided at the full shape."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "lossproof", "audit", name, "--group", str(G), "--length", str(T), "--json", str(report)]
        seconds = cpu(command)
        properties = json.loads(report.read_text())["properties"]
    slow = max(properties, key=lambda p: p["seconds"])
    open_ = [p["id"] for p in properties if p["verdict"] in ("tested", "unknown") or "larger shapes" in p["scope"]]
    return seconds, f"{slow['id']} {slow['seconds']:.1f} s", ", ".join(open_)


def main(name: str) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    imports = min(cpu([sys.executable, "-c", "import torch, sympy, z3"]) for _ in range(2))
    print(f"{name}; importing torch, sympy and z3 takes {imports:.2f} s of CPU")
    print(f"{'G':>3} {'T':>3} {'CPU s':>7} {'/ imports':>9}  slowest property; not decided at the full shape")
    found: dict[tuple[int, int], float] = {}
    for G, T in sorted({shape for line in LINES.values() for shape in line}, key=lambda s: (s[0] * s[1], s)):
        seconds, slow, open_ = audit(name, G, T)
        found[G, T] = seconds
        print(f"{G:>3} {T:>3} {seconds:>7.1f} {seconds / imports:>9.1f}  {slow}; {open_ or '-'}", flush=True)
    draw(name, imports, found)


def draw(name: str, imports: float, found: dict[tuple[int, int], float]) -> None:
    plt.rcParams["svg.hashsalt"] = "lossproof"  # the same file for the same numbers
    figure, axes = plt.subplots(figsize=(6, 4))
    for (label, shapes), marker in zip(LINES.items(), "os^", strict=True):
        sizes = [max(s) if label == "G = T" else s[0] if label[0] == "G" else s[1] for s in shapes]
        axes.plot(sizes, [found[s] for s in shapes], marker=marker, label=label)
    axes.axhline(imports, color="grey", linestyle=":", label="import torch, sympy, z3")
    axes.set(xlabel="size", ylabel="CPU seconds, cold", yscale="log", title=f"lossproof audit {name}, all properties")
    axes.legend()
    figure.tight_layout()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, metadata={"Date": None})
    print(f"drawn: {PICTURE.name}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "grpo")
