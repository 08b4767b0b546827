"""False claims, each with a case that breaks it, by the kind of mistake; written before anything was tuned on them."""

import sympy as sp
from planted import (
    DECAY, SOME, TWO, VAR, WIDTH, A, G, M, Planted, R, W, b, clip, e, i, j, length, n, r, s, surrogate, t, w, x, y, z,
)  # fmt: skip

from theory.language import ForAll, derivative, equals, mean

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
    F("telescope to 1", "off by one", equals(sp.Sum(r(i) - r(i - 1), (i, 2, G)), r(G) - r(2)), [TWO], {"G": 2, "r": [0, 1]}),
    F("one more index", "off by one", ForAll(i, 1, G + 1, r(i) > 0), [SOME, ForAll(i, 1, G, r(i) > 0)], {"G": 1, "r": [1, 0]}),
    F("geometric sum", "off by one", equals((1 - x) * sp.Sum(x**i, (i, 0, n)), 1 - x**n), [n >= 0], {"n": 0, "x": 2}),
    F("moment after n", "off by one", equals((1 - b) * sp.Sum(b ** (n - i), (i, 1, n)), 1 - b ** (n - 1)), [*DECAY, n >= 1], {"n": 1, "b": "1/2"}),
    F("tokens before t", "off by one", equals(sp.Sum(1, (i, 1, t)), t - 1), [t >= 1], {"t": 1}),
]  # fmt: skip

DROPPED = [
    F("cancel at 0", "dropped hypothesis", equals((x**2 + x) / x, x + 1), [], {"x": 0}),
    F("absolute value", "dropped hypothesis", equals(sp.Abs(x), x), [], {"x": -1}),
    F("scaled inequality", "dropped hypothesis", x * z <= y * z, [x <= y], {"x": 0, "y": 1, "z": -1}),
    F("log of a square", "dropped hypothesis", equals(sp.log(x**2), 2 * sp.log(x)), [sp.Ne(x, 0)], {"x": -1}),
    F("inverse turns", "dropped hypothesis", 1 / x <= 1 / y, [y <= x, sp.Ne(x, 0), sp.Ne(y, 0)], {"x": 1, "y": -1}),
    F("weights sum to 1", "dropped hypothesis", equals(sp.Sum(r(i) / R, (i, 1, G)), 1), [SOME], {"G": 2, "r": [1, -1]}),
    F("product of inequalities", "dropped hypothesis", x * y <= z * s, [x <= z, y <= s], {"x": -1, "y": -1, "z": 0, "s": 0}),
    F("a power below its base", "dropped hypothesis", b**n <= b, [b > 0, n >= 1], {"b": 2, "n": 2}),
    F("a mean of nothing", "dropped hypothesis", equals(G * M + 0 * x + mean(1, i, G), R + 1), [G >= 0], {"G": 0, "r": [], "x": 0}),
]  # fmt: skip

SWAPPED = [
    F("mean of ratios", "mean/ratio", equals(mean(r(i) / w(i), i, G), R / W), [SOME, POSITIVE_W], {"G": 2, "r": [1, 0], "w": [1, 2]}),
    F("mean of products", "mean/ratio", equals(mean(r(i) * w(i), i, G), M * W / G), [SOME], {"G": 2, "r": [1, 0], "w": [1, 0]}),
    F("two lengths", "mean/ratio", equals((x / y + z / s) / 2, (x + z) / (y + s)), [y > 0, s > 0], {"x": 1, "y": 1, "z": 0, "s": 2}),
    F("harmonic mean", "mean/ratio", equals(2 / (x + y), (1 / x + 1 / y) / 2), [x > 0, y > 0], {"x": 1, "y": 2}),
    F("exp of a mean", "mean/ratio", equals(sp.exp((x + y) / 2), (sp.exp(x) + sp.exp(y)) / 2), [], {"x": 0, "y": 1}),
    F("square of a mean", "mean/ratio", equals(M**2, mean(r(i) ** 2, i, G)), [SOME], {"G": 2, "r": [1, 0]}),
    F("min of a mean", "mean/ratio", equals(sp.Min(x, 0) / 2 + sp.Min(y, 0) / 2, sp.Min((x + y) / 2, 0)), [], {"x": 1, "y": -1}),
    F("geometric ratio", "mean/ratio", equals(sp.exp(mean(r(i), i, G)), mean(sp.exp(r(i)), i, G)), [SOME], {"G": 2, "r": [1, 0]}),
]  # fmt: skip

NORMALISER = [
    F("G - 1 for G", "normaliser", equals(sp.Sum((r(i) - M) ** 2, (i, 1, G)) / (G - 1), VAR), [TWO], {"G": 2, "r": [1, 0]}),
    F("leave one out", "normaliser", equals(r(1) - (R - r(1)) / (G - 1), r(1) - M), [TWO], {"G": 2, "r": [1, 0]}),
    F("var for std", "normaliser", equals(x / sp.sqrt(y), x / y), [y > 0], {"x": 1, "y": 4}),
    F("token mean for sequence mean", "normaliser", equals((x + y + z) / 3, ((x + y) / 2 + z) / 2), [], {"x": 1, "y": 0, "z": 0}),
    F("tokens of all", "normaliser", equals(sp.Sum(sp.S(1) / length(i), (i, 1, G)), G**2 / sp.Sum(length(i), (i, 1, G))), [SOME, LIVE], {"G": 2, "length": [1, 2]}),
    F("G squared", "normaliser", equals(sp.Sum(((r(i) - M) / G) ** 2, (i, 1, G)), VAR), [SOME], {"G": 2, "r": [1, 0]}),
    F("scaled variance", "normaliser", equals(mean((2 * r(i) - 2 * M) ** 2, i, G), 2 * VAR), [SOME], {"G": 2, "r": [1, 0]}),
    F("one length for all", "normaliser", equals(sp.Sum(x / length(i), (i, 1, G)), G * x / length(1)), [SOME, LIVE], {"G": 2, "x": 1, "length": [1, 2]}),
    F("weighted mean", "normaliser", equals(sp.Sum(w(i) * r(i), (i, 1, G)) / W, M), [SOME, POSITIVE_W], {"G": 2, "r": [1, 0], "w": [1, 2]}),
]  # fmt: skip

CLIPPED = [
    F("clip below the upper bound", "clip tie", equals(clip(s), s), [*WIDTH, s <= 1 + e], {"s": 0, "epsilon": "1/5"}),
    F("clip for bad tokens", "clip tie", equals(surrogate(s, A), clip(s) * A), [*WIDTH, A < 0], {"s": 2, "A": -1, "epsilon": "1/5"}),
    F("slope at the bound", "clip tie", derivative(sp.Min(s, 1 + FIFTH), s, 1), [s <= 1 + FIFTH], {"s": "6/5"}, RATIO),
    F("slope of a hinge", "clip tie", derivative(sp.Max(0, x), x, 1), [x >= 0], {"x": 0}),
    F("bounded above", "clip tie", surrogate(s, A) <= (1 + e) * A, WIDTH, {"s": 0, "A": -1, "epsilon": "1/5"}),
    F("bounded in size", "clip tie", sp.Abs(surrogate(s, A)) <= (1 + e) * sp.Abs(A), WIDTH, {"s": 2, "A": -1, "epsilon": "1/5"}),
    F("clip is one to one", "clip tie", equals(s, z), [*WIDTH, equals(clip(s), clip(z))], {"s": 2, "z": 3, "epsilon": "1/5"}),
    F("silent from the bound on", "clip tie", sp.Implies(s >= 1 + FIFTH, derivative(sp.Min(s, 1 + FIFTH), s, 0)), [], {"s": "6/5"}, RATIO),
]  # fmt: skip

CONSTANT = [
    F("a fifth for a quarter", "constant", x * (1 - x) <= FIFTH, [x >= 0, x <= 1], {"x": "1/2"}),
    F("a strip", "constant", 4 * x * (1 - x) <= 1 - sp.Rational(1, 10**6), [x >= 0, x <= 1], {"x": "1/2"}),
    F("second order", "constant", sp.exp(x) >= 1 + x + x**2 / 2, [], {"x": -1}),
    F("squares of sums", "constant", (x + y) ** 2 <= sp.Rational(3, 2) * (x**2 + y**2), [], {"x": 1, "y": 1}),
    F("twice Cauchy", "constant", sp.Sum(r(i) ** 2, (i, 1, G)) >= 2 * R**2 / G, [SOME], {"G": 1, "r": [1]}),
    F("log below x - 2", "constant", sp.log(x) <= x - 2, [x > 0], {"x": 1}),
    F("half a reward", "constant", r(1) - M <= sp.Rational(1, 2), [SOME, ForAll(i, 1, G, (r(i) >= 0) & (r(i) <= 1))], {"G": 3, "r": [1, 0, 0]}),
    F("groups are small", "constant", G <= 5, [SOME], {"G": 8}),
]  # fmt: skip

ONE = [
    F("leave one out of one", "n = 1", equals(r(1) - (R - r(1)) / (G - 1), G / (G - 1) * (r(1) - M)), [SOME], {"G": 1, "r": [1]}),
    F("sample variance of one", "n = 1", sp.Sum((r(i) - M) ** 2, (i, 1, G)) / (G - 1) >= 0, [SOME], {"G": 1, "r": [1]}),
    F("more than the first", "n = 1", R > r(1), [SOME, ForAll(i, 1, G, r(i) > 0)], {"G": 1, "r": [1]}),
    F("first and last", "n = 1", equals(R - r(1) - r(G), sp.Sum(r(i), (i, 2, G - 1))), [SOME], {"G": 1, "r": [1]}),
    F("all but the first token", "n = 1", equals(sp.Sum(x, (t, 2, n)), (n - 1) * x), [n >= 0], {"n": 0, "x": 1}),
    F("a first power", "n = 1", b**n < b, [*DECAY, n >= 1], {"b": "1/2", "n": 1}),
]  # fmt: skip

QUANTIFIER = [
    F("each from the sum", "quantifier", ForAll(i, 1, G, r(i) >= 0), [SOME, R >= 0], {"G": 2, "r": [2, -1]}),
    F("all below the last", "quantifier", ForAll(i, 1, G, r(i) <= r(G)), [SOME, r(1) <= r(G)], {"G": 3, "r": [0, 2, 1]}),
    F("a mean strictly below", "quantifier", sp.Implies(ForAll(i, 1, G, r(i) <= x), M < x), [SOME], {"G": 1, "r": [1], "x": 1}),
    F("someone is above", "quantifier", sp.Not(ForAll(i, 1, G, r(i) <= M)), [SOME], {"G": 1, "r": [1]}),
    F("all above the mean", "quantifier", ForAll(i, 1, G, r(i) >= M), [SOME], {"G": 2, "r": [1, 0]}),
    F("sorted by one pair", "quantifier", r(1) <= r(3), [r(1) <= r(2)], {"r": [0, 1, -1]}),
    F("a bound for each", "quantifier", ForAll(i, 1, G, x <= r(i)), [SOME, x <= M], {"G": 2, "r": [2, 0], "x": 1}),
    F("pairs from members", "quantifier", ForAll(i, 1, G, ForAll(j, 1, G, r(i) * r(j) <= r(i) ** 2)), [SOME], {"G": 2, "r": [1, 2]}),
]  # fmt: skip

FALSE = [*SIGN, *STRICT, *BOUNDS, *DROPPED, *SWAPPED, *NORMALISER, *CLIPPED, *CONSTANT, *ONE, *QUANTIFIER]

# False on a thin set away from 0, 1 and small fractions, or for large sizes only: beyond this search, and recorded so.
NEEDLES = [
    F("a disc of radius 1/1000", "needle", (x - sp.Rational(17, 13)) ** 2 + (y - sp.Rational(23, 19)) ** 2 > sp.Rational(1, 10**6), [], {"x": "17/13", "y": "23/19"}),
    F("a strip at 7/17", "needle", sp.Abs(x - sp.Rational(7, 17)) >= sp.Rational(1, 10**4), [x > 0, x < 1], {"x": "7/17"}),
    F("one integer", "needle", sp.Ne(n, 123456789), [], {"n": 123456789}),
    F("a hundred steps", "needle", b**n > sp.Rational(1, 1000), [b >= sp.Rational(9, 10), b < 1, n >= 0], {"b": "9/10", "n": 100}),
    F("a group of twenty", "needle", G < 20, [SOME], {"G": 20}),
    F("all but one of a ball in six dimensions", "needle", sum(((v - sp.Rational(3, 17)) ** 2 for v in (x, y, z, s, A, b)), sp.S(0)) > sp.Rational(1, 100), [], {name: "3/17" for name in ("x", "y", "z", "s", "A", "b")}),
]  # fmt: skip
