"""Forged theorems and tampered certificates, in a fresh process that imports nothing but the kernel."""

import subprocess
import sys
from pathlib import Path

import pytest
from kernel_reading import derive, given, term
from test_recheck import broken, files, good

from theory.certificates import certificate
from theory.kernel import Refused, Theorem, replay
from theory.kernel.theorem import find

ROOT = Path(__file__).parents[2]


def fresh_process(*arguments, code=None):
    command = [sys.executable, "-P", *(["-c", code] if code else ["-m", "theory.kernel.recheck"]), *arguments]
    env = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd="/", check=False)


def test_a_fresh_process_agrees(tmp_path):
    paths = files(tmp_path, a={"claim": good()}, b={"other": broken()})
    done = fresh_process(*paths)
    assert done.returncode == 1 and [line[:6] for line in done.stdout.splitlines()] == ["ok cla", "FAILED"]
    assert fresh_process(paths[0]).returncode == 0


def test_recheck_imports_nothing_but_the_kernel(tmp_path):
    code = (
        "import sys; before = set(sys.modules); from theory.kernel import recheck; code = recheck.main(sys.argv[1:]);"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names;"
        "print(code, sorted(names), sorted(n for n in sys.modules if n.startswith('theory')))"
    )
    done = fresh_process(*files(tmp_path, a={"claim": good()}), code=code)
    kernel = ["arith", "calculus", "logic", "oracle", "recheck", "ring", "sums", "terms", "theorem"]
    wanted = ["theory", "theory.kernel", *(f"theory.kernel.{name}" for name in kernel)]
    assert done.stdout.splitlines()[-1] == f"0 ['theory'] {wanted}", done.stderr


def forged(hyps=(), concl="0 < 0", rule="assume", params=(), trust=()):
    """What Python cannot forbid."""
    th = object.__new__(Theorem)
    values = frozenset(map(term, hyps)), term(concl), rule, params, frozenset(trust)
    for slot, value in zip(Theorem.__slots__, values, strict=True):
        object.__setattr__(th, slot, value)
    return th


def changed(th, **slots):
    for slot, value in slots.items():
        object.__setattr__(th, slot, value)
    return th


class Fake:
    """Quacks like a theorem."""

    hyps, concl, trust = frozenset(), term("0 < 0"), frozenset()


class Sub(Theorem):
    """Derives from it, and is made and changed without its guards."""

    __init__ = object.__init__
    __setattr__ = object.__setattr__

    def __new__(cls):
        th = object.__new__(cls)
        th.hyps, th.concl, th.rule, th.params, th.trust = (
            frozenset(),
            term("0 < 0"),
            "assume",
            (term("0 < 0"),),
            frozenset(),
        )
        return th


FORGED = [
    ("assumed without its hypothesis", lambda: forged(params=(term("0 < 0"),))),
    ("without parameters", lambda: forged()),
    ("its own premise is forged", lambda: derive("restate", [lambda: forged(params=(term("0 < 0"),)), "0 < 0"])),
    ("an axiom without its mark", lambda: forged(rule="axiom", params=("a", term("0 < 0")))),
    (
        "an axiom under another mark",
        lambda: forged(rule="axiom", params=("a", term("0 < 0")), trust=["schema:exp_add"]),
    ),
    (
        "a mark lost on the way",
        lambda: derive("restate", [lambda: forged(rule="axiom", params=("a", term("0 < 0"))), "0 < 0"]),
    ),
    ("a rule that does not exist", lambda: forged(rule="because")),
    ("a rule that does not yield it", lambda: forged(rule="linear", params=(term("0"), term("0"), (), ()))),
    ("a conclusion changed later", lambda: changed(derive("assume", ["x < y"]), concl=term("0 < 0"))),
    ("hypotheses dropped later", lambda: changed(derive("assume", ["0 < 0"]), hyps=frozenset())),
    (
        "a premise changed later",
        lambda: derive("restate", [lambda: changed(derive("assume", ["0 < 0"]), hyps=frozenset()), "0 < 0"]),
    ),
    ("a subclass", Sub),
    ("a premise of a subclass", lambda: derive("restate", [lambda: Sub(), "0 < 0"])),
]


@pytest.mark.parametrize("make", [row[1] for row in FORGED], ids=[row[0] for row in FORGED])
def test_forged(make, tmp_path):
    th = make()
    assert th.concl is term("0 < 0") and not any(t.startswith("axiom") for t in th.trust)
    with pytest.raises(Refused):
        replay(certificate(th))


def test_forged_in_a_fresh_process(tmp_path):
    certs = {f"c{n}": certificate(make()) for n, (_, make) in enumerate(FORGED)}
    done = fresh_process(*files(tmp_path, **{name: {name: cert} for name, cert in certs.items()}))
    assert done.returncode == 1 and len(done.stdout.splitlines()) == len(FORGED)
    assert all(line.startswith("FAILED ") and "Refused" in line for line in done.stdout.splitlines())


def test_a_theorem_is_not_called_copied_or_changed():
    th = derive("assume", ["x < y"])
    for attempt in (
        lambda: Theorem(),
        lambda: Theorem((), term("0 < 0")),
        lambda: setattr(th, "concl", term("0 < 0")),
        lambda: setattr(th, "hyps", frozenset()),
    ):
        with pytest.raises(Refused) as e:
            attempt()
        assert e.value.rule == "Theorem"


def test_what_quacks_is_no_theorem():
    for rule, params in [
        ("cut", [Fake(), Fake()]),
        ("restate", [Fake(), "0 < 0"]),
        ("and_intro", [[Fake()]]),
        ("sum_empty", ["sum(i, 1, 0, i)", [Fake()]]),
        ("absurd", [Fake(), Fake(), "0 < 0"]),
    ]:
        with pytest.raises(Refused) as e:
            derive(rule, params)
        assert e.value.rule == rule


HIDING = [
    ("a set", lambda th: {th}),
    ("a generator", lambda th: (t for t in [th])),
    ("a dictionary", lambda th: {th: 1}),
    ("its values", lambda th: {1: th}.values()),
    ("an iterator", lambda th: iter([th])),
    ("a frozen set", lambda th: frozenset([th])),
]


@pytest.mark.parametrize("hide", [row[1] for row in HIDING], ids=[row[0] for row in HIDING])
def test_trust_marks_do_not_get_lost_in_containers(hide):
    """`premises` looks through lists and tuples only, so a rule takes nothing else."""
    th = given("|- 0 != 0")
    assert find("test", th.concl, [th]).trust == {"axiom:given"}
    with pytest.raises(Refused):
        derive("field", ["inv(0)", "inv(0) + 0", lambda: hide(th)])


def test_odd_lists_are_read_once():
    """A list that changes between two readings: the rule, the trust marks and the certificate see the same."""

    class Fickle(list):
        def __iter__(self):
            return iter([given("|- x != 0"), self.clear()][:1]) if len(self) else iter([])

    th = derive("field", ["x/x", "1", lambda: Fickle([1])])
    assert th.trust == {"axiom:given"} and replay(certificate(th)).trust == th.trust


def test_certificates_of_what_cannot_be_recorded():
    with pytest.raises(Refused) as e:
        certificate(forged(params=(0.5,)))
    assert e.value.rule == "certificate"
