"""Deleting any side condition of the kernel turns a test red: each is deleted in turn, and the tables are run."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import kernel_mutants
import pytest
import test_rules_arith
import test_rules_calculus
import test_rules_logic
import test_rules_oracle
import test_rules_sums

from theory.kernel import RULES

TABLES = (test_rules_logic, test_rules_arith, test_rules_sums, test_rules_calculus, test_rules_oracle)
MODULES = sorted(path.stem for path in kernel_mutants.KERNEL.glob("*.py") if path.stem != "__init__")

# Deletions that change nothing, with the reason: the beginning of their name, in any module.
EQUIVALENT = {
    ": SHAPES: any 1th argument of app": "`mk` compares the sort with R and Z on its own",
    ": SHAPES: any 2th argument of lim": "`mk` compares the kind with oo and 0+ on its own",
    "subst: no filter v in t.free": "a shortcut: replacing what does not occur, or by itself, changes nothing",
    "subst: no v in t.free in": "the same shortcut, its first half",
    "subst: no v is not w in": "the same shortcut, its second half",
    "clear: no filter a is inv(d)": "a higher power of d than needed is as good: it vanishes where p does",
    "is_opaque: no t.op == 'app'": "only applications have three arguments of which the first is such a name",
    "limit.lim: no t.op == 'app'": "only applications have four arguments that begin with a name and a sort",
}


@pytest.mark.parametrize("module", MODULES)
def test_deleting_a_side_condition_turns_a_test_red(module):
    """Two processes share the mutants of a module; each mutant is a fork of a few milliseconds."""
    worker = str(Path(kernel_mutants.__file__))
    shards = [subprocess.Popen([sys.executable, worker, module, shard, "2"], stdout=subprocess.PIPE, text=True) for shard in "01"]
    answers = [json.loads(line) for shard in shards for line in shard.communicate()[0].splitlines()]
    assert not any(shard.returncode for shard in shards)
    assert sorted(name for name, _ in answers) == sorted(kernel_mutants.names(module))
    assert not [name for name, red in answers if red and red.startswith("no answer")]
    survivors = [name for name, red in answers if not red and not name.startswith(tuple(EQUIVALENT))]
    assert not survivors, f"deleted without any test turning red: {survivors}"
    killed = [name for name, red in answers if red and name.startswith(tuple(EQUIVALENT))]
    assert not killed, f"listed as equivalent, but a test turned red: {killed}"


def test_every_equivalent_deletion_is_one():
    known = [name for module in MODULES for name in kernel_mutants.names(module)]
    assert all(any(name.startswith(e) for name in known) for e in EQUIVALENT)


def test_the_unchanged_kernel_keeps_every_test_green():
    """Else all mutants would look killed."""
    worker = "import sys, kernel_mutants as k; sys.path.insert(0, str(k.ROOT)); print(k.red('oracle'), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", worker], cwd=kernel_mutants.HERE, capture_output=True, text=True, check=False)
    assert done.stderr == "None\n", done.stderr


def test_every_rule_has_good_and_bad_derivations():
    good = Counter(row[0] for table in TABLES for row in table.GOOD)
    bad = Counter(row[0] for table in TABLES for row in {tuple(map(str, row)): row for row in table.BAD}.values())
    assert set(good) == set(bad) == set(RULES)
    assert not {rule: bad[rule] for rule in RULES if bad[rule] < 3}


def test_rows_have_names_of_their_own():
    for table in TABLES:
        for rows in (table.GOOD, table.BAD, table.CLAIMS):
            assert not [name for name, times in Counter((row[0], row[1]) for row in rows).items() if times > 1]
