"""`python -m numerics.related.numbers` writes `docs/numbers.md`."""

from collections import Counter
from itertools import groupby
from pathlib import Path

from numerics.related.numbers import load
from numerics.related.numbers.measured import MEASURED
from numerics.related.numbers.row import Row, judged, value

DOCUMENT = Path(__file__).parents[3] / "docs" / "numbers.md"
HEAD = """# Numbers that the notes quote, computed again

Notes on seventeen related papers quote numbers as checked. Each is here beside a value that code of this project computes:
`python -m numerics.related.numbers` writes this file. **agrees**: the value rounds to the printed digits. **within its error**:
the source sampled the number, or says "about". **cut off**: the digits are right, but the last one was cut off, not rounded.
**differs**: it does not agree; the remark says how, and so does the evidence of the propositions in `paper_checks.md`.
"""


def shown(quoted: str, found: float, error: float) -> str:
    """The found value with one digit more than is quoted, or as many where it was sampled."""
    _, unit = value(quoted)
    if not unit:
        return (
            f"{found:.0f}"
            if abs(found - round(found)) < 1e-9
            else f"{found:.1g}"
            if error and not round(found)
            else f"{found:.3f}"
        )
    scale, mark = (100, "%") if quoted.endswith("%") else (1, "")
    if "e" in quoted:
        return f"{found:.2e}".replace("e-0", "e-")
    digits = len(quoted.rstrip("%").partition(".")[2]) + (not error)
    return f"{scale * found:.{digits}f}{mark}"


def line(row: Row) -> tuple[str, str]:
    found, verdict = judged(row)
    values = ", ".join(shown(q, x, row.error) for q, x in zip(row.quoted, found, strict=True))
    ids = ", ".join(f"`{id}`" for id in row.ids)
    said = f"**{verdict}**" + (f": {row.remark}" if row.remark else "")
    return verdict, f"| {row.what} | {', '.join(row.quoted)} | {values} | {said} | {ids} |"


def render() -> str:
    """The document, from rows that are computed now."""
    parts, verdicts, numbers = [], Counter[str](), 0
    for source, rows in groupby(sorted(load(), key=lambda row: row.source), key=lambda row: row.source):
        parts += [f"\n## {source}\n", "| what | quoted | computed here | agreement | propositions |", "|---|---|---|---|---|"]
        for row in rows:
            verdict, text = line(row)
            parts.append(text)
            verdicts[verdict] += 1
            numbers += len(row.quoted)
    counts = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.most_common())
    parts += ["\n## Not recomputed\n", "Outcomes of training runs of large models, as the notes give them.\n"]
    parts += ["| source | numbers | proposition |", "|---|---|---|"]
    parts += [f"| {source} | {what} | `{id}` |" for source, what, id in MEASURED]
    return "\n".join([HEAD, f"{numbers} numbers in {sum(verdicts.values())} rows: {counts}.", *parts]) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
