"""What a distance of layers without a common scale measures, and what only the text of the paper could settle."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem
from theory.kernel.terms import ONE, inv, mul
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, refuted
from theory.tactics import MINUS, Context
from theory.tactics.logic import by_branches, conjunction, impossible
from theory.tactics.surrogate import under_sums

n, i = integers("n i")
c, w, v, x0, W, a1, a2, b1, b2 = reals("c w v x0 W a1 a2 b1 b2")
x, y, z, t = map(family, ("x", "y", "z", "t"))
SCALE = {"c > 0": c > 0}


def relu(e: sp.Expr) -> sp.Expr:
    return sp.Max(e, 0)


@proposition(
    "owmmd.layers.rescaling",
    title="a ReLU network computes the same with one layer's weights times c and the next one's over c",
    source="textbook",
    printed="(v/c) relu(c w x) = v relu(w x), c > 0",
    assumptions=SCALE,
    statement=equals(v / c * relu(c * w * x0), v * relu(w * x0)),
    model={"c": 2, "v": 1, "w": 1, "x0": 1},
    drops={"c > 0": {"c": -1, "v": 1, "w": 1, "x0": 1}},
)
def rescaled(goal: Goal) -> Theorem:
    """relu(c e) = c relu(e), by the signs of both."""
    known = goal.with_facts(k.inv_positive(goal.given["c > 0"]))

    def leaf(ctx: Context, claim: Term) -> Theorem:
        try:
            return ctx.equal(*claim.args)
        except Refused:
            return impossible(ctx, claim, products=2)

    return by_branches(known, goal.claim, leaf)


def mean(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, n)) / n


drift = (mean(x(i)) - mean(y(i))) ** 2  # MMD² with the linear kernel (owmmd.mmd.linear)
scaled_drift = (mean(c * x(i)) - mean(c * y(i))) ** 2
SAMPLES = {"samples": n >= 1}
PAIR: Case = {"n": 1, "c": 2, "x": [1], "y": [0]}

refuted(
    "owmmd.layers.scale",
    title="the distance of a layer depends on what the network computes alone (linear kernel)",
    source="the feature matching mechanism (reconstruction: layers enter without normalisation)",
    printed="MMD²(c x, c y) = MMD²(x, y), though the network computes the same",
    assumptions=SCALE | SAMPLES,
    statement=equals(scaled_drift, drift),
    witness=PAIR,
    module=__name__,
    repair="owmmd.layers.scale.repaired",
    finding="A layer whose one feature moves from 1 to 0 has the distance 1. With its weights doubled and the next layer's "
    "halved it has 4, and weights by distance follow.",
)

power, scaled_power = (sp.Sum(f**2, (i, 1, n)) for f in (x(i), c * x(i)))


@proposition(
    "owmmd.layers.scale.repaired",
    title="it is c² times that, so over the sum of squares of the old features it does not depend on the scale",
    source="textbook",
    printed="MMD²(c x, c y) = c² MMD²(x, y); MMD²(c x, c y)/Σ (c x)² = MMD²(x, y)/Σ x²",
    assumptions=SCALE | SAMPLES | {"a feature": sp.And(power > 0, scaled_power > 0)},
    statement=sp.And(equals(scaled_drift, c**2 * drift), equals(scaled_drift / scaled_power, drift / power)),
    model=PAIR,
    drops={"c > 0": UNNEEDED, "samples": UNNEEDED, "a feature": PAIR | {"x": [0], "y": [1]}},
    not_claimed="other kernels, whose bandwidth has to scale with the features",
)
def normalised(goal: Goal) -> Theorem:
    """c² D/P' = (D/P) c² P/P' = D/P, as P' = c² P."""
    first, second = sorted(goal.claim.args, key=lambda p: len(repr(p)))
    same, size = goal.prove(first), goal.equal(term(scaled_power), term(c**2 * power))
    D, P, Q = term(drift), inv(term(power)), inv(term(scaled_power))
    facts = [k.negate(k.and_elim(goal.given["a feature"], part)) for part in (0, 1)]
    ones = [k.field(mul(x, inv(x)), ONE, facts) for x in (term(power), term(scaled_power))]
    cofactors = [Q, mul(MINUS, term(c**2), D, Q), mul(MINUS, D, P, Q), mul(D, P)]
    return conjunction(goal.claim, same, k.linear(*second.args, [same, ones[0], size, ones[1]], cofactors))


LINEAR = {"a linear layer": sp.And(ForAll(i, 1, n, equals(z(i), W * x(i))), ForAll(i, 1, n, equals(t(i), W * y(i))))}
next_drift = (mean(z(i)) - mean(t(i))) ** 2
STACK: Case = {"n": 1, "W": 1, "x": [1], "y": [0], "z": [1], "t": [0], "a1": 1, "a2": 0, "b1": 0, "b2": 1}


@proposition(
    "owmmd.layers.redundant",
    title="behind a linear layer the distance is W² times that before it: only a_1 + W² a_2 of the weights matters",
    source="textbook",
    printed="z = W x, t = W y ⇒ a_1 MMD²(x, y) + a_2 MMD²(z, t) = (a_1 + W² a_2) MMD²(x, y)",
    assumptions=SAMPLES | LINEAR,
    statement=equals(a1 * drift + a2 * next_drift, (a1 + W**2 * a2) * drift),
    model=STACK,
    drops={"samples": STACK | {"n": 0}, "a linear layer": STACK | {"W": 2, "a2": 1}},
    not_claimed="layers of more than one coordinate, or a nonlinearity between them",
)
def redundant(goal: Goal) -> Theorem:
    """W under both sums."""
    rules = [k.and_elim(goal.given["a linear layer"], part) for part in (0, 1)]
    sums = [term(sp.Sum(f(i), (i, 1, n))) for f in (z, t)]
    means = [under_sums(goal, s, next(th for th in rules if f"{f}(" in repr(th.concl))) for s, f in zip(sums, "zt", strict=True)]
    return goal.equal(*goal.claim.args, *means)


refuted(
    "owmmd.layers.identifiable",
    title="the penalty determines the weights of the layers",
    source="adaptive regularisation (reconstruction: the weights are to say how important layers are)",
    printed="a_1 MMD_1² + a_2 MMD_2² = b_1 MMD_1² + b_2 MMD_2² ⇒ a = b",
    assumptions=SAMPLES | LINEAR,
    statement=sp.Implies(
        equals(a1 * drift + a2 * next_drift, b1 * drift + b2 * next_drift), sp.And(equals(a1, b1), equals(a2, b2))
    ),
    witness=STACK,
    module=__name__,
    repair="owmmd.layers.redundant",
    finding="With W = 1 both layers have the same distance: all weight on the first, or all on the second, is the same penalty.",
)

for label, title in (
    ("o1", "the distance of all layers is penalised, between the frozen network and the current one"),
    ("o2", "the weights of the layers are learned throughout the optimisation and relieve over-regularisation"),
):
    not_applicable(
        f"owmmd.{label}",
        title=title,
        source="abstract and introduction (the method section was not at hand)",
        printed="-",
        reason="a description of the method; its formulas were not at hand, what they can be is judged in owmmd.weights",
        module=__name__,
    )
not_applicable(
    "owmmd.o3",
    title="state of the art on CIFAR-10, CIFAR-100 and Tiny-ImageNet, task- and class-incremental",
    source="abstract",
    printed="-",
    reason="a measurement on trained models, whose numbers were not at hand",
    module=__name__,
)
not_applicable(
    "owmmd.characteristic",
    title="with a characteristic kernel (such as the Gaussian) the distance is 0 exactly if the two laws are equal",
    source="textbook",
    printed="MMD(P, Q) = 0 ⟺ P = Q",
    reason="a statement about laws on a continuum and Hilbert space embeddings, which the kernel has no forms for; its finite "
    "part is owmmd.mmd",
    module=__name__,
)
