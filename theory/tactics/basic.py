"""Tactics: untrusted programs that look for derivations and end by calling rules of the kernel.

A `Context` holds what is known (theorems) and proves goals from it: equations by expanding sums and clearing
denominators, inequalities by signs of products and by linear arithmetic, and what `ForAll` assumptions say at an index.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement

from .. import kernel as k
from ..kernel import Refused, Term, Theorem, mk, num, subst, var
from ..kernel.ring import UNIT, Monomial, Poly, canon, difference, plus, poly, term, times
from ..kernel.terms import ONE, ZERO, add, app, eq, inv, is_int, le, lt, mul, ne, sub
from ..kernel.theorem import same
from .simplex import nonnegative, positive

MINUS = num(-1)
Group = tuple[int, ...]  # places of the factors of a product


def instantiate(th: Theorem, values: dict[Term, Term]) -> Theorem:
    """The theorem at values of its free variables, hypotheses included."""
    for v, t in values.items():
        affected = sorted((h for h in th.hyps if v in h.free), key=repr)
        for h in affected:
            th = k.imp_intro(h, th)
        th = k.all_elim(k.all_intro(v, th), t)
        for h in reversed(affected):
            th = k.imp_elim(th, k.assume(subst(h, {v: t})))
    return th


def discharge(th: Theorem, known: Iterable[Theorem]) -> Theorem:
    """Replace hypotheses by the theorems that prove them."""
    for lemma in known:
        if any(same(h, lemma.concl) for h in th.hyps):
            th = k.cut(lemma, th)
    return th


def atoms(*ts: Term) -> list[Term]:
    """Every subterm that occurs outside of binders, in a fixed order."""
    seen: dict[Term, None] = {}

    def walk(t: Term) -> None:
        if t in seen:
            return
        seen[t] = None
        for n, a in enumerate(t.args):
            if isinstance(a, Term) and not (t.op in k.terms.SCOPED and n in (0, k.terms.SCOPED[t.op])):
                walk(a)

    for t in ts:
        walk(t)
    return list(seen)


@cache
def combination(goal: Term, known: tuple[Term, ...], products: int) -> tuple[dict[Group, Fraction], dict[int, Fraction]] | None:
    """The difference of an inequality from known ones: weights of their products, of so many factors, and of equations.

    What is known is named by its place. None if nothing adds up to the goal. The result is cached: do not change it.
    """
    below = [n for n, p in enumerate(known) if p.op in ("le", "lt")]
    eqs = [n for n, p in enumerate(known) if p.op == "eq" and p.args[0].op not in k.terms.FORMULAS]
    groups = [group for size in range(products + 1) for group in combinations_with_replacement(below, size)]
    vectors: list[Poly] = []
    for group in groups:
        vectors.append({UNIT: Fraction(1)})
        for n in group:
            vectors[-1] = times(vectors[-1], difference(known[n].args[1], known[n].args[0]))
    ties = [difference(*known[n].args) for n in eqs]
    vectors += [*ties, *({m: -c for m, c in p.items()} for p in ties)]  # an equation counts in both directions
    target = difference(goal.args[1], goal.args[0])
    if goal.op == "le":
        found = nonnegative(vectors, target)
    else:
        found = positive(vectors, target, {at for at, group in enumerate(groups) if all(known[n].op == "lt" for n in group)})
    if found is None:
        return None
    cofactors = {n: found.get(at, 0) - found.get(at + len(eqs), 0) for at, n in enumerate(eqs, len(groups))}
    return {g: found[at] for at, g in enumerate(groups) if at in found}, {n: Fraction(c) for n, c in cofactors.items() if c}


@cache
def patterns(claim: Term) -> tuple[list[Term], list[Term]]:
    """The variables of a universal claim, under names of their own, and the applications to all of them in what it says."""
    bound = list[Term]()
    while claim.op in ("all", "imp"):
        if claim.op == "all":
            bound.append(var(f"?{len(bound)}", claim.args[0].args[1]))
            claim = subst(claim.args[1], {claim.args[0]: bound[-1]})
        else:
            claim = claim.args[1]
    return bound, [t for t in atoms(claim) if t.op == "app" and set(bound) <= set(t.args[2:])]


def rewritten(p: Poly, left: Monomial, right: Poly) -> tuple[Poly, Poly]:
    """p with every multiple of `left` replaced, and the cofactor c with p = p' + c (left - right)."""
    cofactor: Poly = {}
    powers = dict(left)
    for _ in range(64):
        hit = next((m for m in p if all(dict(m).get(a, 0) >= n for a, n in powers.items())), None)
        if hit is None:
            return p, cofactor
        rest = frozenset((a, n - powers.get(a, 0)) for a, n in hit if n > powers.get(a, 0))
        c = {rest: p[hit]}
        cofactor = plus(cofactor, c)
        p = plus(plus(p, {hit: p[hit]}, Fraction(-1)), times(c, right))
    raise Refused("rewritten", "an equation that terminates as a rewrite rule", (left, right))


class Context:
    """Facts, and goals proved from them. `ctx.prove(goal)` returns a theorem or raises Refused."""

    def __init__(self, facts: Iterable[Theorem] = ()):
        self.facts: list[Theorem] = []
        self._busy: set[Term] = set()
        self._done: dict[Term, Theorem] = {}
        for th in facts:
            self.know(th)

    def know(self, *theorems: Theorem) -> None:
        for th in theorems:
            if any(th.concl is known.concl and th.hyps == known.hyps for known in self.facts):
                continue
            self.facts.append(th)
            if th.concl.op == "and":
                self.know(*(k.and_elim(th, n) for n in range(len(th.concl.args))))
        self._done.clear()

    def assuming(self, *ps: Term) -> "Context":
        return Context([*self.facts, *(k.assume(p) for p in ps)])

    def with_facts(self, *ths: Theorem) -> "Context":
        return Context([*self.facts, *ths])

    # -- goals ---------------------------------------------------------------------------------------------------

    def prove(self, goal: Term) -> Theorem:
        """Any goal made of equations, inequalities, conjunctions, implications and bounded ForAlls."""
        for th in self.facts:
            if same(th.concl, goal):
                return k.restate(th, goal)
        if goal in self._done:
            return self._done[goal]
        if goal in self._busy:
            raise Refused("prove", goal, "it depends on itself")
        self._busy.add(goal)
        try:
            self._done[goal] = out = self.instance(goal) or self._prove(goal)
            return out
        finally:
            self._busy.discard(goal)

    def _prove(self, goal: Term) -> Theorem:
        if goal.op == "eq":
            return self.equal(*goal.args)
        if goal.op in ("le", "lt"):
            return self.inequality(goal)
        if goal.op == "and":
            return k.and_intro([self.prove(p) for p in goal.args])
        if goal.op == "imp":
            return k.imp_intro(goal.args[0], self.assuming(goal.args[0]).prove(goal.args[1]))
        if goal.op == "all":
            v = self.fresh(goal, goal.args[0].args[1])
            return k.all_intro(v, self.prove(subst(goal.args[1], {goal.args[0]: v})))
        if goal.op == "not" and goal.args[0].op == "eq":
            return self.unequal(*goal.args[0].args)
        raise Refused("prove", goal, [th.concl for th in self.facts])

    def fresh(self, *used: Term, sort: str = "Z") -> Term:
        sort = used[-1] if isinstance(used[-1], str) else sort
        taken = {v for p in used if isinstance(p, Term) for v in p.free}
        taken |= {v for th in self.facts for p in (th.concl, *th.hyps) for v in p.free}
        return next(v for n in range(1000) if (v := var(f"j{n}", sort)) not in taken)

    # -- what ForAll assumptions say at an index -------------------------------------------------------------------

    def instance(self, goal: Term) -> Theorem | None:
        """The goal as what a fact over one integer says at an index that occurs in the goal."""
        for th in self.facts:
            if th.concl.op == "all" and th.concl.args[1].op == "imp" and th.concl.args[1].args[1].op == goal.op:
                v, body = th.concl.args[0], th.concl.args[1].args[1]
                indices = {a for t in atoms(goal) if t.op == "app" for a in t.args[2:] if is_int(a)} | {
                    x for x in goal.free if is_int(x)
                }
                for t in sorted(indices, key=repr) if v.args[1] == "Z" else ():
                    if same(subst(body, {v: t}), goal):
                        try:
                            return k.restate(self.at(th, t), goal)
                        except Refused:
                            continue
        return None

    def instances(self, *about: Term) -> list[Theorem]:
        """Universal facts at the integer terms that occur in `about` as arguments, where their ranges allow it."""
        universal = [th for th in self.facts if th.concl.op == "all"]
        seen = atoms(*about) if universal else []
        indices = {a for t in seen if t.op == "app" for a in t.args[2:] if isinstance(a, Term)}
        indices |= {t for t in seen if t.op == "var"}
        single = [(t,) for t in sorted(indices, key=repr)]
        out = []
        for th in universal:
            for ts in single if len(patterns(th.concl)[0]) == 1 else self.matches(th, seen):
                if th.concl.args[0].args[1] == "Z" and not is_int(ts[0]):
                    continue
                try:
                    said = self.at(th, *ts)
                except Refused:
                    continue
                out.append(said)
                if said.concl.op == "and":
                    out += [k.and_elim(said, n) for n in range(len(said.concl.args))]
        return out

    @staticmethod
    def matches(th: Theorem, seen: list[Term]) -> list[tuple[Term, ...]]:
        """Where a universal fact over several variables speaks of an application in `seen`."""
        bound, applications = patterns(th.concl)
        out = dict[tuple[Term, ...], None]()
        for pattern in applications:
            for t in seen:
                if t.op == "app" and t.args[:2] == pattern.args[:2] and len(t.args) == len(pattern.args):
                    values = dict(zip(pattern.args[2:], t.args[2:], strict=True))
                    out[tuple(values[v] for v in bound)] = None
        return list(out)

    def at(self, th: Theorem, *ts: Term) -> Theorem:
        """A universal fact at given terms, its range conditions proved."""
        for t in ts:
            th = k.all_elim(th, t)
            while th.concl.op == "imp":
                th = k.imp_elim(th, self.prove(th.concl.args[0]))
        return th

    # -- equations -------------------------------------------------------------------------------------------------

    def equal(self, a: Term, b: Term, *using: Theorem) -> Theorem:
        """a = b by the given equations (used left to right), expansion of sums, and field arithmetic."""
        rest, used, cofactors = difference(a, b), list[Theorem](), list[Term]()

        def apply(th: Theorem) -> None:
            nonlocal rest
            ((left, c),) = poly(th.concl.args[0]).items()
            right = {m: x / c for m, x in poly(th.concl.args[1]).items()}
            rest, cofactor = rewritten(rest, left, right)
            if cofactor:
                used.append(th)
                cofactors.append(term({m: x / c for m, x in cofactor.items()}))

        for _ in range(12):
            before = rest
            for th in using:
                apply(th)
            for s in sorted({x for m in rest for x, _ in m if x.op == "sum"}, key=lambda x: (-x.height, repr(x))):
                expanded = self.expand(s)
                if expanded is not None:
                    apply(expanded)
            for th in self.cancellations(rest):
                apply(th)
            if rest == before:
                break
        if rest:
            zero = k.field(term(rest), ZERO, self.denominators(rest))
            used.append(zero)
            cofactors.append(ONE)
        return k.linear(a, b, used, cofactors)

    def cancellations(self, p: Poly) -> list[Theorem]:
        """x/x = 1 for the atoms x that occur with their inverse and are known to be non-zero."""
        out = []
        for m in p:
            present = {a for a, _ in m}
            for a in sorted(present, key=repr):
                if a.op == "inv" and a.args[0] in present:
                    try:
                        out.append(k.field(mul(a.args[0], a), ONE, [self.unequal(a.args[0], ZERO)]))
                    except Refused:
                        continue
        return out

    def denominators(self, p: Poly) -> list[Theorem]:
        todo = [a.args[0] for m in p for a in sorted((a for a, _ in m), key=repr) if a.op == "inv"]
        done: dict[Term, Theorem] = {}
        while todo:
            d = todo.pop()
            if d not in done:
                done[d] = self.unequal(d, ZERO)
                todo += [a.args[0] for m in poly(d) for a in sorted((a for a, _ in m), key=repr) if a.op == "inv"]
        return list(done.values())

    def expand(self, s: Term) -> Theorem | None:
        """Sum of a polynomial body = combination of sums of its index-dependent monomials; None if it is one already."""
        bound, lo, hi, body = s.args
        i = self.fresh(s)
        inside = self.assuming(le(lo, i), le(i, hi))
        opened = subst(body, {bound: i})
        th = inside.simplified(opened)
        parts: dict[Monomial, Poly] = {}
        for m, c in poly(th.concl.args[1]).items():
            moving = frozenset(f for f in m if i in f[0].free)
            parts[moving] = plus(parts.get(moving, {}), {m - moving: c})
        if (
            list(parts.items()) == [(next(iter(parts), UNIT), {UNIT: Fraction(1)})]
            and UNIT not in parts
            and same(opened, th.concl.args[1])
        ):
            return None
        moved = [term({m: Fraction(1)}) for m in parts]
        fixed = [term(c) for c in parts.values()]
        congruent = k.sum_congr(i, lo, hi, th)
        split = k.sum_linear(i, lo, hi, fixed, moved)
        total = k.linear(s, split.concl.args[1], [congruent, split], [ONE, ONE])
        if UNIT in parts:
            count = k.sum_const(i, lo, hi, ONE, [self.prove(le(sub(lo, ONE), hi))])
            each = term(parts[UNIT])
            right = add(total.concl.args[1], mul(each, sub(count.concl.args[1], count.concl.args[0])))
            total = k.linear(s, right, [total, count], [ONE, each])
            total = k.restate(total, eq(s, canon(right)))
        return total

    def simplified(self, t: Term) -> Theorem:
        """t = a canonical form with inner sums expanded and x/x cancelled."""
        p, used, cofactors = poly(t), list[Theorem](), list[Term]()
        for _ in range(8):
            before = p
            sums = sorted({x for m in p for x, _ in m if x.op == "sum"}, key=repr)
            for th in [e for e in map(self.expand, sums) if e is not None] + self.cancellations(p):
                ((left, c),) = poly(th.concl.args[0]).items()
                p, cofactor = rewritten(p, left, {m: x / c for m, x in poly(th.concl.args[1]).items()})
                if cofactor:
                    used.append(th)
                    cofactors.append(term({m: x / c for m, x in cofactor.items()}))
            if p == before:
                break
        return k.linear(t, term(p), used, cofactors)

    def unequal(self, a: Term, b: Term) -> Theorem:
        """a != b, from a fact, or because the difference has a sign, or as a product of non-zero factors."""
        goal = ne(a, b)
        for th in self.facts:
            if same(th.concl, goal):
                return k.restate(th, goal)
            if b is ZERO and same(th.concl, lt(ZERO, a)):
                return k.restate(k.negate(th), goal)
        for th in self.instances(goal):
            if same(th.concl, goal):
                return k.restate(th, goal)
        try:
            return k.restate(k.negate(self.inequality(lt(b, a))), goal) if b is ZERO else k.negate(self.inequality(lt(a, b)))
        except Refused:
            pass
        if b is ZERO and len(p := poly(a)) == 1:
            ((m, c),) = p.items()
            factors = [x for x, n in sorted(m, key=repr) for _ in range(n)] + ([num(c)] if c != 1 else [])
            if len(factors) > 1:
                product = k.nonzero_product(factors, [self.unequal(x, ZERO) for x in factors])
                return k.restate(product, goal)
        if b is not ZERO:  # b < a: b != a, so a != b
            other, tie = k.negate(self.inequality(lt(b, a))), k.assume(eq(a, b))
            return k.cases(eq(a, b), k.absurd(k.linear(b, a, [tie], [MINUS]), other, goal), k.assume(goal))
        return k.restate(k.negate(self.inequality(lt(a, b))), goal)

    # -- inequalities ----------------------------------------------------------------------------------------------

    def inequality(self, goal: Term, *using: Theorem, products: int = 0) -> Theorem:
        """a <= b or a < b: by the signs of monomials, else by linear arithmetic over facts (and their products)."""
        a, b = goal.args
        for th in self.facts:
            if same(th.concl, goal):
                return k.restate(th, goal)
            if goal.op == "le" and same(th.concl, lt(a, b)):
                return k.sos(goal, [(Fraction(1), ONE, [th])], [], [])
        if not products:
            try:
                return self.signs(goal)
            except Refused:
                pass
        return self.arith(goal, *using, products=products)

    def signs(self, goal: Term) -> Theorem:
        """The difference is a sum of positive multiples of squares and atoms of known sign."""
        parts = []
        strict = False
        for m, c in sorted(difference(goal.args[1], goal.args[0]).items(), key=lambda mc: repr(mc[0])):
            if c < 0:
                raise Refused("signs", "monomials with positive coefficients", (m, c))
            odd = sorted((a for a, n in m if n % 2), key=repr)
            factors = [self.sign_of(a, goal.op == "lt") for a in odd]
            square = term({frozenset((a, n // 2) for a, n in m if n > 1): Fraction(1)})
            positive = square is ONE and all(th.concl.op == "lt" for th in factors)
            if square is not ONE and not positive and goal.op == "lt":
                for a, n in sorted(m, key=repr):  # even powers of atoms that are known to be positive
                    if n > 1 and n % 2 == 0:
                        try:
                            factors += [self.sign_of(a, True)] * n
                            square = ONE
                            positive = all(th.concl.op == "lt" for th in factors)
                        except Refused:
                            pass
            strict = strict or positive
            parts.append((c, square, factors))
        return k.sos(goal, parts, [], [])

    def sign_of(self, a: Term, strict: bool) -> Theorem:
        """0 < a, or at least 0 <= a."""
        for wanted in (lt(ZERO, a), *([] if strict else [le(ZERO, a)])):
            for th in self.facts:
                if same(th.concl, wanted):
                    return th
        if a.op == "inv":
            return k.inv_positive(self.prove(lt(ZERO, a.args[0])))
        if a.op == "app" and a.args[0] == "exp":
            return k.law("exp_positive", a.args[2], ZERO, [])
        if a.op == "app" and a.args[0] == "sqrt" and not strict:
            return k.law("sqrt_nonnegative", a.args[2], ZERO, [self.prove(le(ZERO, a.args[2]))])
        if a.op == "app" and a.args[0] == "sqrt":
            return self.sqrt_positive(a.args[2])
        if a.op == "sum":
            return self.sum_sign(a, strict)
        if a.op == "app" and a.args[0] == "pow":
            return pow_positive(self, a.args[2], a.args[3])
        try:
            return self.arith(lt(ZERO, a))
        except Refused:
            if strict:
                raise
            return self.arith(le(ZERO, a))

    def sqrt_positive(self, x: Term) -> Theorem:
        """0 < sqrt(x) for 0 < x: it is not negative, and not zero since its square is x."""
        root = app("sqrt", x)
        above = self.prove(lt(ZERO, x))
        weak = k.sos(le(ZERO, x), [(Fraction(1), ONE, [above])], [], [])
        square = k.law("sqrt_square", x, ZERO, [weak])
        tie = k.assume(eq(ZERO, root))
        broken = (
            k.linear(ZERO, x, [tie, square], [root, MINUS])
            if False
            else k.linear(x, ZERO, [square, tie], [MINUS, mul(MINUS, root)])
        )
        contrary = k.negate(above)  # x != 0
        goal = lt(ZERO, root)
        below = k.assume(lt(root, ZERO))
        weak_root = k.law("sqrt_nonnegative", x, ZERO, [weak])
        impossible = k.sos(lt(ZERO, ZERO), [(Fraction(1), ONE, [weak_root]), (Fraction(1), ONE, [below])], [], [])
        never = k.linear(ZERO, ZERO, [], [])
        return k.trichotomy(
            ZERO, root, k.assume(goal), k.absurd(broken, contrary, goal),
            k.absurd(never, k.negate(impossible), goal),
        )  # fmt: skip

    def sum_sign(self, s: Term, strict: bool) -> Theorem:
        """0 <= Sum f from 0 <= f(i); 0 < Sum f if moreover the range is not empty and 0 < f(i)."""
        bound, lo, hi, body = s.args
        i = self.fresh(s)
        inside = self.assuming(le(lo, i), le(i, hi))
        f = subst(body, {bound: i})
        if not strict:
            return self.nonnegative_sum(s, inside.prove(le(ZERO, f)), i)
        positive = inside.prove(lt(ZERO, f))
        weak = k.sos(le(ZERO, f), [(Fraction(1), ONE, [positive])], [], [])
        nonempty = self.prove(le(lo, hi))
        step = k.sum_step(s, [nonempty])
        shorter = mk("sum", i, lo, sub(hi, ONE), f)
        upto = self.assuming(le(lo, i), le(i, sub(hi, ONE)))
        within = upto.arith(le(i, hi))
        smaller = discharge(weak, [within])
        front = self.nonnegative_sum(shorter, smaller, i, lo, sub(hi, ONE))
        last = instantiate(positive, {i: hi})
        last = discharge(last, [nonempty, self.prove(le(hi, hi))])
        return k.sos(lt(ZERO, s), [(Fraction(1), ONE, [front]), (Fraction(1), ONE, [last])], [step], [ONE])

    def nonnegative_sum(self, s: Term, pointwise: Theorem, i: Term, lo: Term | None = None, hi: Term | None = None) -> Theorem:
        lo, hi = lo or s.args[1], hi or s.args[2]
        mono = k.sum_congr(i, lo, hi, pointwise)  # Sum 0 <= Sum f
        zero = k.sum_linear(i, lo, hi, [ZERO], [ZERO])  # Sum 0*0 = 0 * Sum 0
        return k.sos(le(ZERO, s), [(Fraction(1), ONE, [mono])], [zero], [ONE])

    def arith(self, goal: Term, *using: Theorem, products: int = 0) -> Theorem:
        """Linear arithmetic: the difference of the goal as a non-negative combination of known differences.

        `products` = 2 also multiplies the facts in pairs. The kernel checks the combination.
        """
        pool = [*using, *self.facts, *self.instances(goal, *(th.concl for th in using))]
        found = combination(goal, tuple(th.concl for th in pool), max(products, 1))
        if found is None:
            known = [th.concl for th in pool if th.concl.op in ("le", "lt", "eq")]
            raise Refused("arith", goal, known, f"facts that imply {goal}")
        parts = [(weight, ONE, [pool[n] for n in group]) for group, weight in found[0].items()]
        return k.sos(goal, parts, [pool[n] for n in found[1]], [num(c) for c in found[1].values()])


def pow_positive(ctx: Context, x: Term, n: Term) -> Theorem:
    """0 < x^n for 0 < x and 0 <= n, by induction."""
    above, m = ctx.prove(lt(ZERO, x)), var("pow_n", "Z")
    claim = lt(ZERO, app("pow", x, m))
    one = k.law("pow_zero", x, ZERO, [])
    base = k.sos(subst(claim, {m: ZERO}), [(Fraction(1), ONE, [])], [one], [ONE])
    ih, nonneg = k.assume(claim), k.assume(le(ZERO, m))
    step = k.law("pow_step", x, m, [nonneg])
    next_ = k.sos(subst(claim, {m: add(m, ONE)}), [(Fraction(1), ONE, [above, ih])], [step], [ONE])
    th = k.induct(m, ZERO, claim, base, next_)
    return discharge(instantiate(th, {m: n}), [ctx.prove(le(ZERO, n))])


def pow_below_one(ctx: Context, x: Term, n: Term) -> Theorem:
    """x^n < 1 for 0 < x < 1 and 1 <= n, by induction from x^1 = x."""
    above, below, m = ctx.prove(lt(ZERO, x)), ctx.prove(lt(x, ONE)), var("pow_n", "Z")
    claim = lt(app("pow", x, m), ONE)
    first = k.law("pow_step", x, ZERO, [Context().prove(le(ZERO, ZERO))])
    one = k.law("pow_zero", x, ZERO, [])
    base = k.sos(subst(claim, {m: ONE}), [(Fraction(1), ONE, [below])], [first, one], [MINUS, mul(MINUS, x)])
    ih, start = k.assume(claim), k.assume(le(ONE, m))
    step = k.law("pow_step", x, m, [Context([start]).prove(le(ZERO, m))])
    # 1 - x x^m = (1 - x) + x (1 - x^m)
    parts = [(Fraction(1), ONE, [below]), (Fraction(1), ONE, [above, ih])]
    next_ = k.sos(subst(claim, {m: add(m, ONE)}), parts, [step], [MINUS])
    th = k.induct(m, ONE, claim, base, next_)
    return discharge(instantiate(th, {m: n}), [ctx.prove(le(ONE, n))])


def reciprocal(t: Term) -> Term:
    return inv(t)
