"""A property that hangs, crashes or eats memory costs one `unknown`, and the others keep their findings."""

import faulthandler
import os
import signal
import time

import pytest
import torch

from lossproof import auditor
from lossproof.decide import Finding
from lossproof.properties import Property
from lossproof.target import objective


def hangs(p, subject, G, T):
    while True:
        time.sleep(1)


def hangs_in_a_solver(p, subject, G, T):
    import z3

    solver = z3.SolverFor("QF_NRA")  # no limit of its own
    xs = z3.Reals(" ".join(f"x{n}" for n in range(14)))
    solver.add(*(sum(x**3 * y for x, y in zip(xs, xs[k:] + xs[:k], strict=True)) == k + 1 for k in range(1, 9)))
    solver.check()
    return good(p, subject, G, T)


def exits(p, subject, G, T):
    os._exit(3)


def segfaults(p, subject, G, T):
    faulthandler.disable()  # pytest's would print where
    os.kill(os.getpid(), signal.SIGSEGV)


def eats_memory(p, subject, G, T):
    kept = []
    while True:
        kept.append(bytearray(64 * 2**20))


def eats_memory_in_torch(p, subject, G, T):
    return good(p, torch.ones(2**34, dtype=torch.float64), G, T)


def raises(p, subject, G, T):
    raise ValueError("of its own making")


def leaves_a_thread(p, subject, G, T):
    """Answers, and then does not end."""
    import threading

    threading.Thread(target=time.sleep, args=(600,)).start()
    return good(p, subject, G, T)


def answers_what_cannot_be_sent(p, subject, G, T):
    return Finding(p.id, "tested", p.statement, witness={"case": lambda: 0})


def good(p, subject, G, T):
    return Finding(p.id, "tested", p.statement)


BAD = {
    hangs: "no answer within 3 s",
    hangs_in_a_solver: "no answer within 3 s",
    exits: "ended with code 3",
    segfaults: "ended by SIGSEGV",
    eats_memory: "out of memory",
    eats_memory_in_torch: "memory",
    raises: "ValueError: of its own making",
    answers_what_cannot_be_sent: "its finding cannot be sent",
}


@pytest.fixture
def limits(monkeypatch):
    monkeypatch.setattr(auditor, "SECONDS", 3.0)
    monkeypatch.setattr(auditor, "MEMORY", 2**29)


def decided(*functions):
    properties = [Property(f.__name__, f.__name__, decide=f) for f in functions]
    return {f.id: f for f in auditor.decided(properties, objective("dr_grpo"), 2, 1, 2)}


@pytest.mark.parametrize("bad", BAD, ids=lambda f: f.__name__)
def test_a_bad_property_is_unknown_and_says_why(limits, bad, monkeypatch):
    if "no answer" not in BAD[bad]:
        monkeypatch.setattr(auditor, "SECONDS", 60.0)  # a busy machine takes its time to fill the memory
    found = decided(good, bad)
    assert found["good"].verdict == "tested"
    assert found[bad.__name__].verdict == "unknown" and BAD[bad] in found[bad.__name__].reason


def test_what_was_decided_is_there_before_a_hanging_one_ends(limits):
    start, seen = time.monotonic(), {}
    properties = [Property(f.__name__, f.__name__, decide=f) for f in (hangs, good)]
    for finding in auditor.decided(properties, objective("dr_grpo"), 2, 1, 2):
        seen[finding.id] = time.monotonic() - start
    assert seen["good"] < seen["hangs"] and seen["hangs"] >= 3


def test_an_answer_counts_though_its_process_lives_on(limits):
    start = time.monotonic()
    assert decided(leaves_a_thread)["leaves_a_thread"].verdict == "tested"
    assert time.monotonic() - start < auditor.SECONDS


def test_each_decision_has_a_process_of_its_own():
    def tells(p, subject, G, T):
        return Finding(p.id, "tested", p.statement, method=str(os.getpid()))

    properties = [Property(str(n), "", decide=tells) for n in range(6)]
    pids = {f.method for f in auditor.decided(properties, objective("dr_grpo"), 2, 1, 2)}
    assert len(pids) == 6 and str(os.getpid()) not in pids


def test_a_property_is_given_the_findings_that_it_rests_on(limits):
    def rests(p, subject, G, T, known):
        return Finding(p.id, "tested", p.statement, method=" ".join(f"{i} {f.verdict}" for i, f in sorted(known.items())))

    first = Property("rests", "", decide=rests, rests_on=("good", "hangs", "not chosen"))
    others = [Property(f.__name__, "", decide=f) for f in (hangs, good)]
    found = {f.id: f for f in auditor.decided([first, *others], objective("dr_grpo"), 2, 1, 2)}
    assert found["rests"].method == "good tested hangs unknown"
