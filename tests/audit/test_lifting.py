"""Lifting: what a theorem adds to a verdict for every G and T, and that no loss gets more than it is proved to have."""

import importlib
import pkgutil
import random
import re
from dataclasses import replace
from fractions import Fraction

import losses
import numpy as np
import pytest
import torch

import lossproof.lifting as lifting
import theory.results.lift_form as of_theory
from lossproof.decide import Finding, decide
from lossproof.form import GEOMETRIC, SCORE, SEQUENCE, TOKEN, WEIGHT, Form
from lossproof.lifting import RULES, Lifter, lift
from lossproof.properties import load
from lossproof.proving import prove
from lossproof.row import Fit, fit
from lossproof.target import checked, objective
from lossproof.witness import drawn
from lossproof.world import ConcreteWorld
from numerics.objectives.dr_grpo import dr_grpo
from theory import results
from theory.decide import decide as decide_theorem
from theory.evaluate import Env, value
from theory.language import term
from theory.proposition import REGISTRY
from theory.verdict import Status

PROPERTIES = load()
FORMS = [
    Form(Fraction(2), size, length, ddof, Fraction(eps), ratio=ratio, low=low, high=high, penalty=penalty)
    for size in ("", "G", "G - 1")
    for length in ("", "|o_i|", "sum|o|", "T", "1/|o_i|")
    for ddof, eps in ((None, 0), (0, 0), (1, 0), (1, Fraction(1, 10)))
    for ratio, low, high in (
        (SCORE, None, None), (TOKEN, None, None), (TOKEN, Fraction(4, 5), Fraction(6, 5)),
        (SEQUENCE, Fraction(4, 5), Fraction(6, 5)), (GEOMETRIC, Fraction(4, 5), Fraction(6, 5)), (WEIGHT, None, Fraction(6, 5)),
    )
    for penalty in (None, ("k3", Fraction(1, 10), "G", ""))
]  # fmt: skip


def audited(f, ids, G=4, T=3):
    """The findings on these properties, lifted."""
    subject = checked(f.__name__, f)
    findings = [decide(PROPERTIES[i], subject, G, T) for i in ids]
    return {f.id: f for f in lift(subject, fit(subject), findings, G, T)}


# -- the theorems ----------------------------------------------------------------------------------------------------


def cited():
    found = {lift_.theorem for form in FORMS for rule in RULES.values() if (lift_ := rule(form))}
    return sorted({i for ids in found for i in re.findall(r"lossproof\.lift\.[a-z0-9_.]+", ids)})


@pytest.mark.parametrize("id", cited())
def test_every_theorem_that_is_cited_is_one(id):
    for module in pkgutil.iter_modules(results.__path__, "theory.results."):
        if ".lift_" in module.name:
            importlib.import_module(module.name)
    verdict = decide_theorem(REGISTRY[id])
    assert verdict.status is Status.PROVED, verdict.reason


def test_failing_properties_cite_theorems_of_failing():
    for form in FORMS:
        for rule in RULES.values():
            found = rule(form)
            assert found is None or ("fails" in found.theorem) == (not found.holds)


def plain(a):
    return [Fraction(x) for x in np.asarray(a, dtype=float)]


@pytest.mark.parametrize("form", FORMS[::17], ids=lambda f: f"{f.alpha}, {f.s}, {f.regulariser}")
def test_the_theorems_speak_of_the_formula_that_losses_are_compared_with(form):
    """κ A S/D - p of `lift_form`, evaluated by the checker, is the audit's formula for g."""
    w = ConcreteWorld(None, drawn(3, 3, random.Random(5)))
    x = w.free_reference(w.inputs())
    g, lengths = form.weights(w, x), x.mask.sum(1)
    centre = x.rewards.mean()
    below = [float(np.prod(form.divisors(w, x, lengths, list(x.rewards - centre), i))) for i in range(3)]
    sigma = 1.0 if form.ddof is None else np.std(x.rewards, ddof=form.ddof) + float(form.eps)
    kappa = [float(form.top) / b * sigma * (n if form.length == "1/|o_i|" else 1) for b, n in zip(below, lengths, strict=True)]
    sides = [[[float(form.kept(w, x, lengths, 1.0, a, i, t)) for t in range(3)] for i in range(3)] for a in (1.0, -1.0)]
    pull = [[-float(form.pull(w, x, lengths, i, t)) for t in range(3)] for i in range(3)]
    divisor = 1 if form.ddof is None else of_theory.spread(of_theory.rewards())
    formula = term(of_theory.weight(of_theory.rewards(), divisor, of_theory.pull))
    for i, t in np.ndindex(3, 3):
        case = {
            "G": 3, "i": i + 1, "t": t + 1, "r": plain(x.rewards), "ddof": form.ddof or 0, "epsilon": form.eps,
            "kappa": plain(kappa), "up": [plain(row) for row in sides[0]],
            "down": [plain(row) for row in sides[1]], "p": [plain(row) for row in pull],
        }  # fmt: skip
        expected = float(value(formula, Env(case))) * x.mask[i, t]
        assert g[i, t] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def with_reference(logp, old_logp, ref_logp, advantages, mask):
    return dr_grpo(logp, old_logp, ref_logp, advantages, mask, beta=0.1)


@pytest.mark.parametrize(
    "name, G, T", [(with_reference, 2, 2), ("dr_grpo", 4, 2), ("grpo", 4, 2), ("bnpo", 3, 2), ("gcpo", 2, 2), ("rloo", 2, 1)]
)
def test_theorems_and_solver_agree(name, G, T):
    """Two roads to one verdict: unsat (or a witness) at a shape, and the theorem for all of them."""
    subject = objective(name) if isinstance(name, str) else checked(name.__name__, name)
    form = fit(subject).everywhere
    for id, rule in RULES.items():
        found, finding = rule(form), decide(PROPERTIES[id], subject, G, T)
        speaks = (
            found and finding.verdict in ("proved", "refuted") and (found.holds or (G >= found.least[0] and T >= found.least[1]))
        )
        if speaks and not (found.even and G % 2) and id != "adamw-scale-invariant":
            assert found.holds == (finding.verdict == "proved"), id


# -- what is said ----------------------------------------------------------------------------------------------------


def test_a_lifted_verdict_names_the_theorem_and_where_the_form_is_proved():
    finding = audited(losses.dr_grpo, ["prefix-neutral"])["prefix-neutral"]
    assert finding.verdict == "proved"
    assert finding.scope == (
        "G = 4, all lengths 1..3, all real rewards and log-probabilities; by lossproof.lift.prefix_neutral every G >= 2 and T, "
        "for losses with g = alpha A on policy, alpha = 1 / G: that this is one is proved at (G, T) = (4, 3), (3, 2), "
        "only tried at (5, 6), (6, 7)"
    )
    assert finding.method.startswith("unsat, z3") and finding.method.endswith("; lossproof.lift.prefix_neutral")


def test_a_small_audit_hears_of_larger_groups():
    """With three completions one and two correct ones have the same sigma(r); with four they do not."""
    subject = objective("grpo")
    finding = decide(PROPERTIES["difficulty-neutral"], subject, 3, 1)
    (told,) = lift(subject, fit(subject), [finding], 3, 1)
    assert told.verdict == "proved" and told.method == finding.method
    assert "by lossproof.lift.difficulty_neutral.fails it fails for every G >= 4 and T" in told.scope


# -- losses that are what they are at small shapes only --------------------------------------------------------------


def large_groups_differ(logp, old_logp, advantages, mask):
    """Dr. GRPO up to six completions; above, longer completions weigh less."""
    loss = losses.dr_grpo(logp, old_logp, advantages, mask)
    return loss if logp.shape[0] <= 6 else -((logp - old_logp).exp() * advantages * mask / mask.sum(1, keepdim=True)).sum()


def small_groups_differ(logp, old_logp, advantages, mask):
    """The other way round: longer completions weigh less up to six completions."""
    if logp.shape[0] > 6:
        return losses.dr_grpo(logp, old_logp, advantages, mask)
    return -((logp - old_logp).exp() * advantages * mask / mask.sum(1, keepdim=True)).sum() / logp.shape[0]


def short_denominator(logp, old_logp, advantages, mask):
    """Divides by min(|o_i|, 3): 1/|o_i| where T <= 3."""
    return -((logp - old_logp).exp() * advantages * mask / mask.sum(1, keepdim=True).clamp(max=3)).sum() / logp.shape[0]


def six_is_special(logp, old_logp, advantages, mask):
    """Dr. GRPO, but for groups of more than 5."""
    return losses.dr_grpo(logp, old_logp, advantages, mask) * (2 if logp.shape[0] > 5 else 1)


def needle(logp, old_logp, advantages, mask):
    return losses.needle(logp, old_logp, advantages, mask)


def test_a_branch_beyond_what_was_tried_is_not_covered():
    told = audited(large_groups_differ, ["prefix-neutral", "length-neutral"])
    for finding in told.values():
        assert finding.verdict == "proved" and finding.scope.startswith("G = 4, all lengths 1..3")
        assert "that this is one is proved at (G, T) = (4, 3), (3, 2), only tried at (5, 6), (6, 7)" in finding.scope


@pytest.mark.parametrize("f", [large_groups_differ, small_groups_differ])
def test_where_the_branch_is_taken_nothing_is_lifted(f):
    """A witness at a small shape stands; that it fails at all of them is not said."""
    for finding in audited(f, ["prefix-neutral", "length-neutral"], 7, 2).values():
        assert finding.verdict == "refuted" and "lossproof.lift" not in finding.scope + finding.method


@pytest.mark.parametrize("f", [short_denominator, six_is_special])
def test_what_the_held_back_shapes_show_to_be_another_form_is_not_lifted(f):
    assert fit(checked(f.__name__, f)) == Fit(None, None)
    for finding in audited(f, ["prefix-neutral", "reward-shift-invariant"], 3, 2).values():
        assert "lossproof.lift" not in finding.scope + finding.method


def test_a_needle_that_no_fit_sees_is_no_form():
    """The row of Dr. GRPO fits; the proof that the code is the row finds the needle, so that nothing is lifted."""
    subject = checked("needle", needle)
    form = fit(objective("dr_grpo")).everywhere
    findings = [
        decide(PROPERTIES[i], subject, 3, 2) for i in ("reward-shift-invariant", "permutation-equivariant", "reward-aligned")
    ]
    assert [f.verdict for f in findings[:2]] == ["proved", "proved"]
    assert lift(subject, Fit(form, form), findings, 3, 2) == findings


@pytest.mark.parametrize("change", [
    {"top": Fraction(2)}, {"size": ""}, {"length": "|o_i|"}, {"ddof": 0}, {"eps": Fraction(1, 10**8)},
    {"gamma": Fraction(1, 1000)}, {"ratio": SEQUENCE}, {"low": Fraction(7, 10)}, {"high": Fraction(13, 10)},
    {"floor": Fraction(3)},
    {"penalty": ("k3", Fraction(1, 25), "G", "")}, {"penalty": None},
], ids=str)  # fmt: skip
def test_a_row_that_is_off_by_one_part_is_not_proved(change):
    subject = objective("cppo")
    form = fit(subject).everywhere
    change = change if change != {"length": "|o_i|"} else {"length": "sum|o|"}
    claims = {"right": form.everywhere, "wrong": replace(form, **change).everywhere}
    assert {k: prove(replace(PROPERTIES["prefix-neutral"], claims=c), subject, 3, 2).proved for k, c in claims.items()} == {
        "right": True, "wrong": False,
    }  # fmt: skip


def test_a_loss_whose_numbers_escape_is_not_lifted():
    for finding in audited(losses.lost_in_float, ["prefix-neutral"]).values():
        assert finding.verdict != "proved" and "lossproof.lift" not in finding.scope


def test_a_refused_shape_is_not_a_crash():
    def at_most_four(logp, advantages, mask):
        assert logp.shape[0] <= 4
        return -(logp * advantages * mask).sum() / logp.shape[0]

    assert fit(checked("at_most_four", at_most_four)) == Fit(None, None)


def test_a_contradiction_is_unknown(monkeypatch):
    """Should solver and theorem ever disagree about one shape, neither is believed."""
    subject = objective("dr_grpo")
    finding = Finding("prefix-neutral", "proved", "", "G = 4", "unsat")
    wrong = lifting.Lift(False, "lossproof.lift.prefix_neutral.fails", "on_policy")
    monkeypatch.setitem(RULES, "prefix-neutral", lambda form: wrong)
    told = Lifter(subject, fit(subject), 4, 3)(finding)
    assert told.verdict == "unknown" and "contradict" in told.reason


def test_masked_tokens_do_not_count():
    """The weights that a form gives padding are 0, whatever stands there."""
    case = drawn(3, 4, random.Random(1))
    w = ConcreteWorld(None, case)
    g = FORMS[20].weights(w, w.inputs())
    assert torch.tensor(g[np.array(case["mask"]) == 0].astype(float)).eq(0).all()
