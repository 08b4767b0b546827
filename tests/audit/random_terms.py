"""Random terms over rewards, log-probabilities and mask entries, and their values in floats."""

import math
import random
from fractions import Fraction

from theory.kernel import mk, num, var
from theory.kernel.terms import add, app, eq, inv, le, lt, mul, neg

ROWS, LENGTH = 3, 3
REALS = [var(f"{n}_{i}_{t}") for n in ("logp", "old") for i in range(ROWS) for t in range(LENGTH)]
REALS += [var(f"reward_{i}") for i in range(ROWS)]
FLAGS = [var(f"mask_{i}_{t}", "Z") for i in range(ROWS) for t in range(1, LENGTH)]


class Undefined(Exception):
    pass


def drawn(rng: random.Random, depth: int):
    """A term; small numbers and few variables, so that cancelling happens."""
    if depth == 0 or rng.random() < 0.15:
        kind = rng.randrange(4)
        return num(Fraction(rng.randint(-2, 2))) if kind == 0 else rng.choice(FLAGS if kind == 1 else REALS[:4] + REALS[-3:])
    kind = rng.choice(["add", "add", "mul", "mul", "pow", "inv", "ite", "exp", "sqrt"])
    if kind in ("add", "mul"):
        return (add if kind == "add" else mul)(*(drawn(rng, depth - 1) for _ in range(rng.randint(2, 3))))
    if kind == "ite":
        return mk("ite", formula(rng, depth - 1), drawn(rng, depth - 1), drawn(rng, depth - 1))
    inner = drawn(rng, depth - 1)
    return mk("pow", inner, rng.randint(0, 2)) if kind == "pow" else inv(inner) if kind == "inv" else app(kind, inner)


def formula(rng: random.Random, depth: int):
    kind = rng.choice(["lt", "le", "eq", "not", "and"])
    if kind == "not":
        return neg(formula(rng, max(depth - 1, 0)))
    if kind == "and":
        return mk("and", *(formula(rng, max(depth - 1, 0)) for _ in range(rng.randint(0, 2))))
    a = drawn(rng, depth)
    return {"lt": lt, "le": le, "eq": eq}[kind](a, a if rng.random() < 0.2 else drawn(rng, depth))


def inputs(rng: random.Random):
    """Values for all variables: a mask entry is 0 or 1."""
    return {v: rng.choice([-1.5, -0.5, 0.25, 1.0, 3.0]) for v in REALS} | {v: rng.randint(0, 1) for v in FLAGS}


def value(t, at):
    """The value in floats, every part of the term being evaluated. Raises Undefined."""
    if t.op == "num":
        return float(t.args[0])
    if t.op == "var":
        return at[t]
    args = [value(a, at) if hasattr(a, "op") else a for a in t.args]
    if t.op == "app":
        x = args[2]
        if (t.args[0] == "sqrt" and x < 0) or (t.args[0] == "exp" and x > 50):
            raise Undefined
        return math.sqrt(x) if t.args[0] == "sqrt" else math.exp(x)
    if t.op == "inv":
        if abs(args[0]) < 1e-6:
            raise Undefined
        return 1 / args[0]
    if t.op in ("lt", "le", "eq"):
        a, b = args
        if a != b and abs(a - b) < 1e-9 * max(1, abs(a)):
            raise Undefined  # rounding would decide
        return {"lt": a < b, "le": a <= b, "eq": a == b}[t.op]
    simple = {
        "add": lambda: sum(args), "mul": lambda: math.prod(args), "pow": lambda: args[0] ** args[1],
        "ite": lambda: args[1] if args[0] else args[2], "not": lambda: not args[0], "and": lambda: all(args),
    }  # fmt: skip
    return simple[t.op]()
