"""When the mean reward is the best baseline: exactly if the squared norm of the score is uncorrelated with the reward.

Statement   With w = ‖∇log π(y)‖² and b* = E[w r]/E[w], E[w (r - E r)²] = E[w (r - b*)²] if and only if Cov(w, r) = 0.
Place       Our own. It joins two papers: arXiv 2603.01162 calls the value baseline optimal if Cov(w, r) = 0 given the prompt
            (Assumption 2), arXiv 2511.23310 weights by gradients. Neither gains on the other exactly there.
Hypotheses  E[w] > 0.
Proof       the difference is Cov(w, r)²/E[w], by oblrpo.optimal_baseline.gain.
Not claimed anything about baselines that are estimated from the same responses.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk
from theory.kernel.terms import ONE, ZERO, eq, inv, mul, ne
from theory.language import equals, term
from theory.proposition import proposition
from theory.related.oblrpo.baseline import BEST, COIN, COVARIANCE, MEAN, POSITIVE, WEIGHT, W, loss
from theory.tactics import MINUS
from theory.tactics.logic import conjunction
from theory.tactics.powers import square_positive

CASE = {name: COIN[name] for name in ("V", "p", "r", "w")}


@proposition(
    "lossproof.value_baseline",
    title="the mean reward is the baseline of least variance if and only if Cov(‖∇log π‖², reward) = 0",
    source="our own",
    printed="E[w (r - E r)²] = E[w (r - b*)²]  ⇔  Cov(w, r) = 0",
    assumptions=POSITIVE,
    statement=sp.Equivalent(equals(loss(MEAN), loss(BEST)), equals(COVARIANCE, 0), evaluate=False),
    model=CASE,
    drops={WEIGHT: CASE | {"w": [0, 0]}},
    not_claimed="anything about baselines that are estimated from the same responses",
)
def value_baseline(goal: Goal) -> Theorem:
    covariance, spread = term(COVARIANCE), term(W)
    gain = goal.equal(term(loss(MEAN) - loss(BEST)), term(COVARIANCE**2 / W))
    positive = goal.given[WEIGHT]
    unit = k.field(mul(spread, inv(spread)), ONE, [k.negate(positive)])
    directions = []
    for p in goal.claim.args:
        premise = k.assume(p.args[0])
        if p.args[1].args[1] is ZERO or p.args[1].args[0] is ZERO:  # equal losses: the square is 0
            square = k.linear(
                mk("pow", covariance, 2),
                ZERO,
                [premise, gain, unit],
                [spread, mul(MINUS, spread), mul(MINUS, mk("pow", covariance, 2))],
            )
            above = square_positive(covariance, k.assume(ne(covariance, ZERO)))
            broken = k.absurd(square, k.negate(above), eq(covariance, ZERO))
            th = k.cases(eq(covariance, ZERO), k.assume(eq(covariance, ZERO)), broken)
        else:
            th = k.linear(*p.args[1].args, [gain, premise], [ONE, mul(covariance, inv(spread))])
        directions.append(k.imp_intro(p.args[0], k.restate(th, p.args[1])))
    return conjunction(goal.claim, *directions)
