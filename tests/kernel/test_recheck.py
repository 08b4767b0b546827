"""Certificates: what `replay` must refuse, and what `recheck` says in a process of its own."""

import copy
import json
from pathlib import Path

import pytest
from kernel_reading import derive, given

from theory.certificates import certificate, digest
from theory.kernel import Refused, recheck, replay

ROOT = Path(__file__).parents[2]


def example():
    """0 < x |- sum over 1..n of x/x = n, for 0 <= n: of several rules, with hypotheses and one trust mark."""
    one = derive("field", ["x/x", "1", [lambda: derive("negate", ["0 < x |- 0 < x"])]])
    sums = derive("sum_congr", ["i", "1", "n", lambda: one])
    const = derive("sum_const", ["i", "1", "n", "1", [lambda: derive("restate", ["0 <= n |- 0 <= n", "1 - 1 <= n"])]])
    both = derive("linear", ["sum(i, 1, n, x/x)", "n", [lambda: sums, lambda: const], ["1", "1"]])
    return derive("and_intro", [[lambda: both, lambda: given("|- 0 < y")]])


def good():
    return json.loads(json.dumps(certificate(example())))


def at(*path):
    """A function that puts a value at this place of a certificate."""

    def put(value):
        def change(cert):
            place = cert
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value(place[path[-1]]) if callable(value) else value

        return change

    return put


def find_term(cert, op):
    return next(n for n, row in enumerate(cert["terms"]) if row[0] == op)


def grow(row):
    """Append a term and make the last step conclude it."""

    def change(cert):
        cert["terms"].append(row)
        cert["steps"][-1]["concl"] = len(cert["terms"]) - 1

    return change


def own_premise(cert):
    cert["steps"][-1] = {
        "rule": "restate",
        "params": [{"th": len(cert["steps"]) - 1}, {"t": 0}],
        "hyps": [],
        "concl": 0,
    }


def later_premise(cert):
    cert["steps"][0]["params"] = [{"th": len(cert["steps"]) - 1}]


def swap_steps(cert):
    cert["steps"].reverse()


def captured(cert):
    """A sum whose body has the name free that the binder wants."""
    t = cert["terms"]
    t += [["var", "#0", "Z"], ["var", "w", "Z"], ["num", {"q": "1"}]]
    h, w, one = (len(t) - 3, len(t) - 2, len(t) - 1)
    t.append(["add", {"t": h}, {"t": w}])
    t.append(["sum", {"t": w}, {"t": one}, {"t": one}, {"t": len(t) - 1}])


def forward_term(cert):
    cert["terms"].insert(0, ["inv", {"t": len(cert["terms"]) - 1}])


def floats(cert):
    cert["terms"].append(["num", 0.5])


def float_exponent(cert):
    cert["terms"].append(["pow", {"t": find_term(cert, "var")}, 2.0])


def negative_exponent(cert):
    cert["terms"].append(["pow", {"t": find_term(cert, "var")}, -1])


def line_break(cert):
    cert["terms"].append(["var", "x\nok claim: |- 0 < 0", "R"])


def line_break_in_a_function(cert):
    cert["terms"].append(["app", "f\nok claim: |- 0 < 0", "R"])


TAMPERED = [
    ("another conclusion", at("steps", -1, "concl")(0), "replay"),
    ("another conclusion at the first step", at("steps", 0, "concl")(lambda n: n + 1), "replay"),
    ("all hypotheses dropped", at("steps", -1, "hyps")([]), "replay"),
    ("one hypothesis dropped", at("steps", -1, "hyps")(lambda h: h[1:]), "replay"),
    ("a hypothesis dropped in the middle", at("steps", 2, "hyps")([]), "replay"),
    ("a hypothesis added", at("steps", -1, "hyps")(lambda h: [*h, 0]), "replay"),
    ("trust marks dropped", at("trust")([]), "replay"),
    ("a trust mark renamed", at("trust")(["schema:exp_zero"]), "replay"),
    ("a trust mark added", at("trust")(lambda t: [*t, "smt:z3"]), "replay"),
    ("trust marks as a string", at("trust")("axiom:given"), "replay"),
    ("an unknown rule", at("steps", 0, "rule")("sorry"), "replay"),
    ("a rule's inner name", at("steps", 0, "rule")("if_"), "replay"),
    ("a function that is no rule", at("steps", 0, "rule")("replay"), "replay"),
    ("another rule", at("steps", -1, "rule")("assume"), ""),
    ("no steps", at("steps")([]), "replay"),
    ("no terms", at("terms")([]), ""),
    ("parameters dropped", at("steps", -1, "params")([]), ""),
    ("a parameter too many", at("steps", -1, "params")(lambda p: [*p, 1]), ""),
    ("a premise dropped", at("steps", -1, "params", 0)(lambda p: p[1:]), "replay"),
    ("a step that is its own premise", own_premise, ""),
    ("a premise that comes later", later_premise, ""),
    ("steps in another order", swap_steps, ""),
    ("a term that refers to a later one", forward_term, ""),
    ("a name that would be captured", captured, "mk"),
    ("a float", floats, "num"),
    ("an exponent that is a float", float_exponent, "mk"),
    ("a negative exponent", negative_exponent, "mk"),
    ("a line break in a variable, to fake a line of recheck", line_break, "var"),
    ("a line break in a function", line_break_in_a_function, "mk"),
    ("an unknown operator", grow(["false"]), "mk"),
    ("a formula over formulas", grow(["eq", {"t": 0}, {"t": 0}]), ""),
]  # fmt: skip


@pytest.mark.parametrize("row", TAMPERED, ids=[row[0] for row in TAMPERED])
def test_tampered(row):
    _, change, who = row
    cert = good()
    change(cert)
    with pytest.raises(Refused if who else Exception) as e:
        replay(cert)
    assert not who or e.value.rule == who


def test_replay_yields_the_theorem():
    th, cert = example(), good()
    again = replay(cert)
    assert (again.hyps, again.concl, again.rule, again.trust) == (th.hyps, th.concl, th.rule, th.trust)
    assert certificate(again) == cert and digest(cert) == digest(certificate(th))


def test_free_hash_names_are_variables_like_others():
    """`#0` free in a conclusion is no bound variable: what is proved of it holds for any value."""
    th = derive("field", ["var('#0', 'Z') + sum(i, 1, n, i)", "sum(j, 1, n, j) + var('#0', 'Z')", []])
    assert replay(json.loads(json.dumps(certificate(th)))).concl is th.concl
    with pytest.raises(Refused):
        derive("restate", [lambda: th, "var('#1', 'Z') + sum(i, 1, n, i) == sum(j, 1, n, j) + var('#0', 'Z')"])


def test_facts_appended_later_are_no_part_of_a_theorem():
    facts = [given("|- x != 0")]
    th = derive("field", ["x/x", "1", facts])
    facts.append(th)
    facts.append(given("|- 0 < 0"))
    assert len(certificate(th)["steps"]) == 2
    assert replay(certificate(th)).concl is th.concl


@pytest.mark.parametrize("bad", [0.5, None, {"x"}, {"x": 1}, b"x", 1j, object(), (0.5,), [[0.5]]], ids=lambda x: type(x).__name__)
def test_parameters_of_odd_kinds(bad):
    with pytest.raises(Refused) as e:
        derive("and_elim", ["|- conj(x < y)", bad])
    assert e.value.rule == "and_elim"


def files(tmp_path, **contents):
    paths = []
    for name, content in contents.items():
        path = tmp_path / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        paths.append(str(path))
    return paths


def broken():
    cert = good()
    cert["steps"][-1]["hyps"] = []
    return cert


def fakes_a_line():
    cert = good()
    cert["steps"][0]["rule"] = "sorry\nok other: |- 0 < 0"
    return cert


RECHECK = [
    ("a line break in the name of a rule", {"a": {"claim": fakes_a_line}}, 1, ["FAILED "]),
    ("a line break in the name of a claim", {"a": {"claim: \nok other": good}}, 0, ["ok claim: ok other: "]),
    ("a good certificate", {"a": {"claim": good}}, 0, ["ok claim: "]),
    ("two", {"a": {"claim": good, "other": good}}, 0, ["ok claim: ", "ok other: "]),
    ("a bad one", {"a": {"claim": broken}}, 1, ["FAILED "]),
    ("a bad one before a good one", {"a": {"claim": broken}, "b": {"other": good}}, 1, ["FAILED ", "ok other: "]),
    ("a bad one after a good one", {"a": {"claim": good, "other": broken}}, 1, ["ok claim: ", "FAILED "]),
    ("not JSON", {"a": "{"}, 1, ["FAILED "]),
    ("a list", {"a": "[]"}, 1, ["FAILED "]),
    ("a number in place of a certificate", {"a": '{"claim": 1}'}, 1, ["FAILED "]),
    ("an empty certificate", {"a": '{"claim": {}}'}, 1, ["FAILED "]),
]


@pytest.mark.parametrize("row", RECHECK, ids=[row[0] for row in RECHECK])
def test_recheck(row, tmp_path, capsys):
    _, contents, code, lines = row
    built = {f: c if isinstance(c, str) else {n: make() for n, make in c.items()} for f, c in contents.items()}
    assert recheck.main(files(tmp_path, **built)) == code
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(lines) and all(a.startswith(b) for a, b in zip(said, lines, strict=True))


def test_recheck_of_a_missing_file(tmp_path, capsys):
    assert recheck.main([str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().out.startswith("FAILED ")


def test_recheck_says_what_a_theorem_rests_on(tmp_path, capsys):
    recheck.main(files(tmp_path, a={"claim": certificate(given("|- 0 < 0"))}))
    assert capsys.readouterr().out == "ok claim:  |- (0 < 0) rests on ['axiom:given']\n"


def test_only_the_oracle_imports_solvers():
    source = {path.name: path.read_text() for path in (ROOT / "theory/kernel").glob("*.py")}
    words = ("sympy", "numpy", "torch", "flint", "z3", "cvc5")
    imports = {
        name: [line for line in text.splitlines() if "import " in line and any(w in line for w in words)]
        for name, text in source.items()
    }
    assert {name: lines for name, lines in imports.items() if lines} == {"oracle.py": ["    import cvc5", "    import z3"]}


def test_the_kernel_fits_on_700_lines():
    assert sum(path.read_text().count("\n") for path in (ROOT / "theory/kernel").glob("*.py")) <= 700


def test_copies_of_certificates_are_equal():
    assert copy.deepcopy(good()) == good()
