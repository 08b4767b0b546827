"""The engine only ever weakens a verdict: lying provers, failing evidence and forged certificates end as unknown."""

import re
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import pytest

import theory.proposition as registry
from lossproof import check, records
from lossproof.session import check as run_session
from lossproof.stated import EVIDENCE, module_name, stated
from theory.verdict import Evidence, Status, Verdict


def statuses(results):
    return {r.id: str(r.verdict.status) for r in results}


def test_true_false_and_unsettled_claims_get_their_verdicts(tiny):
    tiny(tiny.double(), tiny.square(), tiny.empirical())
    results = check.run(["tiny.double", "tiny.square", "tiny.empirical"])
    assert statuses(results) == {
        "tiny.double": "proved",
        "tiny.square": "refuted",
        "tiny.empirical": "not-applicable",
    }
    assert [e.kind for e in results[0].verdict.evidence] == ["symbolic", "search"]
    assert results[0].verdict.evidence[0].seconds > 0
    assert results[2].verdict.evidence == ()  # nothing is searched where nothing is claimed of all values


@pytest.mark.parametrize("status", [Status.PROVED, Status.REFUTED])
def test_a_lying_decision_is_caught(tiny, monkeypatch, status):
    tiny(tiny.double())
    monkeypatch.setattr(check, "decide", lambda p: Verdict(status, "trust me"))
    (result,) = check.run(["tiny.double"])
    assert result.verdict.status is Status.UNKNOWN
    assert f"called {status} without" in result.verdict.reason


def test_a_decision_that_raises_costs_its_claim_only(tiny, monkeypatch):
    def decide(p):
        if p.id == "tiny.double":
            raise RuntimeError("a bug")
        return Verdict(Status.REFUTED, "counterexample", witness={"x": "2"})

    tiny(tiny.double(), tiny.square())
    monkeypatch.setattr(check, "decide", decide)
    results = check.run(["tiny.double", "tiny.square"])
    assert statuses(results) == {"tiny.double": "unknown", "tiny.square": "refuted"}
    assert results[0].verdict.reason == "RuntimeError: a bug"


def test_the_order_of_evidence_does_not_depend_on_what_was_imported_first(monkeypatch):
    import numerics.evidence as home

    before = check.numeric_checks()[0]
    monkeypatch.setattr(home, "EVIDENCE", {id: checks[::-1] for id, checks in before.items()})
    after = check.numeric_checks.__wrapped__()[0]
    apart = [id for id, checks in before.items() if len({c.__module__ for c in checks}) == len(checks) > 1]
    assert apart and all(after[id] == before[id] for id in apart)


def test_numeric_checks_run_on_one_thread_and_leave_the_setting_alone(tiny, monkeypatch):
    import torch

    tiny(tiny.double())
    seen = []

    def look():
        seen.append(torch.get_num_threads())
        return Evidence("numeric", "fine")

    monkeypatch.setattr(check, "numeric_checks", lambda: ({"tiny.double": [look]}, {}))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        check.run(["tiny.double"])
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)


def raises():
    raise ZeroDivisionError("no such gradient")


@pytest.mark.parametrize(
    ("numeric", "reason"),
    [
        (lambda: Evidence("numeric", "differs at 3 of 10 points", ok=False), "differs at 3 of 10 points"),
        (raises, "ZeroDivisionError: no such gradient"),
    ],
)
def test_numeric_evidence_that_fails_makes_a_proved_claim_unknown(tiny, monkeypatch, numeric, reason):
    tiny(tiny.double())
    monkeypatch.setattr(check, "numeric_checks", lambda: ({"tiny.double": [numeric]}, {}))
    (result,) = check.run(["tiny.double"])
    assert result.verdict.status is Status.UNKNOWN
    assert result.verdict.reason == f"its numeric evidence failed: {reason}"
    assert result.verdict.certificate is None


def test_a_counterexample_found_by_the_search_makes_a_proved_claim_unknown(tiny, monkeypatch):
    tiny(tiny.double())
    monkeypatch.setattr(check, "_search", lambda p, v: Evidence("search", "fails at x = 3", ok=False))
    (result,) = check.run(["tiny.double"])
    assert result.verdict.status is Status.UNKNOWN
    assert "fails at x = 3" in result.verdict.reason


def test_a_claim_with_neither_proof_nor_witness_is_tested_at_most(tiny, monkeypatch):
    claim = tiny.double(proof=None)
    tiny(claim)
    assert statuses(check.run(["tiny.double"])) == {"tiny.double": "tested"}
    monkeypatch.setattr(check, "_search", lambda p, v: Evidence("search", "fails at x = 3", ok=False))
    assert statuses(check.run(["tiny.double"])) == {"tiny.double": "unknown"}


def test_a_broken_module_of_checks_costs_the_claims_it_speaks_to(tiny, monkeypatch):
    tiny(tiny.double(), tiny.square())
    broken = {"checks.sums": ("ImportError: no such name", frozenset({"tiny.double"}))}
    monkeypatch.setattr(check, "numeric_checks", lambda: ({}, broken))
    results = check.run(["tiny.double", "tiny.square"])
    assert statuses(results) == {"tiny.double": "unknown", "tiny.square": "refuted"}
    assert "checks.sums could not be imported: ImportError" in results[0].verdict.reason
    assert check.load()[1] == ["checks.sums could not be imported: ImportError: no such name"]
    monkeypatch.setattr(check, "numeric_checks", lambda: ({}, {"checks.sums": ("SyntaxError", None)}))
    assert set(statuses(check.run(["tiny.double", "tiny.square"])).values()) == {"unknown"}


def test_a_forged_certificate_fails_on_replay_and_costs_its_claim_only(tiny):
    tiny(tiny.double(), tiny.double(id="tiny.again"))
    first, second = (check.examine(p) for p in registry.REGISTRY.values())
    steps = [*second.verdict.certificate["steps"]]
    steps[-1] = {**steps[-1], "concl": 0}
    forged = replace(second, verdict=replace(second.verdict, certificate={**second.verdict.certificate, "steps": steps}))
    results = check.replay([first, forged])
    assert statuses(results) == {"tiny.double": "proved", "tiny.again": "unknown"}
    assert "refused on replay" in results[1].verdict.reason


def test_a_replay_that_cannot_run_proves_nothing(tiny, monkeypatch):
    tiny(tiny.double())
    result = check.examine(tiny.double())
    monkeypatch.setattr(check.sys, "executable", "/bin/false")
    assert statuses(check.replay([result])) == {"tiny.double": "unknown"}


def test_more_processes_give_the_same_verdicts():
    one, two = (check.run(["lossproof.leave_one_out"], jobs) for jobs in (1, 2))
    assert statuses(one) == statuses(two) == {"lossproof.leave_one_out": "proved"}
    assert [e.detail for e in one[0].verdict.evidence] == [e.detail for e in two[0].verdict.evidence]


def test_claims_that_share_a_check_are_examined_in_one_process(monkeypatch):
    """The second check joins what the first and the third left apart."""

    def first(): ...
    def second(): ...

    checks = {"a": [first], "b": [second], "d": [first, second], "e": []}
    monkeypatch.setattr(check, "numeric_checks", lambda: (checks, {}))
    assert [sorted(part) for part in check.together("abcde")] == [["a", "b", "d"], ["c"], ["e"]]
    assert check.together([]) == []


def test_a_process_that_dies_costs_its_claims_only(monkeypatch):
    class Pool:
        def __init__(self, *args, **kwargs): ...
        def __enter__(self):
            return self

        def __exit__(self, *error): ...
        def submit(self, f, id):
            from concurrent.futures import Future

            future = Future()
            future.set_exception(BrokenProcessPool("killed"))
            return future

    monkeypatch.setattr(check, "ProcessPoolExecutor", Pool)
    (result,) = check.run(["tiny.double"], jobs=2)
    assert (result.verdict.status, result.verdict.reason) == (Status.UNKNOWN, "BrokenProcessPool: killed")


def test_claims_come_in_paper_order_and_are_selected_by_prefix(tiny):
    tiny(tiny.square(), tiny.double(), tiny.double(id="tiny.lost", module="tiny.elsewhere"))
    known, broken = check.load()
    assert list(known) == ["tiny.double", "tiny.square", "tiny.lost"]
    assert broken == []
    assert check.select(["tiny.s", "tiny.d"], known) == ["tiny.double", "tiny.square"]
    assert check.select([], known) == list(known)


def test_ids_are_read_from_the_source_without_running_it(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    path = tmp_path / "pack" / "claims.py"
    path.write_text(
        'raise SystemExit("never run")\n'
        '@proposition(\n    "a.b1",\n    title="x.y")\n'
        'def proof(goal):\n    refuted("a.inside")\n'
        'p.shown("a.b2", title="t")\n'
        'if True:\n    q = not_applicable("a.b3")\n'
        "def several(id):\n    proposition(id)\n"
        'several("a.b6")\n'
        'other("a.b7")\n'
        'note = refuted("Not an id")\n'
        '@evidence("a.b4", "a.b5")\ndef f(): ...\n'
        'for side, x in (("low", 1), ("high", 2)):\n    for end in ("", ".x"):\n        shown(f"a.{side}{end}", x)\n'
        'for name, said in {"d1": "t", "d2": "u"}.items():\n    shown(f"a.{name}", title=said)\n'
        'for name in names():\n    shown(f"a.{name}")\n'
    )
    assert stated(path) == {"a.b1": 2, "a.b2": 7, "a.b3": 9, "a.b6": 12} | {
        "a.low": 19, "a.low.x": 19, "a.high": 19, "a.high.x": 19, "a.d1": 21, "a.d2": 21
    }  # fmt: skip
    assert list(stated(path, EVIDENCE)) == ["a.b4", "a.b5"]
    assert module_name(path) == "pack.claims"


# One run of `lossproof check`, with its exit code.


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "paper_checks.md"


def test_recorded_verdicts_are_re_established(tiny, here):
    tiny(tiny.double(), tiny.square())
    first = run_session([], write=here)
    assert (first.exit_code, first.failures, first.misuse) == (0, [], [])
    assert records.read(here) == {"tiny.double": Status.PROVED, "tiny.square": Status.REFUTED}
    again = run_session([])
    assert again.exit_code == 0
    assert [e["verdict"] for e in again.entries] == ["proved", "refuted"]


def test_a_verdict_that_changed_is_named(tiny, here):
    tiny(tiny.double(), tiny.square())
    run_session([], write=here)
    tiny(tiny.double(), tiny.square(statement=tiny.double().statement, witness=None, proof=tiny.double().proof))
    outcome = run_session(["tiny.s"])
    assert outcome.exit_code == 1
    assert outcome.failures == ["tiny.square is recorded as refuted, but is now proved"]


def test_an_unknown_verdict_fails(tiny, here):
    tiny(tiny.double(proof=lambda goal: None))
    outcome = run_session([])
    assert outcome.exit_code == 1
    assert outcome.failures == ["tiny.double is undecided"]
    assert run_session([], write=here).misuse == []  # what is undecided is recorded as such
    assert records.read(here) == {"tiny.double": Status.UNKNOWN}
    assert run_session([]).exit_code == 1


def test_a_claim_that_vanished_fails_a_whole_run(tiny, here):
    tiny(tiny.double(), tiny.square())
    run_session([], write=here)
    tiny(tiny.double())
    assert run_session([]).failures == ["tiny.square is recorded as refuted, but no module states it"]
    assert run_session(["tiny.double"]).exit_code == 0


def test_a_stale_file_fails_a_whole_run(tiny, here):
    tiny(tiny.double())
    run_session([], write=here)
    here.write_text(here.read_text() + "A note by hand.\n")
    outcome = run_session([])
    assert outcome.exit_code == 1
    assert outcome.failures == ["paper_checks.md is out of date; renew it: lossproof check --write paper_checks.md"]
    assert run_session([], write=here).exit_code == 0
    assert "by hand.\n" not in here.read_text().splitlines()[-1]


@pytest.mark.parametrize("text", [b"| `tiny.double` | t | provd | - | - |\n", b"\xff\xfe\x00"])
def test_an_unreadable_file_is_bad_usage_and_the_rest_is_still_checked(tiny, here, text):
    tiny(tiny.double())
    here.write_bytes(text)
    outcome = run_session([])
    assert outcome.exit_code == 2
    assert re.match(r"paper_checks\.md(, line 1: 'provd' is none of| cannot be read)", outcome.misuse[0])
    assert [e["verdict"] for e in outcome.entries] == ["proved"]


def test_an_unknown_id_is_bad_usage_and_names_its_neighbours(tiny, here):
    tiny(tiny.double(), tiny.square())
    outcome = run_session(["tiny.duoble", "tiny.square"])
    assert outcome.exit_code == 2
    assert outcome.misuse == ["no claim's id starts with 'tiny.duoble'; near: tiny.double, tiny.square"]
    assert [e["id"] for e in outcome.entries] == ["tiny.square"]
    nothing = run_session(["zzz"])
    assert (nothing.entries, nothing.misuse) == ([], ["no claim's id starts with 'zzz'; see: lossproof list"])


def test_a_file_that_cannot_be_written_is_bad_usage_and_the_rest_is_still_written(tiny, here, tmp_path):
    tiny(tiny.double())
    outcome = run_session([], json=tmp_path / "verdicts.json", write=tmp_path / "no" / "such" / "folder.md")
    assert outcome.exit_code == 2
    assert "cannot be written: No such file or directory" in outcome.misuse[0]
    assert (tmp_path / "verdicts.json").exists()
    assert run_session([], json=tmp_path).exit_code == 2


def test_a_partial_run_does_not_overwrite_what_else_is_recorded(tiny, here, tmp_path):
    tiny(tiny.double(), tiny.square())
    run_session([], write=here)
    before = here.read_text()
    outcome = run_session(["tiny.double"], write=here)
    assert outcome.exit_code == 2
    assert "also records claims not checked now, e.g. tiny.square" in outcome.misuse[0]
    assert here.read_text() == before
    assert run_session(["tiny.double"], write=tmp_path / "part.md").exit_code == 0


def test_a_module_that_fails_to_import_is_named_and_nothing_it_recorded_is_lost(tiny, here, monkeypatch):
    tiny(tiny.double(), tiny.square())
    run_session([], write=here)
    before = here.read_text()
    tiny(tiny.double())
    monkeypatch.setattr(registry, "BROKEN", {"tiny.products": "NameError: name 'z' is not defined"})
    outcome = run_session([], write=here)
    assert outcome.failures[0] == "tiny.products could not be imported: NameError: name 'z' is not defined"
    assert outcome.exit_code == 2 and "its claims would be lost" in outcome.misuse[0]
    assert here.read_text() == before
    assert run_session(["tiny.double"]).exit_code == 1


def test_without_a_file_nothing_is_recorded(tiny, here, monkeypatch):
    tiny(tiny.double())
    monkeypatch.setattr(records, "find_spec", lambda name: None)
    assert records.locate() is None
    assert run_session([]).exit_code == 0
