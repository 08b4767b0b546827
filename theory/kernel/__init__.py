"""The trusted core: terms, rules, theorems and their replay. Imports the standard library only (the SMT rule: solvers)."""

from .arith import axiom, field, inv_positive, integer, law, linear, nonzero_product, sos
from .calculus import diff, limit, limit_rational
from .logic import absurd, all_elim, all_intro, and_elim, and_intro, assume, cases, cut, if_, imp_elim, imp_intro
from .logic import negate, restate, rewrite, trichotomy
from .oracle import smt
from .sums import induct, sum_congr, sum_const, sum_empty, sum_linear, sum_reindex, sum_split, sum_step
from .terms import Refused, Term, mk, num, subst, var
from .theorem import RULES, Theorem, replay, same

__all__ = [name for name in dir() if not name.startswith("_")]
