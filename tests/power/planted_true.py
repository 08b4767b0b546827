"""True claims next to the false ones. `PROVED_BY_HAND` names those that `Context.prove` does not find by itself."""

import sympy as sp
from planted import (
    DECAY,
    R_SQUARED,
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
    f,
    g,
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

from theory.language import ForAll, derivative, equals, mean

POSITIVE_W = ForAll(i, 1, G, w(i) > 0)
LIVE = ForAll(i, 1, G, length(i) >= 1)
T = Planted

SUMS = [
    T("centred", "sums", equals(sp.Sum(r(i) - M, (i, 1, G)), 0), [SOME]),
    T("variance", "sums", equals(VAR, mean(r(i) ** 2, i, G) - M**2), [SOME]),
    T("scaled variance", "sums", equals(mean((2 * r(i) - 2 * M) ** 2, i, G), 4 * VAR), [SOME]),
    T("shifted mean", "sums", equals(mean(r(i) + x, i, G), M + x), [SOME]),
    T("leave one out", "sums", equals(r(1) - (R - r(1)) / (G - 1), G / (G - 1) * (r(1) - M)), [TWO]),
    T("G - 1 and G", "sums", equals(sp.Sum((r(i) - M) ** 2, (i, 1, G)) / (G - 1) * (G - 1) / G, VAR), [TWO]),
    T("weights sum to 1", "sums", equals(sp.Sum(w(i) / W, (i, 1, G)), 1), [SOME, POSITIVE_W]),
    T("a count", "sums", equals(sp.Sum(1, (i, 1, G)), G), [G >= 0]),
    T("a count from 0", "sums", equals(sp.Sum(1, (i, 0, G)), G + 1), [G >= 0]),
    T("a constant in a sum", "sums", equals(sp.Sum(x * r(i) + y, (i, 1, G)), x * R + G * y), [G >= 0]),
    T("renamed", "sums", equals(sp.Sum(r(i) * R, (i, 1, G)), R * sp.Sum(r(j), (j, 1, G)))),
    T("double sum", "sums", equals(sp.Sum(r(i) * w(j), (i, 1, G), (j, 1, n)), R * sp.Sum(w(j), (j, 1, n)))),
    T("empty", "sums", equals(sp.Sum(r(i), (i, 3, 2)) + x, x)),
    T(
        "covariance",
        "sums",
        equals(mean((r(i) - M) * (w(i) - W / G), i, G), mean(r(i) * w(i), i, G) - M * W / G),
        [SOME],
    ),
]

ORDER = [
    T("k3", "order", sp.exp(x) - x - 1 >= 0),
    T("step along the gradient", "order", x - z * y**2 <= x, [z > 0]),
    T("variance is not negative", "order", VAR >= 0, [SOME]),
    T("sum of squares", "order", R_SQUARED >= 0),
    T("strictly positive sum", "order", W > 0, [SOME, POSITIVE_W]),
    T("clip from above", "order", clip(s) <= 1 + e, WIDTH),
    T("clip from below", "order", clip(s) >= 1 - e, WIDTH),
    T("clipping never raises", "order", surrogate(s, A) <= s * A, WIDTH),
    T("bounded for good tokens", "order", surrogate(s, A) <= (1 + e) * A, [*WIDTH, A > 0]),
    T("clip inside", "order", equals(clip(s), s), [*WIDTH, s <= 1 + e, s >= 1 - e]),
    T("triangle", "order", sp.Abs(x + y) <= sp.Abs(x) + sp.Abs(y)),
    T("mean below the larger", "order", (x + y) / 2 <= sp.Max(x, y)),
    T("squares of sums", "order", (x + y) ** 2 <= 2 * (x**2 + y**2)),
    T("a quarter", "order", x * (1 - x) <= sp.Rational(1, 4), [x >= 0, x <= 1]),
    T("a power of a decay", "order", b**n <= 1, [*DECAY, n >= 0]),
    T("a power is positive", "order", b**n > 0, [*DECAY, n >= 0]),
    T("inverse turns", "order", 1 / x <= 1 / y, [y <= x, y > 0]),
    T("scaled inequality", "order", x * z <= y * z, [x <= y, z >= 0]),
    T("a root", "order", x / sp.sqrt(y) > 0, [x > 0, y > 0]),
    T("transitivity", "order", x < z, [x <= y, y < z]),
    T("whole numbers", "order", n >= 1, [n > 0]),
]

LOGIC = [
    T("cancel", "logic", equals((x**2 + x) / x, x + 1), [sp.Ne(x, 0)]),
    T("members of a range", "logic", ForAll(i, 2, G, r(i) > 0), [ForAll(i, 1, G, r(i) > 0)]),
    T("an instance", "logic", r(2) > 0, [TWO, ForAll(i, 1, G, r(i) > 0)]),
    T("a sum from its members", "logic", R >= 0, [SOME, ForAll(i, 1, G, r(i) >= 0)]),
    T("a guard", "logic", sp.Implies(x > 0, equals(1 / x * (x + 1), 1 + 1 / x))),
    T("live tokens", "logic", sp.Sum(length(i), (i, 1, G)) > 0, [SOME, LIVE]),
    T("slope of a square", "logic", derivative(x**2, x, 2 * x)),
    T("slope inside the clip", "logic", derivative(sp.Min(s, 1 + e), s, 1), [e > 0, s < 1 + e]),
    T("slope of a product", "logic", derivative(x * f(x), x, f(x) + x * g(x)), [ForAll(x, derivative(f(x), x, g(x)))]),
    T("positive everywhere", "logic", f(x) > 0, [ForAll(x, f(x) > 0), ForAll(x, derivative(f(x), x, g(x)))]),
    T("a kink with the factor 0", "logic", derivative(A * sp.Max(0, x) * (n - n**2), x, 0), [n >= 0, n <= 1]),
    T("balls that overlap", "logic", sp.Abs(sp.sqrt(x) * sp.sqrt(y) - sp.sqrt(x * y)) <= 1, [x > 0, y > 0]),
    T("tokens before t", "logic", equals(sp.Sum(1, (i, 1, t - 1)), t - 1), [t >= 1]),
    T("a member of a recursion", "logic", r(3) >= 0, [r(1) >= 0, ForAll(i, 1, G, equals(r(i + 1), r(i) / 2)), G >= 2]),
]

TRUE = [*SUMS, *ORDER, *LOGIC]
