"""What the reports say: nothing hidden, nothing that changes from run to run, no id cut short."""

import json
from dataclasses import replace

import pytest
import sympy as sp

import theory.proposition as registry
from lossproof import check, records
from lossproof.report import markdown, terminal
from lossproof.report.json import entry, write
from theory.verdict import Evidence, Status, Verdict

x = sp.Symbol("x", real=True)
CONTRACT = ["id", "title", "source", "verdict", "repair", "assumptions", "axioms", "evidence", "witness"]


def entries(results):
    return [entry(registry.REGISTRY[r.id], r.verdict, r.seconds) for r in results]


@pytest.fixture
def results(tiny):
    tiny(tiny.double(), tiny.square(), tiny.empirical())
    return check.run([*registry.REGISTRY])


def lines(parts):
    return [line for line, _ in parts]


def test_json_has_the_keys_of_the_contract(results, tmp_path):
    write(tmp_path / "verdicts.json", entries(results))
    data = json.loads((tmp_path / "verdicts.json").read_text())
    assert data["schema"] == 1
    double, square, _ = data["propositions"]
    assert [*double][: len(CONTRACT)] == CONTRACT
    assert double["assumptions"] == ["positive: x > 0"]
    assert [{*e} for e in double["evidence"]] == [{"kind", "detail", "seconds"}] * 2
    assert (double["repair"], square["repair"], double["witness"]) == (None, "tiny.double", None)
    assert square["witness"]["x"] == "2"


def test_one_row_per_claim_within_100_columns(results):
    table = lines(terminal.table(entries(results)))
    assert [row.split()[0] for row in table] == ["claim", "tiny.double", "tiny.square", "tiny.empirical"]
    assert [word in row for row, word in zip(table[1:], ["proved", "refuted", "not-applicable"], strict=True)] == [True] * 3
    assert all(len(row) <= 100 for row in table)


def test_a_long_id_is_never_cut(tiny):
    long = "fontana2026.more.dkl.unbiased_off_policy.repaired"
    many = "kernel, 123456 steps and more"
    tiny(tiny.double(id=long, title="long " * 30), tiny.empirical())
    made = [check.Result(p.id, Verdict(Status.PROVED, many, ("schema:exp_add",))) for p in registry.REGISTRY.values()]
    made[1] = replace(made[1], verdict=Verdict(Status.NOT_APPLICABLE))
    table = lines(terminal.table(entries(made)))
    assert table[1].startswith(long + " ")
    assert table[1].index("1 laws") == table[0].index("rests on")
    short = table[2].index("not-applicable")  # only its own row makes room
    assert short == table[0].index("verdict") < table[1].index("proved")
    assert all(len(row) <= 100 for row in table)


def test_the_footer_names_all_that_theorems_rest_on(tiny):
    tiny(tiny.double(), tiny.square())
    rests = ("axiom:markov", "schema:exp_add", "smt:z3 4 and cvc5 1")
    made = [check.Result("tiny.double", Verdict(Status.PROVED, "kernel", rests, certificate={"steps": []}))]
    made.append(check.Result("tiny.square", Verdict(Status.UNKNOWN, reason="REFUSED field: needed n != 0")))
    footer = lines(terminal.footer(entries(made)))
    assert footer == [
        "unknown tiny.square: REFUSED field: needed n != 0",
        "2 claims: 1 proved, 1 unknown",
        "open assumptions (axioms): 1",
        "  markov: tiny.double",
        "oracles: 1",
        "  z3 4 and cvc5 1: tiny.double",
        "laws of exp, log, sqrt: 1",
        "  exp_add: tiny.double",
        f"kernel: {terminal.kernel_lines()} lines; certificates replayed in a fresh process: 1",
    ]
    assert 0 < terminal.kernel_lines() <= 700


def test_a_long_reason_is_clipped_in_the_footer_only(tiny):
    tiny(tiny.double())
    made = entries([check.Result("tiny.double", Verdict(Status.UNKNOWN, reason="known " * 500))])
    footer = lines(terminal.footer(made))
    assert sum(line.count("known") for line in footer) < 80
    assert made[0]["reason"].count("known") == 500


def test_unknown_is_never_green():
    assert terminal.COLOURS[Status.UNKNOWN] == "red"
    assert [s for s in Status if terminal.COLOURS[s] == "green"] == [Status.PROVED]


def test_markdown_sets_the_printed_formula_beside_the_formal_one(results):
    text = markdown.render(registry.REGISTRY, results)
    assert "printed  x + x = 2x\nformal   Eq(x + x, 2*x)\n" in text.replace("Eq(2*x, 2*x)", "Eq(x + x, 2*x)")
    assert "assumes *positive* (not stated by the paper): `x > 0`; not known to be needed" in text
    assert "the assumptions hold together at x = 1/2" in text
    assert "- rests on: the rules of the kernel alone\n" in text
    assert "| proved | kernel; search | - |" in text
    assert "not claimed: anything about products" in text
    assert "only a survey could tell" in text


def test_markdown_explains_each_finding_with_its_counterexample_and_repair(results):
    text = markdown.render(registry.REGISTRY, results)
    finding = text.partition("#### `tiny.square` fails as printed")[2].partition("### Statements")[0]
    assert "The square of 2 is 4. That is not 2." in finding
    assert "printed         |x|^2 = x\ncounterexample  x = 2\n" in finding
    assert "There, 4 = 2 is false." in finding
    assert "What does hold: `tiny.double` (proved)." in finding
    assert "#### `tiny.double` fails" not in text


def test_markdown_has_a_table_per_section_in_paper_order_that_records_can_read(results, tmp_path):
    text = markdown.render(registry.REGISTRY, results)
    assert text.index("## A tiny paper") < text.index("### Sums") < text.index("### Products")
    assert "| `tiny`: A tiny paper | 3 | 0 | 1 | 1 | 0 | 0 | 1 |" in text
    assert "| `tiny.square` | squares are \\|no\\| larger | refuted | counterexample; search | `tiny.double` |" in text
    (tmp_path / "checks.md").write_text(text)
    assert records.read(tmp_path / "checks.md") == {r.id: r.verdict.status for r in results}


def test_markdown_shows_the_case_that_needs_an_assumption(tiny):
    tiny(tiny.double(drops={"positive": {"x": ["1/3", -2]}}))
    text = markdown.render(registry.REGISTRY, [check.Result("tiny.double", Verdict(Status.PROVED, "kernel"))])
    assert "`x > 0`; without it the claim fails at x = [1/3, -2]" in text


def test_markdown_tells_a_case_by_what_differs_from_the_model(tiny):
    tiny(tiny.double(model={"x": 1, "y": [2], "z": 3}, drops={"positive": {"x": -1, "y": [2]}}))
    text = markdown.render(registry.REGISTRY, [check.Result("tiny.double", Verdict(Status.PROVED, "kernel"))])
    assert "hold together at x = 1, y = [2], z = 3" in text
    assert "`x > 0`; without it the claim fails there, with x = -1\n" in text


def test_markdown_gives_each_part_of_a_conjunction_a_line(tiny):
    tiny(tiny.double(statement=sp.And(x > 1, x < 3)))
    text = markdown.render(registry.REGISTRY, [check.Result("tiny.double", Verdict(Status.PROVED, "kernel"))])
    assert "\nformal   x > 1\n     and x < 3\n" in text


def test_markdown_shows_the_example_of_a_claim_that_something_exists(tiny):
    tiny(tiny.double(proof=None, exists=True, witness={"x": "3"}))
    text = markdown.render(registry.REGISTRY, check.run(["tiny.double"]))
    assert "| proved | example; search | - |" in text
    assert "- example: x = 3" in text


def test_markdown_is_the_same_for_a_slower_run_and_for_another_derivation(results):
    slower = [
        replace(
            r,
            seconds=9.0,
            verdict=replace(r.verdict, evidence=tuple(replace(e, seconds=9.0) for e in r.verdict.evidence)),
        )
        for r in results
    ]
    longer = replace(slower[0].verdict, by="kernel, 999 steps", certificate={"steps": [], "another": "derivation"})
    slower[0] = replace(slower[0], verdict=longer)
    assert markdown.render(registry.REGISTRY, slower) == markdown.render(registry.REGISTRY, results)


def test_markdown_tells_numeric_evidence(tiny, monkeypatch):
    tiny(tiny.double())
    checks = {"tiny.double": [lambda: Evidence("numeric", "agrees on 10 policies")] * 2}
    monkeypatch.setattr(check, "numeric_checks", lambda: (checks, {}))
    text = markdown.render(registry.REGISTRY, check.run(["tiny.double"]))
    assert "kernel; numeric (2); search | - |" in text
    assert "- numeric evidence: agrees on 10 policies" in text


def test_markdown_words_a_reconstruction_as_such(tiny):
    tiny(tiny.double(), tiny.square(source="reconstruction: Eq. 3"))
    text = markdown.render(registry.REGISTRY, check.run([*registry.REGISTRY]))
    assert "| `tiny`: A tiny paper | 2 | 1 | 1 | 1 | 0 | 0 | 0 |" in text
    assert "larger (reconstruction) | refuted |" in text
    assert "`tiny.square` fails as reconstructed here" in text and "`tiny.square` fails as printed" not in text


def test_markdown_lists_what_could_not_be_judged(results):
    text = markdown.render(registry.REGISTRY, results)
    assert "### What could not be judged here (1)\n\n- `tiny.empirical`, it works: only a survey could tell\n" in text


def test_the_parts_of_a_claim_are_in_the_file(results):
    text = markdown.render(registry.REGISTRY, results)
    verdicts = {r.id: r.verdict.status for r in results}
    for r in results:
        found = markdown.parts(registry.REGISTRY[r.id], r.verdict, verdicts)
        assert len(found) == 2 + (r.id == "tiny.square") and all(part in text for part in found)
