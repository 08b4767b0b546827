"""A tiny registry of its own for the tests of the front door, so that they do not depend on what the paper claims."""

import sys
import types

import pytest
import sympy as sp

import theory.proposition as registry
from lossproof import check
from theory.language import equals, reals
from theory.proposition import UNNEEDED, Proposition
from theory.verdict import Evidence

x, y = reals("x y")


def double(**other) -> Proposition:
    """A claim that holds: x + x = 2 x for positive x, a condition that it does not need."""
    stated = {
        "id": "tiny.double",
        "title": "twice is the sum",
        "source": "Eq. 1",
        "printed": "x + x = 2x",
        "assumptions": {"positive": x > 0},
        "unstated": ("positive",),
        "statement": equals(x + x, 2 * x),
        "proof": lambda goal: goal.prove(goal.claim),
        "model": {"x": "1/2"},
        "drops": {"positive": UNNEEDED},
        "not_claimed": "anything about products",
        "module": "tiny.sums",
    }
    return Proposition(**{**stated, **other})


def square(**other) -> Proposition:
    """A claim that fails: x² = x."""
    stated = {
        "id": "tiny.square",
        "title": "squares are |no| larger",
        "source": "Prop. 2",
        "printed": "|x|^2 = x",
        "statement": equals(x**2, x),
        "witness": {"x": 2},
        "repair": "tiny.double",
        "finding": "The square of 2 is 4. That is not 2.",
        "module": "tiny.products",
    }
    return Proposition(**{**stated, **other})


def empirical() -> Proposition:
    return Proposition(
        "tiny.empirical", "it works", "S. 5", "-", sp.true, reason="only a survey could tell", module="tiny.products"
    )


@pytest.fixture
def tiny(monkeypatch):
    """`tiny(tiny.double(), tiny.square())` puts these in place of the registry, without numeric checks."""
    # the records of a tiny registry are those of the test's own folder, not those of this repository
    monkeypatch.setattr("lossproof.records.find_spec", lambda name: None)

    def put(*propositions: Proposition) -> None:
        known = {p.id: p for p in propositions}
        monkeypatch.setattr(registry, "REGISTRY", known)
        monkeypatch.setattr(registry, "BROKEN", {})
        monkeypatch.setattr(registry, "load", lambda: known)
        monkeypatch.setattr(check, "numeric_checks", lambda: ({}, {}))
        monkeypatch.setattr(check, "_search", lambda p, verdict: Evidence("search", "survived 7 evaluations"))

    home = types.ModuleType("tiny")
    home.TITLE, home.SECTIONS = "A tiny paper", {"sums": "Sums", "products": "Products"}
    monkeypatch.setitem(sys.modules, "tiny", home)
    put.double, put.square, put.empirical = double, square, empirical
    return put
