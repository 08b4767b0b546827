"""kl-pulls-to-reference and kl-gradient-exact: what the regulariser's gradient does."""

from dataclasses import replace
from fractions import Fraction
from itertools import chain, product
from math import log
from typing import Any

import numpy as np

from theory.kernel.terms import ONE, eq

from ..decide import Finding, decide, prove, refute, refuted
from ..proving import Solver
from ..subject import Subject
from ..witness import Case, corners, make
from ..world import Claim, ConcreteWorld, SymbolicWorld, term_of
from . import Property

FAR = (20.0, 1 / 20, 1e3, 1e-3)  # pi_ref / pi: clamps of the penalty act there, and tanh or sigmoid has not rounded to its limit


def without_signal(w: Any, x: Any) -> Any:
    """All advantages 0: given directly, else equal rewards."""
    if w.subject.takes("advantages"):
        return x.but(advantages=0 * w.free_advantages(x).advantages)
    rewards = x.rewards.copy()
    rewards[:] = w.number(0)
    return x.but(rewards=rewards)


def regulariser(w: Any, x: Any, apart: bool) -> Any:
    """The regulariser's part of g. `apart`: the advantages cannot be 0, so it is what pi_ref changes; a part that does not
    depend on pi_ref has no say in an expectation over one-token completions, where E[score] = 0."""
    if not apart:
        return w.gradient(without_signal(w, x))
    rewards = x.rewards.copy()
    rewards[:] = [w.number(int(i == 0)) for i in range(len(rewards))]
    x = x.but(rewards=rewards)
    return w.gradient(x) - w.gradient(x.but(ref_logp=x.logp))


def independent_of_reference(w: Any) -> list[Claim]:
    x = without_signal(w, w.inputs())
    y = w.free_reference(x)
    return w.same_gradient(w.gradient(y), w.gradient(x), "ref_logp changes; the weight")


def independent_with_signal(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    y = w.free_reference(x)
    return w.same_gradient(w.gradient(y), w.gradient(x), "ref_logp changes; the weight")


def pulls(w: Any) -> list[Claim]:
    x = without_signal(w, w.free_reference(w.inputs()))
    g = w.gradient(x)
    out = []
    for at in np.ndindex(g.shape):
        here, live = f"completion {at[0]}, token {at[1]}", w.predicted(x, *at)
        apart = w.condition(x.logp[at], "!=", x.ref_logp[at])
        out.append(w.less(0, g[at] * (x.ref_logp[at] - x.logp[at]), f"g (ref_logp - logp) at {here} is above", [*live, apart]))
        agree = w.condition(x.logp[at], "=", x.ref_logp[at])
        out.append(w.equal(g[at], 0, f"logp = ref_logp at {here}; the weight", [*live, agree]))
    return out


def undefined(subject: Subject) -> bool:
    """Whether the gradient is not finite without a reward signal: σ(r) = 0 divides it."""
    w = ConcreteWorld(subject, make([0, 0], [1, 1], 1, ref=0.5))
    return not np.isfinite(w.gradient(without_signal(w, w.free_reference(w.inputs())))).all()


def silent(p: Property, subject: Subject, apart: bool = False) -> str:
    """Why the question does not arise: no regulariser is on."""
    probe = replace(p, decide=None, claims=independent_with_signal if apart else independent_of_reference)
    if refute(probe, subject, corners(2, 2)) is None and prove(probe, subject, 2, 2).proved:
        return "its gradient does not depend on ref_logp (the regulariser is off)"
    return ""


def far(ratio: float) -> Case:
    """On policy, with pi_ref / pi = ratio, and probabilities below 1."""
    logp = log(0.5) - max(0.0, log(ratio))
    return make([1, 0], [1, 1], 1) | {n: [[logp]] * 2 for n in ("logp", "old_logp")} | {"ref_logp": [[logp + log(ratio)]] * 2}


def judge_pull(p: Property, subject: Subject, G: int, T: int) -> Finding:
    why = "without a reward signal its gradient is not finite" if undefined(subject) else silent(p, subject)
    if why:
        return Finding(p.id, "not-applicable", p.statement, reason=why)
    plain = replace(p, decide=None, claims=pulls)
    found = refute(plain, subject, chain(corners(2, 1), map(far, FAR)))
    return refuted(plain, subject, found) if found is not None else decide(plain, subject, G, T)


def expected_pull(gradient: Any, pi: Any, size: int) -> list[Any]:
    """E of sum_i g[i] dlog pi(v_i)/dz_j over pairs of tokens drawn from pi, for each logit j."""
    totals = [0 * pi[0] for _ in range(size)]
    for pair in product(range(size), repeat=2):
        g = gradient(pair)
        for i, v in enumerate(pair):
            for j in range(size):
                score = (1 if v == j else 0) - pi[j]
                totals[j] = totals[j] + pi[pair[0]] * pi[pair[1]] * g[i, 0] * score
    return totals


def kl_gradient(pi: Any, gap: Any) -> list[Any]:
    """dKL(pi || ref)/dz_j = pi_j (gap_j - sum pi gap), gap = log(pi / ref)."""
    mean = pi[0] * gap[0]
    for p, d in zip(pi[1:], gap[1:], strict=True):
        mean = mean + p * d
    return [p * (d - mean) for p, d in zip(pi, gap, strict=True)]


POLICIES = [((0.5, 0.3, 0.2), (0.2, 0.3, 0.5)), ((0.6, 0.3, 0.1), (0.3, 0.3, 0.4)), ((0.1, 0.2, 0.7), (0.25, 0.5, 0.25))]


def judge_exact(p: Property, subject: Subject, G: int, T: int) -> Finding:
    apart = undefined(subject)
    why = silent(p, subject, apart)
    if why:
        return Finding(p.id, "not-applicable", p.statement, reason=why)
    where = "a three-token softmax, groups of two one-token completions"
    where += "; the part of g that pi_ref changes, rewards 1, 0" if apart else ""
    where += "; every token masked, at level 1" if subject.stepwise else ""
    factors: list[tuple[float, Any]] = []
    for pi, ref in POLICIES:

        def gradient(pair: tuple[int, ...], pi: Any = pi, ref: Any = ref) -> Any:
            case: Case = make([0, 0], [1, 1], 1)
            logp, refs = [[float(np.log(pi[v]))] for v in pair], [[float(np.log(ref[v]))] for v in pair]
            w = ConcreteWorld(subject, case | {"logp": logp, "old_logp": logp, "ref_logp": refs})
            return regulariser(w, w.free_reference(w.inputs()), apart)

        pull = expected_pull(gradient, pi, 3)
        exact = kl_gradient(pi, [float(np.log(a / b)) for a, b in zip(pi, ref, strict=True)])
        for j, (e, x) in enumerate(zip(pull, exact, strict=True)):
            factors.append((e / -x, (pi, ref, j)))
            if abs(factors[-1][0] - factors[0][0]) > 1e-7 * max(1.0, abs(factors[0][0])):
                witness = {
                    "property": p.id,
                    "claim": "expected pull of the regulariser / -grad KL(pi || ref), two logits",
                    "relation": "=",
                    "left": factors[0][0],
                    "right": factors[-1][0],
                    "first": _named(factors[0][1]),
                    "second": _named(factors[-1][1]),
                }
                return Finding(p.id, "refuted", p.statement, where, "all token pairs enumerated in float64", witness=witness)
    kappa = Fraction(factors[0][0]).limit_denominator(10_000)
    problem = proof(subject, kappa, apart)
    if not problem:
        return Finding(p.id, "proved", p.statement, where, "unsat over all pi and ref", formula=f"factor {kappa}")
    return Finding(
        p.id, "tested", p.statement, where, f"{len(POLICIES)} pairs of policies", reason=problem, formula=f"factor {kappa}"
    )


def proof(subject: Subject, kappa: Fraction, apart: bool) -> str:
    w = SymbolicWorld(subject, 2, 1)
    pi = [w.scalar(f"pi{v}", True) for v in range(3)]
    logs, refs = [w.scalar(f"l{v}") for v in range(3)], [w.scalar(f"k{v}") for v in range(3)]
    w.given.append(eq(term_of(pi[0] + pi[1] + pi[2]), ONE))

    def gradient(pair: tuple[int, ...]) -> Any:
        x = w.whole(w.inputs())
        logp, ref = x.logp.copy(), x.logp.copy()
        for i, v in enumerate(pair):
            logp[i, 0], ref[i, 0] = logs[v], refs[v]
        return regulariser(w, x.but(logp=logp, old_logp=logp, ref_logp=ref), apart)

    try:
        pull = expected_pull(gradient, pi, 3)
        solver = Solver(w)
        for e, x in zip(pull, kl_gradient(pi, [a - b for a, b in zip(logs, refs, strict=True)]), strict=True):
            answer, detail = solver.holds(eq(term_of(e), term_of(x * w.number(-kappa))))
            if answer != "unsat":
                return f"z3: {detail if answer in ('unknown', 'undefined') else 'no proof'}"
        return ""
    except NotImplementedError as e:
        return str(e)


def _named(trial: Any) -> dict[str, Any]:
    pi, ref, j = trial
    return {"pi": list(pi), "ref": list(ref), "logit": j}


PROPERTY = [
    Property(
        "kl-pulls-to-reference",
        "with all advantages 0, the gradient moves every token's logp towards ref_logp and is 0 where they agree",
        decide=judge_pull,
        needs=("ref_logp",),
        harm=9,
    ),
    Property(
        "kl-gradient-exact",
        "the expected gradient of the regulariser over tokens sampled on policy is a constant multiple of grad KL(pi||pi_ref)",
        decide=judge_exact,
        needs=("ref_logp",),
        harm=32,
    ),
]
