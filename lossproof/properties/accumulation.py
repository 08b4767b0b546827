"""accumulation-invariant and rank-invariant: a batch that is cut into micro-batches, or over ranks, and told so.

Both speak of losses that ask for numbers about the whole batch, as trainers pass them: `num_tokens`, `accumulation_steps`,
`num_ranks`, .. (`lossproof.batch`). A loss that asks for none of them is judged by `microbatch-invariant`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..batch import KNOWN, told
from ..decide import Finding, decide
from ..subject import BATCH, Subject
from ..world import Claim
from . import Property

GRID = ((1, 2), (2, 2), (2, 1))  # (micro-batches per step, micro-batches per generation)


def numbers(w: Any, x: Any, copies: int = 1, **others: int) -> Any:
    """The inputs, told that `copies` of this batch make the whole."""
    sizes = {"num_tokens": x.mask.sum() * w.number(copies), "num_sequences": w.number(copies * len(x.mask))}
    ones = {n: w.number(others.get(n, 1)) for n in BATCH[2:]}
    return x.but(batch=sizes | ones)


def parts(w: Any, x: Any) -> Iterator[tuple[int, list[Any]]]:
    """The group cut into k equal parts, for every k that divides it; each part is told the sizes of the whole."""
    for k in range(2, w.G + 1):
        if w.G % k == 0:
            n = w.G // k
            rows = [slice(j * n, (j + 1) * n) for j in range(k)]
            yield k, [x.of(r) for r in rows]


def accumulated(w: Any) -> list[Claim]:
    x = numbers(w, w.free_advantages(w.free_reference(w.inputs())))
    g, out = w.gradient(x), []
    for k, pieces in parts(w, x):
        steps = {"accumulation_steps": w.number(k), "steps_per_generation": w.number(k)}
        summed = np.concatenate([w.gradient(piece.but(batch={**x.batch, **steps})) for piece in pieces])
        out += w.same_gradient(summed, g, f"{k} micro-batches of the group, gradients summed, against the whole: the weight")
    staged = w.subject.takes("steps_per_generation")
    for taken, generated in GRID:
        copies = generated if staged else taken  # what num_tokens counts: the generation's batch, where it is asked for
        y = numbers(w, x, copies, accumulation_steps=taken, steps_per_generation=copies)
        says = f"{taken} of {copies} equal micro-batches, gradients summed, against one alone: the weight"
        out += w.same_gradient(w.gradient(y) * w.number(taken), g, says)
    return out


def ranked(w: Any) -> list[Claim]:
    x = numbers(w, w.free_advantages(w.free_reference(w.inputs())))
    g, out = w.gradient(x), []
    for k, pieces in parts(w, x):
        ranks = {**x.batch, "num_ranks": w.number(k)}
        mean = np.concatenate([w.gradient(piece.but(batch=ranks)) for piece in pieces]) * w.number(1) / w.number(k)
        out += w.same_gradient(mean, g, f"{k} ranks, gradients averaged, against one rank with the whole group: the weight")
    return out


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    teller = told(subject)
    if teller is None or not any(teller.takes(n) for n in p.about):
        names = ", ".join(alias for alias, name in KNOWN.items() if name in p.about)
        return Finding(p.id, "not-applicable", p.statement, reason=f"the objective asks for none of {names}")
    return decide(replace(p, decide=None), teller, G, T)


PROPERTY = [
    Property(
        "accumulation-invariant",
        "the gradients of the micro-batches' losses, each told the sizes of the whole batch, add up to that of the batch in one "
        "piece: for every cut into equal micro-batches, and for equal micro-batches of which some make up a step",
        accumulated,
        needs=("advantages",),
        decide=judged,
        harm=16,
        on_request=True,
        about=BATCH[:4],
    ),
    Property(
        "rank-invariant",
        "the mean over ranks of the ranks' gradients, each told the sizes of the whole batch and the number of ranks, is that "
        "of one rank with the whole batch",
        ranked,
        needs=("advantages",),
        decide=judged,
        harm=16,
        on_request=True,
        about=BATCH[4:],
    ),
]
