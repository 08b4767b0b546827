"""How the tables of this folder are read: terms and sequents as short strings, derivations as rows of data.

`"sum(i, 1, n, f(i)) <= x/2"` is a term or formula: variables that begin with i..n are integers, the others real;
functions with a capital are integer-valued; `p >> q` is "p implies q"; `x/y` is x * inv(y).
`"0 < x, x < y |- x/y < 1"` is a theorem with these hypotheses; it is made by an axiom named "given".
"""

import ast
from fractions import Fraction
from typing import Any

import theory.kernel as kernel
from theory.kernel import RULES, Refused, Term, Theorem, replay, same
from theory.kernel.terms import SHAPES, inv, mk, num, sub, var

GIVEN = "axiom:given"


class raw(str):
    """A string that is passed as it is: the name of a law, a kind of limit."""


def _variable(name: str) -> Term:
    return var(name, "Z" if name[0] in "ijklmn" else "R")


BINARY = {
    ast.Add: lambda a, b: mk("add", a, b),
    ast.Sub: sub,
    ast.Mult: lambda a, b: mk("mul", a, b),
    ast.RShift: lambda a, b: mk("imp", a, b),
}
COMPARE = {
    ast.Eq: lambda a, b: mk("eq", a, b),
    ast.NotEq: lambda a, b: mk("not", mk("eq", a, b)),
    ast.LtE: lambda a, b: mk("le", a, b),
    ast.Lt: lambda a, b: mk("lt", a, b),
    ast.GtE: lambda a, b: mk("le", b, a),
    ast.Gt: lambda a, b: mk("lt", b, a),
}


def _read(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name):
            return _variable(name)
        case ast.Constant(value=value):
            return value if isinstance(value, str) else num(value)
        case ast.UnaryOp(op=ast.Not(), operand=p):
            return mk("not", _read(p))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return num(-value)
        case ast.UnaryOp(op=ast.USub(), operand=t):
            return mk("mul", num(-1), _read(t))
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=exponent)):
            return mk("pow", _read(base), exponent)
        case ast.BinOp(left=ast.Constant(value=int(p)), op=ast.Div(), right=ast.Constant(value=int(q))):
            return num(Fraction(p, q))
        case ast.BinOp(left=a, op=ast.Div(), right=b):
            return mk("mul", _read(a), inv(_read(b)))
        case ast.BinOp(left=a, op=op, right=b):
            return BINARY[type(op)](_read(a), _read(b))
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return COMPARE[type(op)](_read(a), _read(b))
        case ast.BoolOp(op=ast.And(), values=values):
            return mk("and", *map(_read, values))
        case ast.IfExp(test=c, body=a, orelse=b):
            return mk("ite", _read(c), _read(a), _read(b))
        case ast.Call(func=ast.Name(id="var"), args=args):
            return var(*map(_read, args))
        case ast.Call(func=ast.Name(id="conj"), args=args):
            return mk("and", *map(_read, args))
        case ast.Call(func=ast.Name(id=name), args=args) if name in SHAPES and name != "pow":
            return mk(name, *map(_read, args))
        case ast.Call(func=ast.Name(id=name), args=args):
            return kernel.terms.app(name, *map(_read, args), sort="Z" if name[0].isupper() else "R")
    raise SyntaxError(ast.unparse(node))


def term(text: str) -> Any:
    """The term or formula that the text says."""
    return _read(ast.parse(text.strip(), mode="eval").body)


def sequent(text: str) -> tuple[frozenset[Term], Term]:
    """The hypotheses and the conclusion of "p, q |- r"."""
    left, right = text.split("|-")
    hyps = ast.parse(f"({left},)" if left.strip() else "()", mode="eval").body
    return frozenset(map(_read, hyps.elts)), term(right)


def given(text: str) -> Theorem:
    """A theorem that says the sequent: assumed where it assumes itself, else by the axiom "given"."""
    hyps, concl = sequent(text)
    if hyps == {concl}:
        return kernel.assume(concl)
    premises = sorted(hyps, key=repr)
    p = concl
    for h in reversed(premises):
        p = mk("imp", h, p)
    th = kernel.axiom("given", p)
    for h in premises:
        th = kernel.imp_elim(th, kernel.assume(h))
    return th


def read(x: Any) -> Any:
    """A parameter of a rule: strings are terms or theorems, functions are called, lists are read through."""
    if isinstance(x, raw):
        return str(x)
    if isinstance(x, str):
        return given(x) if "|-" in x else term(x)
    if isinstance(x, (list, tuple)):
        return type(x)(map(read, x))
    return x() if callable(x) and not isinstance(x, type) else x


def derive(rule: str, params: list[Any]) -> Theorem:
    return RULES[rule](*map(read, params))


# Rows: (rule, what is good about it, params, the sequent it yields[, trust marks])
#       (rule, what is bad about it, params[, who refuses, where that is not the rule itself; or "kinds" of parameters])
#       (rule, what is bad about it, params, a sequent that the rule does not yield) for replay


def check_good(rule: str, _why: str, params: list[Any], wanted: str, trust: tuple[str, ...] = ()) -> None:
    th = derive(rule, params)
    hyps, concl = sequent(wanted)
    assert same(th.concl, concl), f"{th} instead of {wanted}"
    assert th.hyps == hyps, f"{th} instead of {wanted}"
    assert th.trust - {GIVEN} == set(trust) and th.rule == rule
    assert (GIVEN in th.trust) == any(GIVEN in p.trust for p in kernel.theorem.premises(th.params))


def check_bad(rule: str, _why: str, params: list[Any], by: str = "") -> None:
    try:
        made = derive(rule, params)
    except Refused as e:
        kinds = str(e.needed).startswith("parameters of the kinds")
        assert e.rule.split()[0] == (rule if by in ("", "kinds") else by), f"refused by {e.rule}: {e}"
        assert kinds == (by == "kinds"), f"not a clear message: {e}"
        assert e.needed and str(e).startswith("REFUSED")
    else:
        raise AssertionError(f"made {made}")


def check_claim(rule: str, _why: str, params: list[Any], claim: str) -> None:
    """A certificate that says that the step yields something else: hypotheses forgotten, another conclusion."""
    from theory.certificates import certificate

    th = derive(rule, params)
    hyps, concl = sequent(claim)
    assert (hyps, concl) != (th.hyps, th.concl)
    cert = certificate(th)
    rows = {t: n for n, t in enumerate(_decoded(cert["terms"]))}
    for t in (*hyps, concl):
        _append(t, rows, cert["terms"])
    cert["steps"][-1] |= {"hyps": [rows[h] for h in hyps], "concl": rows[concl]}
    try:
        replay(cert)
    except Refused as e:
        assert e.rule == "replay", e
    else:
        raise AssertionError(f"{rule} replays as {claim}")


def _decoded(table: list[Any]) -> list[Term]:
    terms: list[Term] = []
    for op, *args in table:
        terms.append(mk(op, *(_value(a, terms) for a in args)))
    return terms


def _value(a: Any, terms: list[Term]) -> Any:
    if not isinstance(a, dict):
        return a
    return terms[a["t"]] if "t" in a else Fraction(a["q"])


def _append(t: Term, rows: dict[Term, int], table: list[Any]) -> int:
    if t not in rows:
        row = [t.op]
        for a in t.args:
            row.append({"t": _append(a, rows, table)} if isinstance(a, Term) else {"q": str(a)} if isinstance(a, Fraction) else a)
        rows[t] = len(table)
        table.append(row)
    return rows[t]


def ids(rows: list[Any]) -> list[str]:
    return [f"{rule}: {why}" for rule, why, *_ in rows]
