"""The meanings agree on scalars, keep truth and numbers apart, and refuse what they do not have."""

import math
from fractions import Fraction

import pytest
from flint import arb

from lossproof.meanings import Unsupported
from lossproof.meanings.concrete import Concrete, Rational
from lossproof.meanings.exact import FALSE, TRUE, Exact
from lossproof.meanings.interval import Interval
from lossproof.operators import Infinite, Poison, Scalars
from theory.evaluate import Env, value
from theory.kernel import var

MEANINGS = [Concrete(), Rational(), Exact(), Interval()]


@pytest.mark.parametrize("meaning", MEANINGS, ids=lambda m: type(m).__name__)
def test_scalars(meaning):
    s = Scalars(meaning)
    c = s.constant

    def number(x):
        return float(value(x, Env({}))) if isinstance(meaning, Exact) else float(x)

    assert number(s.sub(c(0.3), c(0.1))) == pytest.approx(0.2)
    assert number(s.div(c(3), c(-4))) == -0.75
    assert number(s.power(c(2), Fraction(-2))) == 0.25
    assert number(s.maximum(c(2), c(3))) == 3 and number(s.minimum(c(2), c(3))) == 2
    assert number(s.num(s.less(c(1), c(2)))) == 1 and number(s.num(s.less(c(2), c(2)))) == 0
    assert number(s.num(s.xor(c(True), c(False)))) == 1
    assert number(s.exp(c(0))) == 1 and number(s.sqrt(c(4))) == 2 and number(s.log(c(1))) == 0
    assert number(s.where(c(True), c(5), Poison("not taken"))) == 5
    assert s.where(c(False), c(5), Poison("taken")).reason == "taken"
    assert s.plain(c(7)) == 7 and s.plain(c(True)) is None and s.plain(Poison("")) is None


@pytest.mark.parametrize("meaning", MEANINGS, ids=lambda m: type(m).__name__)
def test_infinite_constants(meaning):
    s = Scalars(meaning)
    up, down = s.constant(math.inf), s.constant(-math.inf)
    assert isinstance(up, Infinite) and isinstance(s.lift(s.add, up, 1)[()], Poison)
    assert s.lift(s.minimum, up, 2)[()] == s.constant(2) and s.lift(s.maximum, down, 2)[()] == s.constant(2)
    assert s.lift(s.exp, down)[()] == s.constant(0)
    assert s.num(s.less(down, s.constant(0))) == s.one and s.num(s.less(up, s.constant(0))) == s.zero


def test_rational_refuses_what_is_irrational():
    r = Rational()
    for f in (r.exp, r.log, r.sqrt):
        with pytest.raises(Unsupported):
            f(Fraction(2))
    for f in (r.inv, r.log):
        with pytest.raises(Unsupported):
            f(Fraction(0))
    with pytest.raises(Unsupported):
        r.sqrt(Fraction(-4))


def test_interval_does_not_guess():
    i = Interval()
    wide = arb(0, 1)
    assert i.less(wide, arb(2)) is True and i.less(wide, arb(0)) is None and i.equal(wide, arb(3)) is False
    assert i.not_(None) is None and i.and_(None, False) is False and i.and_(None, True) is None
    union = i.where(None, arb(1), arb(2))
    assert union.contains(1) and union.contains(2)
    for f in (i.inv, i.log, i.sqrt):
        with pytest.raises(Unsupported):
            f(wide)


def test_exact_folds_constants_only():
    e, x = Exact(), var("x")
    assert e.less(x, x) is FALSE and e.equal(x, x) is TRUE
    assert e.where(TRUE, x, e.number(Fraction(0))) is x
    assert e.add(x, e.mul(e.number(Fraction(-1)), x)) is not e.number(Fraction(0))
    with pytest.raises(Unsupported):
        e.inv(e.number(Fraction(0)))


def test_concrete_divides_as_floats_do():
    c = Concrete()
    assert c.inv(0.0) == math.inf and c.inv(-0.0) == -math.inf and math.isnan(c.sqrt(-1.0)) and c.log(0.0) == -math.inf
    assert c.exp(1000.0) == math.inf and math.isnan(c.exp(math.nan)) and math.isnan(c.log(math.nan))
