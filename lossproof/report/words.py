"""Findings in words: a witness as one sentence with numbers that a reader can check."""

from fractions import Fraction
from math import isfinite, sqrt
from typing import Any

SQUARES = (2, 3, 5, 6)
IDLE = {
    "objective": "Knobs that change neither the loss nor its gradient",
    "advantage": "Knobs that do not change the advantages",
}


def number(x: float) -> str:
    """A float as the simple number it is (1/9, sqrt(2)/8), else to four digits."""
    if not isfinite(x):
        return str(x)
    for root, suffix in ((1.0, ""), *((sqrt(n), f"sqrt({n})") for n in SQUARES)):
        q = Fraction(x / root).limit_denominator(360)
        if abs(float(q) * root - x) <= 1e-12 * max(1.0, abs(x)):
            if not suffix:
                return str(q)
            if q == 0:
                return "0"
            top = suffix if abs(q.numerator) == 1 else f"{abs(q.numerator)} {suffix}"
            return f"{'-' if q < 0 else ''}{top}" + (f"/{q.denominator}" if q.denominator != 1 else "")
    return f"{x:.4g}"


def several(rewards: list[float]) -> str:
    """The rewards of one completion that has more than one."""
    return f"({', '.join(map(number, rewards))})"


def setting(witness: dict[str, Any]) -> str:
    """The group: rewards and lengths."""
    group = witness.get("group")
    if not group:
        return ""
    rewards = ", ".join(several(r) if isinstance(r, list) else number(r) for r in group["rewards"])
    lengths = ", ".join(map(str, group["lengths"]))
    if "squared_norms" in group:
        lengths += f" and squared norms {', '.join(map(number, group['squared_norms']))}"
    if "masked" in group:
        lengths += f" and masked tokens {', '.join(group['masked'])}"
    scalars = "".join(f", {n} = {number(x)}" for n, x in (witness.get("scalars") or {}).items())
    return f"rewards {rewards} with lengths {lengths}{scalars}: "


def sentence(witness: dict[str, Any]) -> str:
    """What the witness shows."""
    if "left" not in witness:
        return setting(witness) + witness.get("claim", "")
    left, right, relation = number(witness["left"]), number(witness["right"]), witness["relation"]
    expected = {
        "=": " instead of" if witness["right"] == 0 else " against",
        "<=": ", which is more than",
        "<": ", which is not below",
        "!=": ", which must differ from",
    }.get(relation)
    if relation == "=" and not (isfinite(witness["left"]) and isfinite(witness["right"])):
        return (
            f"{setting(witness)}{witness['claim']}: {left if left == right else f'{left} against {right}'}, which is not finite"
        )
    if relation == "finite":
        return f"{setting(witness)}{witness['claim']}: {left} and {right}"
    if relation == "within":
        return f"{setting(witness)}{witness['claim']}: {left}"
    claim = witness["claim"]
    if claim.endswith("above"):
        return f"{setting(witness)}{claim} 0, and it is {right}"
    return f"{setting(witness)}{claim}: {left}{expected} {right}"
