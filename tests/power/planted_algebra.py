"""False claims, each with a case that breaks it, by the kind of mistake, written before any tuning."""

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

from theory.language import ForAll, equals, mean

F = Planted
POSITIVE_W = ForAll(i, 1, G, w(i) > 0)
LIVE = ForAll(i, 1, G, length(i) >= 1)
FIFTH = sp.Rational(1, 5)
RATIO = {"s": "ratio"}

SIGN = [
    F("centred with a plus", "sign", equals(sp.Sum(r(i) + M, (i, 1, G)), 0), [SOME], {"G": 1, "r": [1]}),
    F("variance with a plus", "sign", equals(VAR, mean(r(i) ** 2, i, G) + M**2), [SOME], {"G": 1, "r": [1]}),
    F("k3 with a plus", "sign", sp.exp(x) + x - 1 >= 0, [], {"x": -1}),
    F("a step against the gradient", "sign", x - z * y <= x, [z > 0], {"x": 0, "y": -1, "z": 1}),
    F("triangle turned", "sign", sp.Abs(x + y) >= sp.Abs(x) + sp.Abs(y), [], {"x": 1, "y": -1}),
    F("inverse ratio", "sign", equals(sp.exp(x - y), sp.exp(y - x)), [], {"x": 1, "y": 0}),
    F("log of a product", "sign", equals(sp.log(x * y), sp.log(x) - sp.log(y)), [x > 0, y > 0], {"x": 2, "y": 2}),
    F("bias correction with a plus", "sign", 1 + b**n <= 1, [*DECAY, n >= 1], {"b": "1/2", "n": 1}),
]

STRICT = [
    F("variance is positive", "<= vs <", VAR > 0, [SOME], {"G": 2, "r": [1, 1]}),
    F("clip stays below", "<= vs <", clip(s) < 1 + e, WIDTH, {"s": 2, "epsilon": "1/5"}, RATIO),
    F("clipping lowers", "<= vs <", surrogate(s, A) < s * A, WIDTH, {"s": 1, "A": 1, "epsilon": "1/5"}),
    F("exp above its tangent", "<= vs <", sp.exp(x) > 1 + x, [], {"x": 0}),
    F("mean below the larger", "<= vs <", (x + y) / 2 < sp.Max(x, y), [], {"x": 1, "y": 1}),
    F("strict triangle", "<= vs <", sp.Abs(x + y) < sp.Abs(x) + sp.Abs(y), [], {"x": 1, "y": 1}),
    F("a tie in the ranking", "<= vs <", r(1) > r(2), [r(1) >= r(2)], {"r": [0, 0]}),
    F("a power of a decay", "<= vs <", b**n < 1, [*DECAY, n >= 0], {"b": "1/2", "n": 0}),
    F("a weight below one", "<= vs <", w(1) < 1, [w(1) >= 0, w(2) >= 0, equals(w(1), 1 - w(2))], {"w": [1, 0]}),
]

BOUNDS = [
    F("a count from 0", "off by one", equals(sp.Sum(1, (i, 0, G)), G), [G >= 0], {"G": 0}),
    F("sum of 1..n", "off by one", equals(sp.Sum(i, (i, 1, n)), n * (n - 1) / 2), [n >= 0], {"n": 1}),
    F("a sum without its last", "off by one", equals(sp.Sum(r(i), (i, 1, G - 1)), R), [SOME], {"G": 1, "r": [1]}),
    F(
        "telescope to 1",
        "off by one",
        equals(sp.Sum(r(i) - r(i - 1), (i, 2, G)), r(G) - r(2)),
        [TWO],
        {"G": 2, "r": [0, 1]},
    ),
    F(
        "one more index",
        "off by one",
        ForAll(i, 1, G + 1, r(i) > 0),
        [SOME, ForAll(i, 1, G, r(i) > 0)],
        {"G": 1, "r": [1, 0]},
    ),
    F("geometric sum", "off by one", equals((1 - x) * sp.Sum(x**i, (i, 0, n)), 1 - x**n), [n >= 0], {"n": 0, "x": 2}),
    F(
        "moment after n",
        "off by one",
        equals((1 - b) * sp.Sum(b ** (n - i), (i, 1, n)), 1 - b ** (n - 1)),
        [*DECAY, n >= 1],
        {"n": 1, "b": "1/2"},
    ),
    F("tokens before t", "off by one", equals(sp.Sum(1, (i, 1, t)), t - 1), [t >= 1], {"t": 1}),
]

DROPPED = [
    F("cancel at 0", "dropped hypothesis", equals((x**2 + x) / x, x + 1), [], {"x": 0}),
    F("absolute value", "dropped hypothesis", equals(sp.Abs(x), x), [], {"x": -1}),
    F("scaled inequality", "dropped hypothesis", x * z <= y * z, [x <= y], {"x": 0, "y": 1, "z": -1}),
    F("log of a square", "dropped hypothesis", equals(sp.log(x**2), 2 * sp.log(x)), [sp.Ne(x, 0)], {"x": -1}),
    F("inverse turns", "dropped hypothesis", 1 / x <= 1 / y, [y <= x, sp.Ne(x, 0), sp.Ne(y, 0)], {"x": 1, "y": -1}),
    F("weights sum to 1", "dropped hypothesis", equals(sp.Sum(r(i) / R, (i, 1, G)), 1), [SOME], {"G": 2, "r": [1, -1]}),
    F(
        "product of inequalities",
        "dropped hypothesis",
        x * y <= z * s,
        [x <= z, y <= s],
        {"x": -1, "y": -1, "z": 0, "s": 0},
    ),
    F("a power below its base", "dropped hypothesis", b**n <= b, [b > 0, n >= 1], {"b": 2, "n": 2}),
    F(
        "a mean of nothing",
        "dropped hypothesis",
        equals(G * M + 0 * x + mean(1, i, G), R + 1),
        [G >= 0],
        {"G": 0, "r": [], "x": 0},
    ),
]

SWAPPED = [
    F(
        "mean of ratios",
        "mean/ratio",
        equals(mean(r(i) / w(i), i, G), R / W),
        [SOME, POSITIVE_W],
        {"G": 2, "r": [1, 0], "w": [1, 2]},
    ),
    F(
        "mean of products",
        "mean/ratio",
        equals(mean(r(i) * w(i), i, G), M * W / G),
        [SOME],
        {"G": 2, "r": [1, 0], "w": [1, 0]},
    ),
    F(
        "two lengths",
        "mean/ratio",
        equals((x / y + z / s) / 2, (x + z) / (y + s)),
        [y > 0, s > 0],
        {"x": 1, "y": 1, "z": 0, "s": 2},
    ),
    F("harmonic mean", "mean/ratio", equals(2 / (x + y), (1 / x + 1 / y) / 2), [x > 0, y > 0], {"x": 1, "y": 2}),
    F("exp of a mean", "mean/ratio", equals(sp.exp((x + y) / 2), (sp.exp(x) + sp.exp(y)) / 2), [], {"x": 0, "y": 1}),
    F("square of a mean", "mean/ratio", equals(M**2, mean(r(i) ** 2, i, G)), [SOME], {"G": 2, "r": [1, 0]}),
    F(
        "min of a mean",
        "mean/ratio",
        equals(sp.Min(x, 0) / 2 + sp.Min(y, 0) / 2, sp.Min((x + y) / 2, 0)),
        [],
        {"x": 1, "y": -1},
    ),
    F(
        "geometric ratio",
        "mean/ratio",
        equals(sp.exp(mean(r(i), i, G)), mean(sp.exp(r(i)), i, G)),
        [SOME],
        {"G": 2, "r": [1, 0]},
    ),
]

ALGEBRA = [*SIGN, *STRICT, *BOUNDS, *DROPPED, *SWAPPED]
