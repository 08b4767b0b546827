"""Pairs and steps of masked diffusion: what the auditor says of losses that take them, and what it must not say."""

import contextlib
import io
from dataclasses import replace
from itertools import product

import pytest
import torch
import z3
from torch import Tensor
from torch.nn.functional import logsigmoid

from lossproof.compare import compare
from lossproof.decide import Finding, decide, first_violation
from lossproof.meanings.exact import Exact
from lossproof.properties import Property, everything
from lossproof.proving import prove
from lossproof.replay import replay
from lossproof.smt import Encoder
from lossproof.smt.steps import folded
from lossproof.subject import BadTarget, NotApplicable, preferences
from lossproof.target import checked, objective
from lossproof.witness import corners, make, noised
from lossproof.world import Claim, ConcreteWorld, SymbolicWorld
from numerics import pairs
from theory.kernel import mk, var
from theory.kernel.terms import ONE, ZERO

PROPERTIES = everything()
ON_PAIRS = ("dpo", "ipo", "simpo", "r_dpo")
OF_A_STEP = ("maskgrpo", "maskgrpo_token")


def found(loss, id: str, G: int = 4, T: int = 2) -> Finding:
    subject = objective(loss) if isinstance(loss, str) else checked(loss.__name__, loss)
    return decide(PROPERTIES[id], subject, G, T)


# -- losses with a planted mistake -----------------------------------------------------------------------------------


def swapped(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """DPO that prefers the rejected completion."""
    return -logsigmoid(beta * ((rejected_logps - ref_rejected_logps) - (chosen_logps - ref_chosen_logps))).mean()


def undivided(chosen_logp, rejected_logp, beta=2.0, gamma=1.0):
    """SimPO without the lengths."""
    return -logsigmoid(beta * chosen_logp - beta * rejected_logp - gamma).mean()


def first_pair_twice(chosen_logp, rejected_logp):
    h = chosen_logp - rejected_logp
    return -logsigmoid(h).mean() - logsigmoid(h[0])


def without_level(logp, old_logp, ref_logp, advantages, mask, masked, noise_level, beta=0.01):
    """MaskGRPO whose sums over masked tokens are not divided by the level."""
    new, old, ref = ((x * masked).sum(1, keepdim=True) for x in (logp, old_logp, ref_logp))
    d = ref - new
    ratio = (new - old).exp() + 0 * noise_level
    return -((advantages * ratio - beta * (d.exp() - 1 - d)) / mask.sum(1, keepdim=True).clamp(min=1)).mean()


def of_visible_tokens(logp, advantages, mask, masked):
    """A step whose loss is on the tokens that it does not mask."""
    return -(advantages * logp * (mask - masked)).mean()


def of_prefixes(logp, advantages, masked):
    """Silent where the masked tokens come first, as the tokens of a mask do; not where a later one is masked alone."""
    return -(advantages[:, 0] * logp[:, 1] * masked[:, 1] * (1 - masked[:, 0])).mean()


def of_all_masked_tokens(logp, advantages, masked):
    """Its weights follow the masked tokens of all completions."""
    return (advantages * logp * masked).sum() ** 2


def doubled_where_no_first_token_is_masked(logp, advantages, masked):
    """The second completion counts twice, but only where no completion has its first token masked."""
    twice = torch.tensor([0.0, 1.0] + [0.0] * (len(logp) - 2), dtype=logp.dtype)[:, None]
    return -(advantages * logp * masked * (1 + twice * (1 - masked[:, 0]).prod())).sum()


# -- pairs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "neutral", "by_length"),
    [("dpo", "proved", "proved"), ("ipo", "proved", "proved"), ("simpo", "refuted", "refuted"), ("r_dpo", "proved", "refuted")],
)
def test_what_the_losses_on_pairs_do_with_a_shared_prefix_and_with_lengths(name, neutral, by_length):
    """Weights of a shared prefix cancel unless each side is divided by its own length (dpo.simpo.gradient)."""
    assert found(name, "prefix-neutral").verdict == neutral
    assert found(name, "prefix-neutral-off-policy").verdict == neutral
    assert found(name, "length-neutral").verdict == by_length
    for id in ("reward-aligned", "permutation-equivariant"):
        assert found(name, id).verdict == "proved", id


@pytest.mark.parametrize(
    "id",
    "reward-shift-invariant reward-scale-invariant reward-scale-linear adamw-scale-invariant equal-rewards-silent value-blind "
    "difficulty-neutral padding-invariant padding-poison-safe on-policy-unbiased kl-pulls-to-reference kl-gradient-exact "
    "gap-invariant".split(),
)
def test_what_says_nothing_of_pairs_is_not_applicable(id):
    finding = found("dpo", id, 4, 3)
    assert (finding.verdict, bool(finding.reason), finding.witness) == ("not-applicable", True, None)


def test_the_scope_speaks_of_pairs():
    scope = found("dpo", "prefix-neutral").scope
    assert "rewards" not in scope and "completions i < G // 2 preferred to i + G // 2" in scope


CASE = make([1, 0, 2, 3], [1, 2, 2, 2], 2)


@pytest.mark.parametrize("world", [lambda s: SymbolicWorld(s, 4, 2), lambda s: ConcreteWorld(s, CASE)])
def test_a_loss_on_pairs_is_never_evaluated_at_other_rewards(world):
    w = world(objective("dpo"))
    x = w.inputs()
    w.gradient(x)
    for other in (x.rewards[::-1], x.rewards + w.number(1), w.inputs(prefix="other_").rewards):
        with pytest.raises(NotApplicable):
            w.gradient(x.but(rewards=other))


def test_mistakes_in_losses_on_pairs_are_found():
    assert found(swapped, "reward-aligned").verdict == "refuted"
    assert found(first_pair_twice, "permutation-equivariant").verdict == "refuted"
    assert found(undivided, "prefix-neutral").verdict == "proved"  # unlike SimPO
    assert compare(objective("simpo"), checked("undivided", undivided)).relation == "different"


def test_pairs_and_rewards_are_not_compared():
    outcome = compare(objective("dpo"), objective("grpo"))
    assert outcome.relation == "unknown" and outcome.finding is not None and "pairs" in (outcome.finding.reason or "")
    assert compare(objective("dpo"), objective("dpo"), [(2, 2), (3, 1)]).relation == "equal"


def test_a_group_gives_sums_and_lengths_of_its_pairs():
    g = torch.Generator().manual_seed(1)
    logp, ref = (-torch.rand(5, 3, dtype=torch.float64, generator=g) for _ in range(2))
    mask = torch.tensor([[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0], [1, 1, 1]], dtype=torch.float64)
    seen: dict[str, Tensor] = {}

    def loss(
        policy_chosen_logps, rejected_logps, reference_chosen_logps, ref_rejected_logp, chosen_lengths, rejected_length, k=2,
    ):  # fmt: skip
        seen.update(locals())
        return (policy_chosen_logps + rejected_logps).sum() * k

    logp.requires_grad_()
    (slope,) = torch.autograd.grad(pairs.of_group(loss)(logp=logp, ref_logp=ref, mask=mask), logp)
    for parameter, values, rows in (
        ("policy_chosen_logps", logp * mask, (0, 1)), ("rejected_logps", logp * mask, (2, 3)),
        ("reference_chosen_logps", ref * mask, (0, 1)), ("ref_rejected_logp", ref * mask, (2, 3)),
        ("chosen_lengths", mask, (0, 1)), ("rejected_length", mask, (2, 3)),
    ):  # fmt: skip
        assert torch.equal(seen[parameter], torch.stack([values[i].sum() for i in rows])), parameter
    assert torch.equal(slope, 2 * torch.cat([mask[:4], 0 * mask[4:]]))  # the fifth completion is in no pair
    assert preferences(5) == [1, 1, 0, 0, 1 / 2]


def mixed(chosen_logp, rejected_logp, rewards):
    return -(chosen_logp - rejected_logp).sum()


def no_policy(ref_chosen_logp):
    return ref_chosen_logp.sum()


def warm(chosen_logp, temperature):
    return chosen_logp.sum() * temperature


@pytest.mark.parametrize(
    ("loss", "message"),
    [(mixed, "mixed: 'rewards' is of a group of completions and 'chosen_logp' of pairs"),
     (no_policy, "no_policy: no parameter asks for chosen_logp or rejected_logp"),
     (warm, "warm: parameter 'temperature' has no default and is none of chosen_logp")],
)  # fmt: skip
def test_a_loss_on_pairs_that_cannot_be_called_gets_a_sentence(loss, message):
    with pytest.raises(BadTarget, match=message):
        objective(loss)


# -- a step of masked diffusion --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_A_STEP)
@pytest.mark.parametrize("id", "reward-aligned padding-invariant sample-local permutation-equivariant difficulty-neutral".split())
def test_the_losses_of_a_step_are_proved_for_all_masks(name, id):
    finding = found(name, id, 4, 3)
    assert finding.verdict == "proved" and "all masked tokens and noise levels" in finding.scope


def test_the_ratio_of_a_completion_has_no_clip_and_that_of_a_token_has():
    assert found("maskgrpo", "clipped-silent").verdict == "refuted"
    assert found("maskgrpo_token", "clipped-silent").formula == "epsilon_low = 1/5, epsilon_up = 1/5"
    assert found("maskgrpo", "kl-pulls-to-reference").verdict == "refuted"  # the pull is that of the sum
    assert found("maskgrpo_token", "kl-pulls-to-reference").verdict == "proved"


@pytest.mark.parametrize("id", ["on-policy-unbiased", "trust-region-kept"])
def test_no_policy_that_draws_token_by_token_is_asked_for_a_step(id):
    assert found("maskgrpo_token", id).verdict == "not-applicable"


def test_a_step_divided_by_the_wrong_level_is_told_apart():
    outcome = compare(objective("maskgrpo"), checked("without_level", without_level), [(2, 2)])
    assert outcome.relation == "different" and outcome.finding is not None and outcome.finding.witness is not None
    assert outcome.finding.witness["scalars"]["noise_level"] < 1  # at level 1 they agree


def test_a_step_is_compared_with_a_loss_that_knows_none():
    def all_tokens(logp, old_logp, ref_logp, advantages, mask):
        s, d = (logp - old_logp).exp(), ref_logp - logp
        surrogate = (s * advantages).minimum(s.clamp(0.8, 1.2) * advantages) - 0.01 * (d.exp() - 1 - d)
        return -((surrogate * mask).sum(1) / mask.sum(1).clamp(min=1)).mean()

    both = objective("maskgrpo_token"), checked("all", all_tokens)
    for pair in (both, both[::-1]):
        outcome = compare(*pair, [(2, 2)])
        assert outcome.relation == "different" and outcome.finding is not None and outcome.finding.witness is not None
        assert outcome.finding.witness["case"]["masked"] != outcome.finding.witness["case"]["mask"]  # all masked, they agree


def test_a_loss_on_visible_tokens_gives_those_that_are_masked_no_weight():
    assert found(of_visible_tokens, "advantage-signed").verdict == "refuted"
    assert found("maskgrpo_token", "advantage-signed").verdict == "proved"


def test_a_completion_that_is_masked_out_has_no_masked_token_of_a_step():
    assert found(of_all_masked_tokens, "masked-completion-neutral", 2, 2).verdict == "refuted"


def test_tokens_are_compared_where_no_first_token_is_masked():
    assert found(doubled_where_no_first_token_is_masked, "length-neutral", 3, 2).verdict == "refuted"


def about(claims) -> Property:
    return Property("masks", "", claims)


@pytest.mark.parametrize(
    ("claims", "holds"),
    [(lambda w, x: w.at_most(x.masked[0, 1], x.mask[0, 1], ""), True),
     (lambda w, x: w.at_most(x.noise_level, 1, ""), True),
     (lambda w, x: w.less(0, x.noise_level, ""), True),
     (lambda w, x: w.equal(x.masked[0, 0], 1, ""), False),
     (lambda w, x: w.at_most(x.masked[0, 1], x.masked[0, 0], ""), False),
     (lambda w, x: w.at_most(x.masked[0, 0], x.masked[0, 1], ""), False),
     (lambda w, x: w.equal(x.masked[0, 0], x.masked[1, 0], ""), False),
     (lambda w, x: w.equal(x.noise_level, 1, ""), False),
     (lambda w, x: w.equal(x.masked[0].sum(), x.noise_level * w.number(2), ""), False)],
)  # fmt: skip
def test_what_is_assumed_of_a_step(claims, holds):
    p = about(lambda w: [claims(w, w.inputs())])
    assert prove(p, objective("maskgrpo"), 2, 2).proved == holds


def test_entries_of_a_step_are_not_taken_for_a_length():
    def silent(w) -> list[Claim]:
        return [w.equal(w.gradient(w.inputs())[0, 1], 0, "the weight")]

    subject = checked("of_prefixes", of_prefixes)
    assert not prove(about(silent), subject, 2, 2).proved
    case = make([1, 0], [2, 2], 2) | {"masked": [[0.0, 1.0], [0.0, 1.0]]}
    assert first_violation(about(silent), subject, case) is not None


def test_a_function_of_lengths_and_masked_entries_is_encoded_case_by_case():
    length, *step = (var(n, "Z") for n in ("mask_0_1", "masked0_0_0", "masked1_0_0"))
    x, y = var("logp_0_0"), var("logp_0_1")
    exact = Exact()
    argument = mk("add", mk("mul", step[0], x), mk("mul", length, step[1], y), mk("mul", length, x))
    encoder = Encoder()
    whole = encoder.encode(mk("app", "exp", "R", argument))
    for values in product((ZERO, ONE), repeat=3):
        given = dict(zip((length, *step), values, strict=True))
        expected = encoder.encode(exact.exp(folded(argument, given)))
        chosen = z3.simplify(z3.substitute(whole, *((z3.Bool(v.args[0]), z3.BoolVal(q is ONE)) for v, q in given.items())))
        assert chosen.eq(z3.simplify(expected)), values


@pytest.mark.parametrize("name", ["dpo", "dr_grpo"])
def test_a_second_solver_reads_what_is_assumed_of_pairs_and_of_groups(name):
    """`length-neutral` assumes that a first token is live, which is always true: an empty `and` was no SMT-LIB."""
    pytest.importorskip("cvc5")
    proof = prove(PROPERTIES["length-neutral"], objective(name), 4, 2, certify=True)
    assert proof.proved and "cvc5" in proof.method


# -- witnesses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "id"), [("simpo", "prefix-neutral"), ("maskgrpo", "prefix-neutral"), ("maskgrpo", "reward-scale-invariant")]
)
def test_a_witness_is_replayed_and_its_script_runs(loss, id):
    finding = found(loss, id)
    assert finding.witness is not None
    again, text = replay(finding.witness, objective(loss))
    assert again and "violated" in text
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text, {})
    promised = [float(line.split("# ")[1].split(" and ")[0]) for line in text.splitlines() if line.startswith("print(")]
    losses = [float(line.split()[0]) for line in printed.getvalue().splitlines() if "tensor" in line]
    assert losses == pytest.approx(promised, rel=1e-4)


def test_a_witness_keeps_what_a_step_masked():
    p = replace(PROPERTIES["length-neutral"], decide=None)
    witness = decide(p, objective("maskgrpo_token"), 4, 2).witness
    assert witness is not None and len(witness["group"]["masked"]) == len(witness["case"]["masked"])
    assert first_violation(p, objective("maskgrpo_token"), witness["case"]) is not None


def test_a_search_masks_some_tokens_and_not_others():
    cases = [c for case in corners(3, 2) for c in noised(case)]
    assert any(sum(map(sum, c["masked"])) < sum(map(sum, c["mask"])) for c in cases)
    assert len({c["noise_level"] for c in cases}) > 2
    assert all(m <= n for c in cases for a, b in zip(c["masked"], c["mask"], strict=True) for m, n in zip(a, b, strict=True))
