"""The inferred row of Table 1, and comparisons. Expected rows are read off the losses' formulas."""

import losses
import pytest

from lossproof.compare import compare, matches
from lossproof.row import infer
from lossproof.target import checked, objective

ROWS = {
    "grpo": ("1 / (G |o_i| sigma(r, ddof=1))", "I, clipped to [4/5, 6/5]", "0.04 k3, mean over |o_i|, then over G"),
    "dr_grpo": ("1 / G", "I, clipped to [4/5, 6/5]", "none"),
    "dapo": ("1 / (sum|o| sigma(r, ddof=1))", "I, clipped to [4/5, 32/25]", "none"),
    "gpg": ("1 / sum|o|", "log pi", "none"),
    "cispo": ("1 / (sum|o| sigma(r, ddof=1))", "sg[I] log pi", "none"),
    "rloo": ("1 / (G - 1)", "log pi", "none"),
    "bnpo": ("1 / (sum|o| (sigma(r, ddof=1) + 0.0001))", "I, clipped to [4/5, 6/5]", "none"),
    "gspo_table1": ("1 / (G |o_i| sigma(r, ddof=1))", "prod_t I, clipped to [4/5, 6/5]", "none"),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows(name):
    row = infer(objective(name))
    assert (row["alpha"], row["ratio"], row["regulariser"]) == ROWS[name]


def test_no_row_for_a_loss_of_no_such_form():
    assert infer(objective("gtpo")) is None


def test_equal_to_a_built_in():
    found = matches(checked("mine", losses.dr_grpo), {"dr_grpo": objective("dr_grpo"), "grpo": objective("grpo")})
    assert found == [{"objective": "dr_grpo", "relation": "equal", "factor": "1"}]


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
