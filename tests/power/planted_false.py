"""More false claims, of groups, clips and quantifiers, and the needles; `FALSE` is all that a search should find."""

import sympy as sp
from planted import (
    DECAY,
    SOME,
    TWO,
    VAR,
    WIDTH,
    A,
    G,
    M,
    Planted,
    R,
    W,
    b,
    clip,
    e,
    i,
    j,
    length,
    n,
    r,
    s,
    surrogate,
    t,
    w,
    x,
    y,
    z,
)
from planted_algebra import ALGEBRA

from theory.language import ForAll, derivative, equals, mean

F = Planted
POSITIVE_W = ForAll(i, 1, G, w(i) > 0)
LIVE = ForAll(i, 1, G, length(i) >= 1)
FIFTH = sp.Rational(1, 5)
RATIO = {"s": "ratio"}

NORMALISER = [
    F(
        "G - 1 for G",
        "normaliser",
        equals(sp.Sum((r(i) - M) ** 2, (i, 1, G)) / (G - 1), VAR),
        [TWO],
        {"G": 2, "r": [1, 0]},
    ),
    F("leave one out", "normaliser", equals(r(1) - (R - r(1)) / (G - 1), r(1) - M), [TWO], {"G": 2, "r": [1, 0]}),
    F("var for std", "normaliser", equals(x / sp.sqrt(y), x / y), [y > 0], {"x": 1, "y": 4}),
    F(
        "token mean for sequence mean",
        "normaliser",
        equals((x + y + z) / 3, ((x + y) / 2 + z) / 2),
        [],
        {"x": 1, "y": 0, "z": 0},
    ),
    F(
        "tokens of all",
        "normaliser",
        equals(sp.Sum(sp.S(1) / length(i), (i, 1, G)), G**2 / sp.Sum(length(i), (i, 1, G))),
        [SOME, LIVE],
        {"G": 2, "length": [1, 2]},
    ),
    F("G squared", "normaliser", equals(sp.Sum(((r(i) - M) / G) ** 2, (i, 1, G)), VAR), [SOME], {"G": 2, "r": [1, 0]}),
    F(
        "scaled variance",
        "normaliser",
        equals(mean((2 * r(i) - 2 * M) ** 2, i, G), 2 * VAR),
        [SOME],
        {"G": 2, "r": [1, 0]},
    ),
    F(
        "one length for all",
        "normaliser",
        equals(sp.Sum(x / length(i), (i, 1, G)), G * x / length(1)),
        [SOME, LIVE],
        {"G": 2, "x": 1, "length": [1, 2]},
    ),
    F(
        "weighted mean",
        "normaliser",
        equals(sp.Sum(w(i) * r(i), (i, 1, G)) / W, M),
        [SOME, POSITIVE_W],
        {"G": 2, "r": [1, 0], "w": [1, 2]},
    ),
]

CLIPPED = [
    F("clip below the upper bound", "clip tie", equals(clip(s), s), [*WIDTH, s <= 1 + e], {"s": 0, "epsilon": "1/5"}),
    F(
        "clip for bad tokens",
        "clip tie",
        equals(surrogate(s, A), clip(s) * A),
        [*WIDTH, A < 0],
        {"s": 2, "A": -1, "epsilon": "1/5"},
    ),
    F("slope at the bound", "clip tie", derivative(sp.Min(s, 1 + FIFTH), s, 1), [s <= 1 + FIFTH], {"s": "6/5"}, RATIO),
    F("slope of a hinge", "clip tie", derivative(sp.Max(0, x), x, 1), [x >= 0], {"x": 0}),
    F("bounded above", "clip tie", surrogate(s, A) <= (1 + e) * A, WIDTH, {"s": 0, "A": -1, "epsilon": "1/5"}),
    F(
        "bounded in size",
        "clip tie",
        sp.Abs(surrogate(s, A)) <= (1 + e) * sp.Abs(A),
        WIDTH,
        {"s": 2, "A": -1, "epsilon": "1/5"},
    ),
    F(
        "clip is one to one",
        "clip tie",
        equals(s, z),
        [*WIDTH, equals(clip(s), clip(z))],
        {"s": 2, "z": 3, "epsilon": "1/5"},
    ),
    F(
        "silent from the bound on",
        "clip tie",
        sp.Implies(s >= 1 + FIFTH, derivative(sp.Min(s, 1 + FIFTH), s, 0)),
        [],
        {"s": "6/5"},
        RATIO,
    ),
]

CONSTANT = [
    F("a fifth for a quarter", "constant", x * (1 - x) <= FIFTH, [x >= 0, x <= 1], {"x": "1/2"}),
    F("a strip", "constant", 4 * x * (1 - x) <= 1 - sp.Rational(1, 10**6), [x >= 0, x <= 1], {"x": "1/2"}),
    F("second order", "constant", sp.exp(x) >= 1 + x + x**2 / 2, [], {"x": -1}),
    F("squares of sums", "constant", (x + y) ** 2 <= sp.Rational(3, 2) * (x**2 + y**2), [], {"x": 1, "y": 1}),
    F("twice Cauchy", "constant", sp.Sum(r(i) ** 2, (i, 1, G)) >= 2 * R**2 / G, [SOME], {"G": 1, "r": [1]}),
    F("log below x - 2", "constant", sp.log(x) <= x - 2, [x > 0], {"x": 1}),
    F(
        "half a reward",
        "constant",
        r(1) - M <= sp.Rational(1, 2),
        [SOME, ForAll(i, 1, G, (r(i) >= 0) & (r(i) <= 1))],
        {"G": 3, "r": [1, 0, 0]},
    ),
    F("groups are small", "constant", G <= 5, [SOME], {"G": 8}),
]

ONE = [
    F(
        "leave one out of one",
        "n = 1",
        equals(r(1) - (R - r(1)) / (G - 1), G / (G - 1) * (r(1) - M)),
        [SOME],
        {"G": 1, "r": [1]},
    ),
    F("sample variance of one", "n = 1", sp.Sum((r(i) - M) ** 2, (i, 1, G)) / (G - 1) >= 0, [SOME], {"G": 1, "r": [1]}),
    F("more than the first", "n = 1", R > r(1), [SOME, ForAll(i, 1, G, r(i) > 0)], {"G": 1, "r": [1]}),
    F("first and last", "n = 1", equals(R - r(1) - r(G), sp.Sum(r(i), (i, 2, G - 1))), [SOME], {"G": 1, "r": [1]}),
    F("all but the first token", "n = 1", equals(sp.Sum(x, (t, 2, n)), (n - 1) * x), [n >= 0], {"n": 0, "x": 1}),
    F("a first power", "n = 1", b**n < b, [*DECAY, n >= 1], {"b": "1/2", "n": 1}),
]

QUANTIFIER = [
    F("each from the sum", "quantifier", ForAll(i, 1, G, r(i) >= 0), [SOME, R >= 0], {"G": 2, "r": [2, -1]}),
    F(
        "all below the last",
        "quantifier",
        ForAll(i, 1, G, r(i) <= r(G)),
        [SOME, r(1) <= r(G)],
        {"G": 3, "r": [0, 2, 1]},
    ),
    F(
        "a mean strictly below",
        "quantifier",
        sp.Implies(ForAll(i, 1, G, r(i) <= x), M < x),
        [SOME],
        {"G": 1, "r": [1], "x": 1},
    ),
    F("someone is above", "quantifier", sp.Not(ForAll(i, 1, G, r(i) <= M)), [SOME], {"G": 1, "r": [1]}),
    F("all above the mean", "quantifier", ForAll(i, 1, G, r(i) >= M), [SOME], {"G": 2, "r": [1, 0]}),
    F("sorted by one pair", "quantifier", r(1) <= r(3), [r(1) <= r(2)], {"r": [0, 1, -1]}),
    F("a bound for each", "quantifier", ForAll(i, 1, G, x <= r(i)), [SOME, x <= M], {"G": 2, "r": [2, 0], "x": 1}),
    F(
        "pairs from members",
        "quantifier",
        ForAll(i, 1, G, ForAll(j, 1, G, r(i) * r(j) <= r(i) ** 2)),
        [SOME],
        {"G": 2, "r": [1, 2]},
    ),
]

FALSE = [*ALGEBRA, *NORMALISER, *CLIPPED, *CONSTANT, *ONE, *QUANTIFIER]

# False on a thin set away from 0, 1 and small fractions, or for large sizes only: beyond this search, and recorded so.
NEEDLES = [
    F(
        "a disc of radius 1/1000",
        "needle",
        (x - sp.Rational(17, 13)) ** 2 + (y - sp.Rational(23, 19)) ** 2 > sp.Rational(1, 10**6),
        [],
        {"x": "17/13", "y": "23/19"},
    ),
    F(
        "a strip at 7/17",
        "needle",
        sp.Abs(x - sp.Rational(7, 17)) >= sp.Rational(1, 10**4),
        [x > 0, x < 1],
        {"x": "7/17"},
    ),
    F("one integer", "needle", sp.Ne(n, 123456789), [], {"n": 123456789}),
    F(
        "a hundred steps",
        "needle",
        b**n > sp.Rational(1, 1000),
        [b >= sp.Rational(9, 10), b < 1, n >= 0],
        {"b": "9/10", "n": 100},
    ),
    F("a group of twenty", "needle", G < 20, [SOME], {"G": 20}),
    F(
        "all but one of a ball in six dimensions",
        "needle",
        sum(((v - sp.Rational(3, 17)) ** 2 for v in (x, y, z, s, A, b)), sp.S(0)) > sp.Rational(1, 100),
        [],
        {name: "3/17" for name in ("x", "y", "z", "s", "A", "b")},
    ),
]
