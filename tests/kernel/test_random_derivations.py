"""Rules applied at random to what was made before, with names that could be captured: whatever comes out is true."""

import random
from fractions import Fraction

import pytest
from kernel_reading import term
from kernel_values import Unknown, value

from theory.kernel import RULES, Refused, Term, Theorem, axiom, mk, num, subst, var
from theory.kernel import assume as assumed
from theory.kernel.ring import canon
from theory.kernel.terms import add, inv, is_int, lt, mul, sub


class Walk:
    """Applies rules at random to what was made before; checks whatever comes out at random points."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        names = ["x", "y", "n", "m", "i"]
        self.vars = [*map(term, names), var("#0", "Z"), var("#0", "R"), var("!0", "Z"), var("#1", "Z")]
        self.terms = [
            *self.vars,
            *map(
                term,
                [
                    "0",
                    "1",
                    "-1",
                    "1/2",
                    "x + y",
                    "n + 1",
                    "i*x",
                    "inv(x)",
                    "inv(0)",
                    "f(i)",
                    "N(x)",
                    "f(var('#0', 'Z'))",
                    "sum(i, 1, n, f(i))",
                    "sum(j, i, n, j)",
                    "x if x <= y else n",
                ],
            ),
        ]
        self.formulas = [
            term(p) for p in ("x <= y", "1 <= i", "i <= n", "x != 0", "n < 1", "f(i) <= x", "x == y", "i == n", "1 <= n")
        ]
        self.theorems = [assumed(p) for p in self.formulas]
        self.made: dict[str, int] = {}

    def any(self, kind: str):
        r = self.rng
        match kind:
            case "t":
                return self.grow() if r.random() < 0.4 else r.choice(self.terms)
            case "z":
                return r.choice([t for t in self.terms if is_int(t)])
            case "v":
                return r.choice(self.vars)
            case "p":
                th = r.choice(self.theorems)
                return r.choice([*self.formulas, th.concl, *sorted(th.hyps, key=repr)])
            case "h":
                return r.choice(self.theorems[-60:] if r.random() < 0.7 else self.theorems)
            case "H":
                return [self.any("h") for _ in range(r.randrange(3))] + r.sample(self.theorems, min(8, len(self.theorems)))
            case "T":
                return [self.any("t") for _ in range(2)]
            case "s":
                sums = [t for th in self.theorems[-60:] for t in parts(th.concl) if t.op == "sum"] or [term("sum(i, 1, n, f(i))")]
                return r.choice(sums)
            case "e":
                return r.choice([th for th in self.theorems if th.concl.op == "eq"])
            case "k":
                return r.randrange(-1, 3)
        raise ValueError(kind)

    def grow(self) -> Term:
        a, b, i = self.any("z"), self.rng.choice(self.terms), self.rng.choice(self.vars)
        try:
            op = self.rng.choice(["add", "mul", "inv", "pow", "sum", "ite", "app"])
            t = {
                "add": lambda: add(a, b),
                "mul": lambda: mul(a, b),
                "inv": lambda: inv(b),
                "pow": lambda: mk("pow", self.any("v"), 2),
                "sum": lambda: mk("sum", i, num(1), a, b),
                "ite": lambda: mk("ite", self.any("p"), a, b),
                "app": lambda: mk("app", "f", "R", b),
            }[op]()
        except Refused:
            return b
        if len(repr(t)) < 60:
            self.terms.append(t)
        return t

    SIGNATURES = {
        "assume": "p",
        "restate": "hp",
        "cut": "hh",
        "imp_intro": "ph",
        "imp_elim": "hh",
        "all_intro": "vh",
        "all_elim": "ht",
        "and_intro": "H",
        "and_elim": "hk",
        "cases": "phh",
        "trichotomy": "tthhh",
        "absurd": "hhp",
        "negate": "h",
        "rewrite": "eh--",
        "if": "htt",
        "field": "ttH",
        "linear": "ttee",
        "inv_positive": "h",
        "nonzero_product": "TH",
        "integer": "h",
        "sum_empty": "sH",
        "sum_step": "sH",
        "sum_linear": "vzzTT",
        "sum_const": "vzztH",
        "sum_split": "szH",
        "sum_reindex": "svkz",
        "sum_congr": "vzzh",
        "induct": "vzphh",
    }

    def step(self) -> Theorem | None:
        rule = self.rng.choice(sorted(self.SIGNATURES))
        try:
            params = [self.any(kind) for kind in self.SIGNATURES[rule] if kind != "-"]
            match rule:
                case "rewrite":
                    params += self.template(*params)
                case "linear":
                    equations = params[2:]
                    combination = add(*(sub(*th.concl.args) for th in equations))
                    params = [add(params[0], combination), params[0], equations, [num(1), num(1)]]
                case "restate":
                    params[1] = self.rng.choice([params[1], canon(params[0].concl)])
                case "sum_congr":
                    params[1:3] = self.ends(params[0], params[3]) or params[1:3]
                case "imp_intro" if params[1].hyps:
                    params[0] = self.rng.choice(sorted(params[1].hyps, key=repr))
                case "induct":
                    params = self.induction(*params)
                case "cases":
                    params = [
                        self.rng.choice([*sorted(params[1].hyps, key=repr), params[0]]),
                        params[1],
                        self.twin(params[1]),
                    ]
                case "trichotomy":
                    params[3:] = [self.twin(params[2]), self.twin(params[2])]
                case "imp_elim" | "all_elim" | "and_elim":
                    params[0] = self.rng.choice([th for th in self.theorems if th.concl.op == rule[:3].rstrip("_")] + params[:1])
                    params[1] = assumed(params[0].concl.args[0]) if params[0].concl.op == "imp" else params[1]
                case "field":
                    params[1] = mul(params[0], inv(params[1]), params[1])
                case "absurd":
                    params[1] = assumed(mk("not", params[0].concl))
                case "integer" | "inv_positive" | "negate":
                    params[0] = self.strict(rule, *params)
            th = self.granted(rule, params)
        except Refused:
            return None
        if len(repr(th)) < 250:
            self.theorems.append(th)
        self.made[rule] = self.made.get(rule, 0) + 1
        return th

    def induction(self, n: Term, start: Term, p: Term, *_: Theorem) -> list:
        """The base case is assumed, and so is the step, under the hypothesis and whatever else is around."""
        base = assumed(subst(p, {n: start}))
        step = axiom("step", mk("imp", p, subst(p, {n: add(n, num(1))})))
        step = (
            RULES["imp_elim"](axiom("step", mk("imp", self.any("p"), step.concl)), self.any("h"))
            if self.rng.random() < 0.1
            else step
        )
        return [n, start, p, base, RULES["imp_elim"](assumed(step.concl), assumed(p))]

    def twin(self, th: Theorem) -> Theorem:
        """Another theorem with the same conclusion."""
        return self.rng.choice([t for t in self.theorems if t.concl is th.concl] + [assumed(th.concl)])

    def strict(self, rule: str, th: Theorem) -> Theorem:
        a, b = (self.any("z"), self.any("z")) if rule == "integer" else (num(0), self.any("t"))
        return self.rng.choice([th, assumed(lt(a, b)), assumed(mk("not", mk(self.rng.choice(["le", "lt"]), b, a)))])

    def granted(self, rule: str, params: list) -> Theorem:
        """What the rule asks for is assumed, up to four times."""
        for _ in range(4):
            try:
                return RULES[rule](*params)
            except Refused as e:
                facts = [x for x in params if isinstance(x, list) and x and isinstance(x[0], Theorem)]
                if not (isinstance(e.needed, Term) and facts):
                    raise
                facts[-1].append(assumed(e.needed))
        return RULES[rule](*params)

    def template(self, equation: Theorem, th: Theorem):
        """The theorem with a hole where the equation's left side is, under binders too."""
        a, hole = equation.concl.args[0], var("hole", "Z" if self.rng.random() < 0.5 else "R")

        def cut_out(t: Term) -> Term:
            return (
                hole
                if t is a and self.rng.random() < 0.8
                else mk(
                    t.op,
                    *(cut_out(x) if isinstance(x, Term) and k else x for k, x in enumerate(t.args, t.op not in ("sum", "all"))),
                )
                if t.op not in ("num", "var")
                else t
            )

        return hole, cut_out(th.concl)

    def ends(self, i: Term, th: Theorem):
        hyps = sorted(th.hyps, key=repr)
        low = [h.args[0] for h in hyps if h.op == "le" and h.args[1] is i]
        high = [h.args[1] for h in hyps if h.op == "le" and h.args[0] is i]
        return [self.rng.choice(low), self.rng.choice(high)] if low and high else None


def parts(t: Term) -> list[Term]:
    return [t] + [p for a in t.args if isinstance(a, Term) for p in parts(a)]


def check(th: Theorem, rng: random.Random) -> None:
    """True at random points, of a theorem without quantifiers, or of one under one quantifier."""
    p = th.concl.args[1] if th.concl.op == "all" else th.concl
    variables = p.free.union(*(h.free for h in th.hyps))
    for _ in range(6):
        env = {v: Fraction(rng.randrange(-2, 4), 1 if v.args[1] == "Z" else rng.choice([1, 1, 2])) for v in variables}
        try:
            if all(value(h, env) for h in th.hyps):
                assert value(p, env), f"{th} is false at {env}"
        except Unknown:
            return


@pytest.mark.parametrize("seed", range(4))
def test_random_derivations_stay_true(seed):
    walk = Walk(seed)
    for _ in range(1500):
        th = walk.step()
        if th is not None:
            check(th, walk.rng)
    assert len(walk.made) >= 24, walk.made
