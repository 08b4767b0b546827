"""The search for weights: right where there are some, and none only where there are none (z3 is asked as well)."""

import random
from fractions import Fraction

import pytest
import z3

from theory.tactics import simplex
from theory.tactics.simplex import Vector, Weights, nonnegative, positive


def problem(seed: int) -> tuple[list[Vector], Vector, set[int]]:
    """Up to seven small vectors in up to four coordinates, a target, and some of the places."""
    draw = random.Random(seed)
    coordinates = "abcd"[: draw.randint(1, 4)]

    def vector() -> Vector:
        values = {at: Fraction(draw.randint(-3, 3), draw.randint(1, 3)) for at in coordinates}
        return {at: c for at, c in values.items() if c and draw.random() < 0.8}

    vectors = [vector() for _ in range(draw.randint(0, 7))]
    target = vector() if draw.random() < 0.8 else {}
    return vectors, target, {n for n in range(len(vectors)) if draw.random() < 0.4}


def exists(vectors: list[Vector], target: Vector, some: set[int] | None) -> bool:
    """Whether z3 finds weights."""
    weights = [z3.Real(f"w{n}") for n in range(len(vectors))]
    solver = z3.Solver()
    solver.add([w >= 0 for w in weights])
    for at in "abcd":
        left = [w * z3.RealVal(str(v[at])) for w, v in zip(weights, vectors, strict=True) if at in v]
        solver.add(z3.Sum(left) == z3.RealVal(str(target.get(at, 0))))
    if some is not None:
        solver.add(z3.Or([weights[n] > 0 for n in some]))
    return solver.check() == z3.sat


def total(vectors: list[Vector], weights: Weights) -> Vector:
    zero = Fraction(0)
    sums = {at: sum((w * vectors[n].get(at, zero) for n, w in weights.items()), zero) for at in "abcd"}
    return {at: c for at, c in sums.items() if c}


@pytest.mark.parametrize("seed", range(300))
def test_weights_are_found_where_there_are_some(seed: int) -> None:
    vectors, target, some = problem(seed)
    for wanted, found in ((None, nonnegative(vectors, target)), (some, positive(vectors, target, some))):
        assert (found is not None) == exists(vectors, target, wanted)
        if found is not None:
            assert all(w > 0 for w in found.values()) and total(vectors, found) == target
            assert wanted is None or wanted & set(found)


def test_it_never_runs_in_a_circle() -> None:
    """Beale's example, on which the rule of the steepest column cycles: rows that are tight at the start."""
    rows = [("1/4", "-8", "-1", "9"), ("1/2", "-12", "-1/2", "3"), ("0", "0", "1", "0"), ("3/4", "-20", "1/2", "-6")]
    table = [[Fraction(c) for c in row] for row in rows]
    vectors: list[Vector] = [{r: row[n] for r, row in enumerate(table) if row[n]} for n in range(4)]
    vectors += [{r: Fraction(1)} for r in range(3)]
    assert nonnegative(vectors, {2: Fraction(1), 3: Fraction(5, 4)}) is not None
    assert nonnegative(vectors, {2: Fraction(1), 3: Fraction(4, 3)}) is None


def test_it_ends_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"a": Fraction(1)}
    assert nonnegative([one], one) == {0: 1}
    monkeypatch.setattr(simplex, "STEPS", 0)
    assert nonnegative([one], one) is None
