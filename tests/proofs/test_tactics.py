"""What `Context` proves, and that it proves nothing false: a table of false goals, and random ones."""

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import sympy as sp
from claims import G, attempt, f, g, i, j, length, n, q, r, steady, x, y, z
from hypothesis import assume, given
from hypothesis import strategies as st

from theory.evaluate import Env, Undefined, fails, truth
from theory.kernel import Refused
from theory.kernel import assume as given_fact
from theory.kernel.theorem import same
from theory.language import ForAll, equals, formula, mean, term
from theory.tactics import Context, pow_below_one, pow_positive

R = sp.Sum(r(i), (i, 1, G))
SOME = G >= 1

PROVED = {
    # fields
    "difference of squares": (equals((x - y) * (x + y), x**2 - y**2),),
    "partial fractions": (equals(1 / x - 1 / (x + 1), 1 / (x * (x + 1))), x > 0),
    "a fraction in a fraction": (equals(1 / (1 + 1 / x), x / (1 + x)), x > 0),
    "a factor cancels": (equals((x**2 + x) / x, x + 1), sp.Ne(x, 0)),
    # sums of symbolic length
    "centred rewards sum to 0": (equals(sp.Sum(r(i) - R / G, (i, 1, G)), 0), SOME),
    "a sum is linear": (equals(sp.Sum(2 * r(i) - x * f(i), (i, 1, G)), 2 * R - x * sp.Sum(f(i), (i, 1, G))),),
    "a constant sum": (equals(sp.Sum(x, (i, 1, G)), G * x), SOME),
    "a constant sum over nothing": (equals(sp.Sum(x, (i, 1, G)), G * x), G >= 0),
    "sums commute by linearity": (equals(sp.Sum(r(i) * sp.Sum(f(j), (j, 1, n)), (i, 1, G)), R * sp.Sum(f(j), (j, 1, n))),),
    "the mean of a shift": (equals(mean(r(i) + x, i, G), mean(r(i), i, G) + x), SOME),
    "variance by squares": (equals(mean((r(i) - R / G) ** 2, i, G), mean(r(i) ** 2, i, G) - (R / G) ** 2), SOME),
    "renamed index": (equals(R, sp.Sum(r(j), (j, 1, G))),),
    # signs
    "a square": (sp.Le(0, x**2, evaluate=False),),
    "a sum of squares": (sp.Sum(r(i) ** 2, (i, 1, G)) >= 0,),
    "a positive sum": (sp.Sum(r(i), (i, 1, G)) > 0, SOME, ForAll(i, 1, G, r(i) > 0)),
    "a product of signs": (x * y / z > 0, x > 0, y > 0, z > 0),
    "exp": (x * sp.exp(y) >= 0, x >= 0),
    "sqrt": (sp.sqrt(x) >= 0, x >= 0),
    "sqrt of a positive number": (sp.sqrt(x) + y > 0, x > 0, y > 0),
    "a power": (x**n > 0, x > 0, n >= 0),
    # linear arithmetic
    "transitivity": (x < z, x <= y, y < z),
    "a combination": (2 * x + 3 * y <= 12, x <= 3, y <= 2),
    "an equation helps": (x <= 5, equals(x + y, 4), y >= -1),
    "not equal": (sp.Ne(x, y), x < y),
    # logic and ranges
    "both": (sp.And(x < y, equals(y - x, y - x + 0 * z)), x < y),
    "an implication": (sp.Implies(x < y, x < y + 1),),
    "an instance": (r(2) >= 0, ForAll(i, 1, G, r(i) >= 0), G >= 2),
    "an instance at a symbol": (r(j) + 1 > 0, ForAll(i, 1, G, r(i) >= 0), j >= 1, j <= G),
    "a range within a range": (ForAll(i, 2, G - 1, r(i) > 0), ForAll(i, 1, G, r(i) > 0)),
    "for all reals": (ForAll(x, sp.Lt(0, x**2 + 1, evaluate=False)),),
}


@pytest.mark.parametrize(("goal", "assumed"), [(p[0], p[1:]) for p in PROVED.values()], ids=PROVED)
def test_what_is_proved(goal: Any, assumed: Any) -> None:
    theorem = attempt(goal, *assumed)
    assert same(theorem.concl, formula(goal))
    assert theorem.hyps <= {formula(a) for a in assumed}


@pytest.mark.parametrize("goal", [equals((x + y) / y, x / y + 1), sp.Ne(x + y, 0)], ids=str)
def test_what_is_negative_is_not_zero(goal: Any) -> None:
    assert same(attempt(goal, y < 0, x <= 0).concl, formula(goal))


def test_products_of_facts() -> None:
    ctx = Context(given_fact(formula(p)) for p in (x < 1, y < 1, x > 0, y > 0))
    goal = formula(x * y + 1 > x + y)
    assert same(ctx.arith(goal, products=2).concl, goal)
    with pytest.raises(Refused):
        ctx.arith(goal)
    with pytest.raises(Refused):
        ctx.arith(formula(x * y > x + y), products=2)


def test_lemmas_on_powers() -> None:
    ctx = Context(given_fact(formula(p)) for p in (x > 0, x < 1, n >= 1))
    assert same(pow_positive(ctx, term(x), term(n)).concl, formula(x**n > 0))
    assert same(pow_below_one(ctx, term(x), term(n)).concl, formula(x**n < 1))
    for known in [(x < 1, n >= 1), (x > 0, n >= 1), (x > 0, x < 1)]:
        with pytest.raises(Refused):
            pow_below_one(Context(given_fact(formula(p)) for p in known), term(x), term(n))


FALSE = {
    "a sign": (equals((x - y) * (x + y), x**2 + y**2),),
    "a cross term": (equals((x + y) ** 2, x**2 + y**2),),
    "x/x at 0": (equals((x**2 + x) / x, x + 1),),
    "x/x under a weak sign": (equals((x**2 + x) / x, x + 1), x >= 0),
    "a product of which one may be 0": (equals((x * y + x) / (x * y), 1 + 1 / y), sp.Ne(x, 0)),
    "the mean of an empty group": (equals((R + G) / G, mean(r(i), i, G) + 1), G >= 0),
    "a constant sum below the empty range": (equals(sp.Sum(x, (i, 1, G)), G * x),),
    "a constant sum, one too long": (equals(sp.Sum(x, (i, 0, G)), G * x), SOME),
    "centred by another size": (equals(sp.Sum(r(i) - R / (G - 1), (i, 1, G)), 0), G >= 2),
    "the sum of products": (equals(sp.Sum(r(i) * f(i), (i, 1, G)), R * sp.Sum(f(i), (i, 1, G))),),
    "the variance by G - 1": (
        equals(sp.Sum((r(i) - R / G) ** 2, (i, 1, G)) / (G - 1), mean(r(i) ** 2, i, G) - (R / G) ** 2),
        G >= 2,
    ),
    "the mean of ratios": (
        equals(mean(r(i) / f(i), i, G), R / sp.Sum(f(i), (i, 1, G))),
        SOME,
        ForAll(i, 1, G, f(i) > 0),
    ),
    "a strict square": (sp.Lt(0, x**2, evaluate=False),),
    "a strict sum of squares": (sp.Sum(r(i) ** 2, (i, 1, G)) > 0, SOME),
    "a strict sum over nothing": (sp.Sum(f(i), (i, 1, G)) > 0, ForAll(i, 1, G, f(i) > 0)),
    "a positive sum of which one is not": (R > 0, SOME, ForAll(i, 2, G, r(i) > 0)),
    "a sum above a member": (R >= r(1), SOME),
    "an odd power": (x**3 >= 0,),
    "a difference of signs": (x - y > 0, x > 0, y > 0),
    "a quotient by a negative number": (x / y > 0, x > 0, y < 0),
    "sqrt may be 0": (sp.sqrt(x) > 0, x >= 0),
    "sqrt of a square": (equals(sp.sqrt(x**2, evaluate=False), x),),
    "a power of a negative number": (x**n > 0, n >= 0),
    "a power below 1": (x**n < 1, x > 0, x < 1, n >= 0),
    "the wrong way round": (z < x, x <= y, y < z),
    "one off": (2 * x + 3 * y <= 11, x <= 3, y <= 2),
    "an instance out of range": (r(3) >= 0, ForAll(i, 1, 2, r(i) >= 0)),
    "an instance of an empty range": (r(1) >= 0, ForAll(i, 1, G, r(i) >= 0)),
    "an instance at half an index": (f(x) >= 0, ForAll(i, 1, G, f(i) >= 0), x >= 1, x <= G),
    "a range beyond a range": (ForAll(i, 1, G + 1, r(i) > 0), ForAll(i, 1, G, r(i) > 0)),
    "the converse": (sp.Implies(x <= y, x < y),),
    "one part of two": (sp.And(x < y, y < z), x < y, x < z),
    "exp below its tangent": (sp.exp(x) <= 1 + x,),
    "two functions": (equals(f(x), g(x)),),
}


# what the cases below do not break
BREAKS: dict[str, dict[str, Any]] = {
    "x/x at 0": {"x": 0},
    "x/x under a weak sign": {"x": 0},
    "a product of which one may be 0": {"x": 1, "y": 0},
    "the mean of an empty group": {"G": 0, "r": []},
    "the sum of products": {"G": 2, "r": [1, 0], "f": [0, 1]},
    "the mean of ratios": {"G": 2, "r": [1, 0], "f": [1, 2]},
    "the wrong way round": {"x": 0, "y": 0, "z": 1},
    "one off": {"x": 3, "y": 2},
    "an instance out of range": {"r": [0, 0, -1]},
    "an instance at half an index": {"x": "3/2", "G": 2, "f": lambda a: 0 if a in (1, 2) else -1},
    "one part of two": {"x": 0, "y": 1, "z": 1},
    "two functions": {"x": 0, "f": lambda a: 0, "g": lambda a: 1},
}


def test_the_false_goals_are_false() -> None:
    for name, (goal, *assumed) in FALSE.items():
        if name in BREAKS:
            env = Env(BREAKS[name])
            assert all(truth(formula(a), env) is True for a in assumed) and fails(formula(goal), env), name
        else:
            assert breaks(goal, assumed), name


@pytest.mark.parametrize(("goal", "assumed"), [(p[0], p[1:]) for p in FALSE.values()], ids=FALSE)
def test_what_is_false_is_refused(goal: Any, assumed: Any) -> None:
    with pytest.raises(Refused):
        attempt(goal, *assumed)


# -- random goals ------------------------------------------------------------------------------------------------------

VALUES = [Fraction(v) for v in ("0", "1", "-1", "1/2", "2", "-3", "1/3")]
CASES = [
    {"x": a, "y": b, "G": size, "n": m, "r": r_, "length": [1, 2, 3, 1]}
    for (a, b), size, m, r_ in zip(
        product(VALUES, VALUES), [1, 2, 3, 4, 0, -1, 2] * 7, [0, 1, 2, 3, -1] * 10,
        [[0, 0, 0, 0], [1, 0, 1, 0], [1, -1, 2, 5], [q("1/2"), q("1/2"), 3, 0], [-1, -2, -3, -4]] * 10, strict=False,
    )
]  # fmt: skip
LEAVES = st.sampled_from(
    [x, y, sp.Integer(1), sp.Integer(2), sp.Rational(1, 2), R, R / G, r(1), length(1), sp.Sum(r(i) ** 2, (i, 1, G))]
)


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda ab: ab[0] + ab[1]),
        pair.map(lambda ab: ab[0] - ab[1]),
        pair.map(lambda ab: ab[0] * ab[1]),
        pair.map(lambda ab: ab[0] / ab[1] if ab[1] != 0 else ab[0]),
        inner.map(lambda a: a**2),
        inner.map(lambda a: sp.Sum(a * r(i), (i, 1, G))),
        inner.map(lambda a: sp.Sum(a, (i, 1, G))),
    )


EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=5)
KNOWN = st.lists(
    st.sampled_from(
        [x > 0, y > 0, x < y, x <= 1, sp.Ne(x, 0), SOME, G >= 2, ForAll(i, 1, G, r(i) >= 0), ForAll(i, 1, G, r(i) > 0)]
    ),
    max_size=4,
    unique=True,
)
TALLY = {"false": 0, "proved": 0, "refused": 0}


def breaks(p: Any, assumed: list[Any]) -> bool:
    """Whether some stored case satisfies the assumptions and makes the claim false."""
    goal, known = formula(p), [formula(a) for a in assumed]
    for case in CASES:
        env = Env(case)
        try:
            if all(truth(a, env) is True for a in known) and truth(goal, env) is False:
                return True
        except Undefined:
            continue
    return False


@steady(250)
@given(EXPRESSIONS, EXPRESSIONS, st.sampled_from([sp.Eq, sp.Le, sp.Lt]), KNOWN)
def random_goals(a: Any, b: Any, relation: Any, assumed: list[Any]) -> None:
    goal = relation(a, b, evaluate=False)
    false = breaks(goal, assumed)
    try:
        attempt(goal, *assumed)
    except Refused:
        TALLY["false" if false else "refused"] += 1
        return
    TALLY["proved"] += 1
    assert not false, "a false goal was proved"


@steady(150)
@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, KNOWN, st.sampled_from([1, -1, 2]))
def test_no_identity_with_a_mistake_is_proved(a: Any, b: Any, c: Any, assumed: list[Any], slip: int) -> None:
    """a (b + c) = a b + a c with a term added on one side: close to a truth."""
    goal = sp.Eq(a * (b + c), sp.expand(a * b) + a * c + slip * b, evaluate=False)
    assume(breaks(goal, assumed))
    with pytest.raises(Refused):
        attempt(goal, *assumed)


def test_no_random_falsehood_is_proved() -> None:
    random_goals()
    assert TALLY["false"] >= 100 and TALLY["proved"] >= 5, TALLY
