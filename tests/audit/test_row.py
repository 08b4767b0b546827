"""The inferred row of Table 1, and comparisons. Expected rows are read off the losses' formulas."""

import losses
import pytest

from lossproof.compare import compare, matches
from lossproof.row import infer
from lossproof.target import checked, objective
from numerics.objectives.common import clipped_surrogate, importance_ratio

ROWS = {
    "grpo": ("1 / (G |o_i| sigma(r, ddof=1))", "I, clipped to [4/5, 6/5]", "0.04 k3, mean over |o_i|, then over G"),
    "dr_grpo": ("1 / G", "I, clipped to [4/5, 6/5]", "none"),
    "dapo": ("1 / (sum|o| sigma(r, ddof=1))", "I, clipped to [4/5, 32/25]", "none"),
    "gpg": ("1 / sum|o|", "log pi", "none"),
    "cispo": ("1 / (sum|o| sigma(r, ddof=1))", "sg[I] log pi, I within [0, 32/25]", "none"),
    "cppo": (
        "1 / (G |o_i| sigma(r, ddof=1)) where |A_i| > 1/10, else 0",
        "I, clipped to [4/5, 6/5]",
        "0.04 k3, mean over |o_i|, then over G",
    ),
    "dual_clip": ("1 / sum|o|", "I, clipped to [4/5, 6/5] and to 3 where A_i < 0", "none"),
    "gcpo": ("|o_i| / (G sigma(r, ddof=1))", "prod_t I, clipped to [4/5, 6/5]", "none"),
    "gspo": ("1 / (G |o_i| sigma(r, ddof=1))", "(prod_t I)^(1/|o_i|), clipped to [9997/10000, 2501/2500]", "none"),
    "reinforce_pp_baseline": (
        "1 / (sum|o| (sigma(r, ddof=1) + 1e-08))",
        "I, clipped to [4/5, 6/5]",
        "0.001 k2, mean over all tokens",
    ),
    "rloo": ("1 / (G - 1)", "log pi", "none"),
    "bnpo": ("1 / (sum|o| (sigma(r, ddof=1) + 0.0001))", "I, clipped to [4/5, 6/5]", "none"),
    "gspo_table1": ("1 / (G |o_i| sigma(r, ddof=1))", "prod_t I, clipped to [4/5, 6/5]", "none"),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows(name):
    row = infer(objective(name))
    assert (row["alpha"], row["ratio"], row["regulariser"]) == ROWS[name]


@pytest.mark.parametrize("name", ["gtpo", "gmpo", "sapo", "grpo_v32"])
def test_no_row_for_a_loss_of_no_such_form(name):
    """An entropy mask, a product of clipped ratios, a sigmoid, a mask by drift: on policy some look like a row."""
    assert infer(objective(name)) is None


def test_a_constant_divisor():
    def loss(logp, advantages, mask):
        return -(advantages * logp * mask).sum() * 2 / (3 * 512 * logp.shape[0])

    assert infer(checked("loss", loss))["alpha"] == "1 / (768 G)"


def test_no_row_if_one_weight_is_another():
    """What clips at 6/5 on small groups and at 2 on larger ones has no row; nor has a loss that differs in one token."""

    def wider(logp, old_logp, advantages, mask):
        return -(clipped_surrogate(importance_ratio(logp, old_logp), advantages, 0.2, 0.2 if len(logp) < 6 else 1) * mask).sum()

    def last(logp, old_logp, advantages, mask):
        weight = mask.clone()
        weight[:, 5:] = 0
        return -(clipped_surrogate(importance_ratio(logp, old_logp), advantages, 0.2, 0.2) * weight).sum()

    assert infer(checked("wider", wider)) is None and infer(checked("last", last)) is None


@pytest.mark.parametrize("eps", [1e-8, 1e-5, 0.003, 0.5])
def test_eps_beside_sigma(eps):
    def loss(logp, rewards, mask):
        return -((rewards - rewards.mean())[:, None] / (rewards.std() + eps) * logp * mask).sum()

    assert infer(checked("loss", loss))["alpha"] == f"1 / (sigma(r, ddof=1) + {eps:g})"


def test_equal_to_a_built_in():
    found = matches(checked("mine", losses.dr_grpo), {"dr_grpo": objective("dr_grpo"), "grpo": objective("grpo")}, 8, 3)
    assert found == [{"objective": "dr_grpo", "relation": "equal", "factor": "1"}]


def test_equal_on_short_completions_only_is_not_equal():
    def loss(logp, old_logp, advantages, mask):
        weight = mask.clone()
        weight[:, 2:] *= 2
        return -(clipped_surrogate(importance_ratio(logp, old_logp), advantages, 0.2, 0.2) * weight).sum() / mask.sum()

    builtin = {"ppo": objective("ppo")}
    assert matches(checked("loss", loss), builtin, 4, 2) and not matches(checked("loss", loss), builtin, 4, 3)


def test_proportional_with_the_factor():
    def thrice(logp, old_logp, advantages, mask):
        return 3 * losses.dr_grpo(logp, old_logp, advantages, mask)

    outcome = compare(checked("thrice", thrice), objective("dr_grpo"))
    assert (outcome.relation, outcome.factor) == ("proportional", "3")


def test_different_with_a_witness():
    outcome = compare(objective("dapo"), objective("cispo"))
    assert outcome.relation == "different"
    assert outcome.finding.witness["left"] != pytest.approx(outcome.finding.witness["right"])


def test_the_needle_is_told_apart_from_dr_grpo():
    assert compare(checked("needle", losses.needle), objective("dr_grpo")).relation == "different"
