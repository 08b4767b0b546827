"""The table: one row per claim, at most 100 columns, the same on a terminal, in a pipe and at the end of pytest."""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap

from theory.verdict import Status

from .json import Entry

WIDTH = 100
ID = 25  # most ids fit; a longer one takes from its title
HEAD = ("claim", "verdict", "decided by", "rests on", "search", "s")
MARKS = {"axiom": "open assumptions (axioms)", "smt": "oracles", "schema": "laws of exp, log, sqrt"}
SHORT = {"axiom": "axiom!", "smt": "smt", "schema": "{} laws"}  # the footer has the names
COLOURS = {
    Status.PROVED: "green",
    Status.REFUTED: "yellow",
    Status.TESTED: "cyan",
    Status.UNKNOWN: "red",
    Status.NOT_APPLICABLE: "blue",
}


def table(entries: Sequence[Entry], width: int = WIDTH) -> Iterator[tuple[str, Status | None]]:
    """The lines of the table, each with the verdict that may colour it."""
    rows = [_cells(e) for e in entries]
    limits = (0, 14, 14, 8, 12, 6)
    widths = [min(limit, max(len(row[n]) for row in [HEAD, *rows])) for n, limit in enumerate(limits)]
    widths[0] = width - sum(widths[1:]) - 2 * (len(HEAD) - 1)
    yield _line(HEAD, widths), None
    for e, row in zip(entries, rows, strict=True):
        # an id is never cut, because people grep for it: a long one takes room from "decided by" in its own row
        lacking = max(0, len(e["id"]) + 2 - widths[0])
        yield (
            _line(row, [widths[0] + lacking, widths[1], max(widths[2] - lacking, 1), *widths[3:]]),
            Status(e["verdict"]),
        )


def footer(entries: Sequence[Entry]) -> Iterator[tuple[str, Status | None]]:
    """Why claims are undecided; the counts; and, by name, what the theorems rest on besides the kernel's rules."""
    for e in entries:
        if e["reason"] and e["verdict"] != Status.NOT_APPLICABLE:
            yield from ((line, Status.UNKNOWN) for line in _wrapped(f"{e['verdict']} {e['id']}: {_clipped(e['reason'])}"))
    counts = Counter(e["verdict"] for e in entries)
    told = ", ".join(f"{counts[s]} {s}" for s in Status if counts[s])
    yield f"{len(entries)} claim{'s' * (len(entries) != 1)}: {told}", Status.UNKNOWN if counts[Status.UNKNOWN] else None
    uses: dict[str, list[str]] = {}
    for e in entries:
        for mark in e["rests_on"]:
            uses.setdefault(mark, []).append(e["id"])
    for kind, name in MARKS.items():
        marks = sorted(mark for mark in uses if mark.startswith(kind + ":"))
        yield f"{name}: {len(marks) or 'none'}", None
        for mark in marks:
            told = f"  {mark.removeprefix(kind + ':')}: {', '.join(uses[mark])}"
            yield from ((line, None) for line in _wrapped(told))
    certificates = sum(e["certificate"] is not None for e in entries)
    yield f"kernel: {kernel_lines()} lines; certificates replayed in a fresh process: {certificates}", None


def kernel_lines() -> int:
    """Lines of the trusted code, counted without importing it."""
    spec = find_spec("theory.kernel")
    folder = Path((spec and spec.origin) or "").parent
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*.py"))


def _cells(e: Entry) -> tuple[str, ...]:
    kinds = Counter(mark.partition(":")[0] for mark in e["rests_on"])
    rests = " ".join(short.format(kinds[kind]) for kind, short in SHORT.items() if kinds[kind])
    search = "; ".join(x["detail"] for x in e["evidence"] if x["kind"] == "search")
    search = search.replace(" evaluations", "").replace(" from scratch", "")
    claim = f"{e['id']:{ID}} {e['title']}"
    return (
        claim,
        e["verdict"],
        e["by"].removesuffix(" steps") or "-",
        rests or "-",
        search or "-",
        f"{e['seconds']:.2f}",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    text = text.replace("\n", " ")
    return f"{text:{width}}" if len(text) <= width else text[: width - 1] + "…"


def _clipped(reason: str, most: int = 400) -> str:
    """A kernel that refuses lists all it knew: the start is enough here, JSON and pytest have the whole."""
    return reason if len(reason) <= most else reason[:most] + " … (all of it: --json FILE, or pytest)"


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    return wrap(text, WIDTH, subsequent_indent=indent, drop_whitespace=True, break_long_words=False) or [text]
