"""Losses on pairs, as DPO's: what they ask for by name, and how a group of completions answers.

Of a group of G, completion i < P = G // 2 is the chosen one of pair i and completion i + P the rejected one; the last of an odd
group is in no pair. What such a loss is given has shape (P,): the log-probability of a whole completion, the sum over its
tokens, under π_θ or π_ref, and its length.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor

from numerics.calling import CANONICAL as OF_A_GROUP

ALIASES = {
    "chosen_logp": ("chosen_logps", "policy_chosen_logp", "policy_chosen_logps"),
    "rejected_logp": ("rejected_logps", "policy_rejected_logp", "policy_rejected_logps"),
    "ref_chosen_logp": ("ref_chosen_logps", "reference_chosen_logp", "reference_chosen_logps"),
    "ref_rejected_logp": ("ref_rejected_logps", "reference_rejected_logp", "reference_rejected_logps"),
    "chosen_length": ("chosen_lengths",),
    "rejected_length": ("rejected_lengths",),
}
"""Canonical name of each input -> the other names under which a loss may ask for it."""

CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in (name, *aliases)}


def asked(loss: Callable[..., Any]) -> dict[str, str]:
    """Parameter -> canonical name of what it asks of a pair; empty for a loss that is not one on pairs."""
    return {n: CANONICAL[n] for n in inspect.signature(loss).parameters if n in CANONICAL}


def of_pairs(logp: Any, ref_logp: Any, mask: Any) -> dict[str, Any]:
    """Canonical name -> the (P,) tensor that a group gives it; logp, ref_logp, mask (G, T). ref_logp may be None."""
    P = len(logp) // 2
    given = {"logp": (logp * mask).sum(1), "length": mask.sum(1)}
    if ref_logp is not None:
        given["ref"] = (ref_logp * mask).sum(1)
    return {
        f"{prefix}{which}_{what}": given["ref" if prefix else what][rows]
        for prefix, what in (("", "logp"), ("ref_", "logp"), ("", "length"))
        for which, rows in (("chosen", slice(0, P)), ("rejected", slice(P, 2 * P)))
        if not prefix or ref_logp is not None
    }


def of_group(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A loss on pairs as one of logp, mask and, where it asks for the reference, ref_logp; any other loss as it is.

    Raises ValueError for a loss that asks for inputs of both kinds.
    """
    pairs = asked(loss)
    if not pairs:
        return loss
    signature = inspect.signature(loss)
    mixed = [n for n in signature.parameters if n in OF_A_GROUP]
    name = getattr(loss, "__name__", repr(loss))
    if mixed:
        kinds = f"{mixed[0]!r} is of a group of completions and {next(iter(pairs))!r} of pairs"
        raise ValueError(f"{name}: {kinds}: a loss asks for one kind of input")
    if not {"chosen_logp", "rejected_logp"} & set(pairs.values()):
        raise ValueError(f"{name}: no parameter asks for chosen_logp or rejected_logp")
    needs = ["logp", *(["ref_logp"] if any(c.startswith("ref_") for c in pairs.values()) else []), "mask"]
    rest = [p for n, p in signature.parameters.items() if n not in pairs and p.kind not in STARS]
    strange = [p.name for p in rest if p.default is p.empty]
    if strange:
        raise ValueError(f"{name}: parameter {strange[0]!r} has no default and is none of {', '.join(ALIASES)}")

    @functools.wraps(loss)
    def grouped(**given: Any) -> Tensor:
        group = {n: given.pop(n) for n in needs}
        values = of_pairs(group["logp"], group.get("ref_logp"), group["mask"])
        return loss(**{parameter: values[c] for parameter, c in pairs.items()}, **given)

    own = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in needs]
    options = [p.replace(kind=p.KEYWORD_ONLY) for p in rest]
    grouped.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    grouped.on_pairs = loss  # type: ignore[attr-defined]
    return grouped


STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
