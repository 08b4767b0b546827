"""The SMT oracle: a goal over the reals that z3 and cvc5 both decide. Every use is recorded with their versions."""

from .ring import canon
from .terms import ZERO, Term, ne, neg
from .theorem import Sequent, Theorem, find, hyps_of, need, rule

INFIX = dict(add="+ 0.0 0.0", mul="* 1.0 1.0", eq="=", le="<=", lt="<", imp="=>", ite="ite") | {"not": "not", "and": "and true true"}

def script(goal: Term, facts: list[Theorem]) -> str:
    """SMT-LIB for `facts and not goal`. Variables, applications, sums are unknown reals; 1/d is the x with d x = 1."""
    names: dict[Term, str] = {}
    lines: list[str] = []
    def text(t: Term) -> str:
        if t.op in INFIX:
            return f"({INFIX[t.op]} {' '.join(map(text, t.args))})"
        if t.op == "num":
            size = f"(/ {abs(t.args[0].numerator)}.0 {t.args[0].denominator}.0)"
            return size if t.args[0] >= 0 else f"(- {size})"
        if t.op == "pow":
            return f"(* 1.0 1.0 {' '.join([text(t.args[0])] * t.args[1])})"
        need(t.op in ("var", "app", "sum", "inv"), "smt", "real arithmetic without quantifiers, limits, derivatives", t)
        if t not in names:
            names[t] = f"x{len(names)}"
            lines.append(f"(declare-const {names[t]} Real)")
            if t.op == "inv":
                find("smt", ne(t.args[0], ZERO), facts)
                lines.append(f"(assert (= 1.0 (* {text(t.args[0])} {names[t]})))")
        return names[t]
    asserted = [f"(assert {text(canon(p))})" for p in (*(th.concl for th in facts), neg(goal))]
    return "\n".join(["(set-logic QF_NRA)", *lines, *asserted])
@rule
def smt(goal: Term, facts: list[Theorem], milliseconds: int) -> Sequent:
    import cvc5
    import z3
    text = script(goal, facts)
    first = z3.Solver()
    first.set("timeout", milliseconds)
    first.from_string(text)
    need(str(first.check()) == "unsat", "smt", f"unsat from z3 for not {goal}", first.reason_unknown() or "sat")
    second = cvc5.Solver(cvc5.TermManager())
    second.setOption("tlimit-per", str(milliseconds))
    parser = cvc5.InputParser(second)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "goal")
    while not (command := parser.nextCommand()).isNull():
        command.invoke(second, parser.getSymbolManager())
    need(second.checkSat().isUnsat(), "smt", f"unsat from cvc5 too for not {goal}", "another answer")
    return hyps_of(facts), goal, {f"smt:z3 {z3.get_version_string()} and cvc5 {cvc5.__version__}"}
