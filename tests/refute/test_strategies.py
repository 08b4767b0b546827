"""Each tag of the strategies is really drawn, within its bounds, and shrinks to the simplest value that it has."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from claims import claim, q
from hypothesis import find, settings
from hypothesis import strategies as st

from numerics.evidence import strategies
from numerics.evidence.explore import explore
from numerics.evidence.strategies import BY_NAME, CLIP, INT_FAMILY_TAGS, MEMBERS, REAL_FAMILY_TAGS, Bounds, Pools
from numerics.evidence.trials import Outcome
from theory.language import ForAll, equals, family, int_family, integers, reals
from theory.numbers import number, plain

x, y, s, e = reals("x y s epsilon")
G, i, j, n = integers("G i j n")
r, w = family("r"), family("w")
length = int_family("length")
FOUR = {"four members": equals(G, 4)}


def drawn(says_no: Any, assumptions: dict[str, Any] | None = None, **hints: str) -> Outcome:
    """The search for a case against a statement: how we ask it to draw what the statement rules out."""
    p = claim(says_no, assumptions=assumptions or {}, hints=hints)
    outcomes = (explore(p, 200, start) for start in range(4))
    return next((o for o in outcomes if o.counterexample is not None), explore(p, 50))


def some(p: Any) -> Any:
    return sp.Not(p)


# what a family may look like -> a statement that it never does
LOOKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "ties": (some((sp.Ne(r(1), r(2))) & equals(r(2), r(3)) & sp.Ne(r(1), 0) & sp.Ne(r(2), 0)), {}),
    "all equal, and not 0": (some(ForAll(i, 1, 4, equals(r(i), r(1))) & sp.Ne(r(1), 0) & sp.Ne(r(1), 1)), {}),
    "binary": (some(ForAll(i, 1, 4, equals(r(i) * (r(i) - 1), 0)) & (r(1) < r(2)) & (r(3) > r(4))), {}),
    "all distinct": (
        some(sp.Ne(r(1), r(2)) & sp.Ne(r(2), r(3)) & sp.Ne(r(1), r(3)) & sp.Ne(r(1) + r(2), 2 * r(3))),
        {},
    ),
    "heavy tails": (some((r(1) >= 10**5) & (r(2) < 10)), {}),
    "heavy negative tails": (some((r(1) <= -(10**5)) & (r(2) > -10)), {}),
    "tiny": (some((r(1) > 0) & (r(1) < sp.Rational(1, 10**5))), {}),
    "one good completion": (some(equals(r(1), 1) & ForAll(i, 2, 4, equals(r(i), 0))), {}),
    "negative": (some((r(1) < 0) & (r(2) < 0) & sp.Ne(r(1), r(2))), {}),
    "a group of one": (G >= 2, {"G": G >= 1}),
    "a larger group": (G <= 5, {"G": G >= 1}),
    "an empty group": (G >= 1, {"G": G >= 0}),
    "lengths of one token": (some(ForAll(i, 1, 4, equals(length(i), 1))), {"live": ForAll(i, 1, 4, length(i) >= 1)}),
    "empty completions": (some(equals(length(1), 0) & (length(2) > 0)), {"lengths": ForAll(i, 1, 4, length(i) >= 0)}),
    "equal lengths": (some(equals(length(1), length(2)) & equals(length(2), length(3)) & (length(1) >= 3)), {}),
    "skewed lengths": (some(equals(length(1), 1) & (length(2) >= 5)), {"lengths": ForAll(i, 1, 4, length(i) >= 1)}),
}


@pytest.mark.parametrize(("says_no", "assumptions"), LOOKS.values(), ids=LOOKS)
def test_each_look_of_a_family_is_drawn(says_no: Any, assumptions: dict[str, Any]) -> None:
    assert drawn(says_no, assumptions).counterexample is not None


FIFTH = sp.Rational(1, 5)
NEAR = {
    "on the upper bound": sp.Ne(s, 1 + FIFTH),
    "on the lower bound": sp.Ne(s, 1 - FIFTH),
    "just above": some((s > 1 + FIFTH) & (s <= sp.Rational(61, 50))),
    "just below": some((s < 1 + FIFTH) & (s >= sp.Rational(59, 50))),
    "just inside, below 1": some((s > 1 - FIFTH) & (s <= sp.Rational(41, 50))),
    "just outside, below 1": some((s < 1 - FIFTH) & (s >= sp.Rational(39, 50))),
    "on policy": sp.Ne(s, 1),
    "far above": s < 4,
    "far below": s > sp.Rational(1, 4),
}


@pytest.mark.parametrize("says_no", NEAR.values(), ids=NEAR)
def test_ratios_are_drawn_near_the_clip_bounds(says_no: Any) -> None:
    assert drawn(says_no, {"a ratio": s > 0}, s="ratio").counterexample is not None


@pytest.mark.parametrize("value", ["1/2", "9/10", "19/20", "1/100", "2/3", "1/12"])
def test_units_are_drawn(value: str) -> None:
    assert drawn(sp.Ne(e, sp.Rational(value)), {"a rate": (e > 0) & (e < 1)}, epsilon="unit").counterexample is not None


def test_squares_have_exact_roots() -> None:
    found = drawn(sp.sqrt(x) <= 1, {"a square": x >= 0}, x="square")
    assert found.violated == "2 <= 1 is false", found


TAGS = {**BY_NAME, **MEMBERS}
BOUNDS = [
    Bounds(),
    Bounds(low=q(0)),
    Bounds(low=q(0), low_open=True),
    Bounds(high=q(-2)),
    Bounds(q(0), q(1)),
    Bounds(q(0), q(1), True, True),
    Bounds(q("1/3"), q("1/2"), True, True),
    Bounds(q("999/1000"), q(1), True, True),
    Bounds(q(1), q(1)),
    Bounds(low=q(1000)),
]
REALS = ["generic", "ratio", "heavy-tail", "ties", "all-equal", "square"]


def values_of(drawn_from: Pools) -> list[Fraction]:
    return [plain(number(x)) for pool in drawn_from for x in pool]


@pytest.mark.parametrize("tag", REALS)
@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_values_stay_within_bounds(tag: str, bounds: Bounds) -> None:
    values = values_of(TAGS[tag](bounds))
    assert values and all(bounds.admits(v) for v in values)


@pytest.mark.parametrize(
    ("bounds", "possible"),
    [
        (Bounds(q(2), q(4)), {2, 3, 4}),
        (Bounds(q(2), q(4), True, True), {3}),
        (Bounds(q("3/2"), q("7/2")), {2, 3}),
        (Bounds(q("3/2"), q("7/2"), True, True), {2, 3}),
        (Bounds(low=q(1)), {1, 2, 3, 4, 5, 8}),
        (Bounds(high=q(0), high_open=True), {-5, -4, -3, -2, -1}),
        (Bounds(q(0), q(1000)), set(range(1001))),
        (Bounds(q(1), q(0)), set()),
    ],
    ids=str,
)  # fmt: skip
def test_integers_are_those_in_range(bounds: Bounds, possible: set[int]) -> None:
    assert set(values_of(strategies.integers(bounds))) == possible


def test_the_simplest_values_come_first() -> None:
    """Whoever chooses prefers the first: a search that tries the simplest case, and Hypothesis as it shrinks."""
    corners, anywhere = strategies.generic(Bounds())
    assert [str(x) for x in corners[:5]] == ["0", "1", "-1", "1/2", "2"]
    sizes = [(plain(x).denominator, abs(plain(x))) for x in anywhere]
    assert sizes == sorted(sizes)


SIMPLEST: dict[str, tuple[Callable[[Fraction], bool], str]] = {
    "0": (lambda v: True, "0"),
    "a positive number": (lambda v: v > 0, "1"),
    "a negative number": (lambda v: v < 0, "-1"),
    "above 1": (lambda v: v > 1, "2"),
    "no integer": (lambda v: v.denominator > 1, "1/2"),
    "no half": (lambda v: v.denominator > 2, "1/3"),
    "twelfths": (lambda v: v.denominator == 12, "1/12"),
}


@pytest.mark.parametrize(("wanted", "simplest"), SIMPLEST.values(), ids=SIMPLEST)
def test_values_shrink_to_the_simplest(wanted: Callable[[Fraction], bool], simplest: str) -> None:
    steady = settings(database=None, derandomize=True, deadline=None, max_examples=2000)
    drawn_from = st.sampled_from(strategies.generic(Bounds())).flatmap(st.sampled_from)
    assert find(drawn_from, lambda x: wanted(plain(x)), settings=steady) == number(simplest)


def test_contradictory_bounds_draw_nothing() -> None:
    for bounds in (Bounds(q(1), q(0)), Bounds(q(1), q(1), True, False)):
        assert strategies.generic(bounds) == ()
        assert drawn(x <= y, {"x": (x > 1) & (x < 0)}).satisfied == 0


def test_every_tag_is_one_that_is_drawn() -> None:
    assert set(REAL_FAMILY_TAGS) == set(MEMBERS) and set(INT_FAMILY_TAGS) == {"generic", "all-equal", "degenerate"}
    assert {Fraction(4, 5), Fraction(6, 5), Fraction(1)} <= set(CLIP)
