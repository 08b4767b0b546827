"""Deletes the side conditions of the kernel one at a time, and runs the tables of this folder against what is left.

    python kernel_mutants.py FILE [SHARD SHARDS]      one JSON line per mutant: its name, and the test that goes red

A mutant is one kernel module in which one check is gone: a `need`, `find`, `fresh` or `raise Refused`, one operand of
an `and`, `or` or chained comparison, a filter of a comprehension, an element of a list of conditions, a sort, a set of
hypotheses or trust marks. Each runs in a fork, which imports that module instead of the true one.
"""

import ast
import contextlib
import importlib
import importlib.abc
import importlib.util
import inspect
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KERNEL = ROOT / "theory" / "kernel"
TABLES = [
    "test_rules_logic",
    "test_rules_arith",
    "test_rules_sums",
    "test_rules_calculus",
    "test_terms",
    "test_recheck",
    "test_forgery",
]
FIRST = {
    "arith": "test_rules_arith",
    "calculus": "test_rules_calculus",
    "sums": "test_rules_sums",
    "terms": "test_terms",
    "theorem": "test_recheck",
    "recheck": "test_recheck",
    "ring": "test_terms",
    "oracle": "test_rules_oracle",
}
SECONDS = 20
BELIEVE = """
def _believe(rule_name, wanted, facts):
    from types import SimpleNamespace
    return next(iter(facts), SimpleNamespace(hyps=frozenset(), concl=wanted, trust=frozenset()))
"""

Site = tuple[str, Callable[[], None]]


def called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


class Mutations:
    """The places of one module at which a side condition can be deleted."""

    def __init__(self, source: str):
        self.tree = ast.parse(source)
        self.above: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.above[child] = node

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.above:
            node = self.above[node]
            yield node

    def function(self, node: ast.AST) -> str:
        names = [a.name for a in self.ancestors(node) if isinstance(a, ast.FunctionDef | ast.ClassDef)]
        return ".".join(reversed(names))

    def annotation(self, node: ast.AST) -> bool:
        chain = [node, *self.ancestors(node)]
        for child, parent in zip(chain, chain[1:], strict=False):
            if child is getattr(parent, "annotation", None) or child is getattr(parent, "returns", None):
                return True
        return False

    def put(self, node: ast.AST, new: ast.AST) -> Callable[[], None]:
        def apply() -> None:
            parent = self.above[node]
            for field, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, field, new)
                elif isinstance(value, list):
                    setattr(parent, field, [new if v is node else v for v in value])

        return apply

    def sites(self) -> Iterator[Site]:
        for node in ast.walk(self.tree):
            where = self.function(node)
            if where == "show":  # how terms are printed
                continue
            for what, apply in [*self.checks(node), *self.conditions(node), *self.hypotheses(node), *self.shapes(node)]:
                yield f"{where}: {what}", apply

    def checks(self, node: ast.AST) -> Iterator[Site]:
        text = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
        if isinstance(node, ast.Expr) and called(node.value) in ("need", "fresh"):
            yield f"no {text}", self.put(node, ast.Pass())
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Tuple):
            for e in node.value.elts:
                yield f"no {ast.unparse(e)}", self.put(e, ast.Constant(None))
        if called(node) == "find":
            yield f"believe {text}", self.put(node.func, ast.Name("_believe", ast.Load()))
        if called(node) == "formula":
            yield f"no {text}", self.put(node, node.args[0])
        if called(node) == "is_int":
            yield f"believe {text}", self.put(node, ast.Constant(True))
        if isinstance(node, ast.Raise):
            parent = self.above[node]
            if isinstance(parent, ast.If) and parent.body == [node]:
                yield f"no refusal if {ast.unparse(parent.test)}", self.put(node, ast.Pass())
            else:
                inner = self.function(node).endswith((".d", ".lim"))
                instead = ast.Return(ast.Name("ZERO", ast.Load())) if inner else ast.Pass()
                yield f"no {text}", self.put(node, instead)
        if (
            isinstance(node, ast.keyword)
            and node.arg == "strict"
            and not any(isinstance(a, ast.Tuple) for a in self.above[node].args)
        ):
            yield f"not strict {ast.unparse(self.above[node])}", self.put(node.value, ast.Constant(False))

    def conditions(self, node: ast.AST) -> Iterator[Site]:
        if isinstance(node, ast.BoolOp) and (isinstance(node.op, ast.And) or self.refuses(node)):
            for k, e in enumerate(node.values):
                rest = node.values[:k] + node.values[k + 1 :]
                new = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
                yield f"no {ast.unparse(e)} in {ast.unparse(node)}", self.put(node, new)
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            yield (
                f"no start of {ast.unparse(node)}",
                self.put(node, ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])),
            )
            yield (
                f"no end of {ast.unparse(node)}",
                self.put(node, ast.Compare(node.left, node.ops[:1], node.comparators[:1])),
            )
        if isinstance(node, ast.IfExp) and self.function(node):
            yield f"always {ast.unparse(node.body)} of {ast.unparse(node)}", self.put(node, node.body)
            yield f"always {ast.unparse(node.orelse)} of {ast.unparse(node)}", self.put(node, node.orelse)
        if isinstance(node, ast.comprehension):
            for e in node.ifs:
                yield f"no filter {ast.unparse(e)}", self.put(e, ast.Constant(True))

    def refuses(self, node: ast.AST) -> bool:
        """Whether what is true here is refused."""
        up = next(a for a in self.ancestors(node) if isinstance(a, ast.stmt))
        return isinstance(up, ast.If) and isinstance(up.body[0], ast.Raise) or isinstance(up, ast.Assign)

    def hypotheses(self, node: ast.AST) -> Iterator[Site]:
        inside = any(isinstance(a, ast.FunctionDef) for a in self.ancestors(node)) and not self.annotation(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and inside:
            yield f"only {ast.unparse(node.left)} of {ast.unparse(node)}", self.put(node, node.left)
            yield f"only {ast.unparse(node.right)} of {ast.unparse(node)}", self.put(node, node.right)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and self.is_rule(node):
            first, _, *own = node.value.elts
            if ast.unparse(first) != "[]":
                yield f"no hypotheses in {ast.unparse(node)}", self.put(first, ast.List([], ast.Load()))
            for mark in own:
                yield f"no trust in {ast.unparse(node)}", self.put(mark, ast.parse("set()", mode="eval").body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and inside:
            if node.func.attr in ("append", "extend") and ast.unparse(node.func.value) == "used":
                yield f"no {ast.unparse(node)}", self.put(node, node.args[0])
            if node.func.attr == "union":
                for e in node.args:
                    yield f"no {ast.unparse(e)} in {ast.unparse(node)}", self.without(node, "args", e)
        if (
            isinstance(node, ast.List | ast.Tuple)
            and isinstance(node.ctx, ast.Load)
            and inside
            and any(isinstance(e, ast.Starred) for e in node.elts)
        ):
            for e in node.elts:
                yield f"no {ast.unparse(e)} in {ast.unparse(node)}", self.without(node, "elts", e)
        if isinstance(node, ast.List) and self.function(node) == "schemas":
            for e in node.elts:
                what = ast.unparse(self.above[node])
                yield f"no {ast.unparse(e)} in {what}", self.without(node, "elts", e)
        if called(node) == "drop":
            for e in node.args[1:]:
                yield f"no {ast.unparse(e)} in {ast.unparse(node)}", self.without(node, "args", e)

    def without(self, node: ast.AST, field: str, element: ast.AST) -> Callable[[], None]:
        return lambda: setattr(node, field, [e for e in getattr(node, field) if e is not element])

    def is_rule(self, node: ast.AST) -> bool:
        f = next((a for a in self.ancestors(node) if isinstance(a, ast.FunctionDef)), None)
        return f is not None and any(ast.unparse(d) == "rule" for d in f.decorator_list)

    def shapes(self, node: ast.AST) -> Iterator[Site]:
        """Each letter of SHAPES is a check of one argument's kind; `?` lets everything pass."""
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SHAPES"):
            return
        fits = next(f for f in ast.walk(self.tree) if isinstance(f, ast.FunctionDef) and f.name == "_fits")
        pass_all = ast.parse("def f(letter):\n    if letter == '?':\n        return True").body[0].body[0]
        operators = [(k.arg, k.value) for k in ast.walk(node) if isinstance(k, ast.keyword)]
        for d in ast.walk(node):
            if isinstance(d, ast.Dict):
                operators += [(key.value, value) for key, value in zip(d.keys, d.values, strict=True)]
        for name, constant in operators:
            for k, letter in enumerate(constant.value):
                if letter == "*":
                    continue

                def apply(constant: ast.Constant = constant, k: int = k) -> None:
                    constant.value = constant.value[:k] + "?" + constant.value[k + 1 :]
                    fits.body.insert(0, pass_all)

                yield f"SHAPES: any {k}th argument of {name}", apply


def numbered(sites: Iterator[Site]) -> list[Site]:
    """Names are unique, and do not mention lines."""
    seen: dict[str, int] = {}
    out = []
    for name, apply in sites:
        seen[name] = seen.get(name, 0) + 1
        out.append((name if seen[name] == 1 else f"{name} ({seen[name]})", apply))
    return out


def read(module: str) -> tuple[ast.AST, list[Site]]:
    mutations = Mutations((KERNEL / f"{module}.py").read_text())
    return mutations.tree, numbered(mutations.sites())


def names(module: str) -> list[str]:
    return [name for name, _ in read(module)[1]]


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutated source under the module's name."""

    def __init__(self, name: str, source: str):
        self.name, self.source = name, source

    def find_spec(self, fullname, path=None, target=None):
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module) -> None:
        exec(compile(self.source, self.name, "exec"), module.__dict__)


class Capsys:
    def __init__(self) -> None:
        self.out = sys.stdout = io.StringIO()

    def readouterr(self) -> "Capsys":
        result = Capsys.__new__(Capsys)
        result.out = self.out.getvalue()
        self.out = sys.stdout = io.StringIO()
        return result


def run_tests(module) -> Iterator[tuple[str, Callable[[], None]]]:
    """The tests of a module, without pytest: what `parametrize` lists, and the three fixtures that they use."""
    import pytest

    for name, test in list(vars(module).items()):
        if not name.startswith("test_") or "fresh_process" in test.__code__.co_names:
            continue
        marks = [m for m in getattr(test, "pytestmark", []) if m.name == "parametrize"]
        argnames = marks[0].args[0].replace(" ", "").split(",") if marks else []
        for values in marks[0].args[1] if marks else [()]:
            given = dict(zip(argnames, values if len(argnames) > 1 else [values], strict=True)) if marks else {}

            def run(test=test, given=given) -> None:
                with contextlib.ExitStack() as stack:
                    for fixture in inspect.signature(test).parameters:
                        if fixture == "monkeypatch":
                            given = given | {fixture: stack.enter_context(pytest.MonkeyPatch.context())}
                        elif fixture == "tmp_path":
                            given = given | {fixture: Path(stack.enter_context(tempfile.TemporaryDirectory()))}
                        elif fixture == "capsys":
                            given = given | {fixture: Capsys()}
                    test(**given)

            yield f"{name}[{list(given.values())}]"[:110], run


def red(module: str) -> str | None:
    """The first test of the tables that fails, if any; the kernel is imported here for the first time."""
    import pytest

    first = FIRST.get(module, TABLES[0])
    for name in [first, *(t for t in TABLES if t != first)]:
        try:
            tests = list(run_tests(importlib.import_module(name)))
        except Exception as e:
            return f"{name}: import: {type(e).__name__}: {e}"
        for label, run in tests:
            try:
                run()
            except (Exception, pytest.fail.Exception):
                return f"{name}::{label}"
    return None


def fork(module: str, tree: ast.AST, delete: Callable[[], None]) -> str | None:
    """What `red` says of the mutated kernel, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of work, however busy the machine is
            with open(os.devnull, "w") as nothing:
                os.dup2(nothing.fileno(), 1)
                os.dup2(nothing.fileno(), 2)
            delete()
            source = ast.unparse(ast.fix_missing_locations(tree)) + BELIEVE
            sys.meta_path.insert(0, Finder(f"theory.kernel.{module}", source))
            os.write(writing, json.dumps(red(module)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else "no answer: it hangs or breaks the interpreter"


def main(module: str, shard: int = 0, shards: int = 1) -> None:
    sys.path[:0] = [str(HERE), str(ROOT)]
    sys.dont_write_bytecode = False
    import hashlib  # noqa: F401  what the tables import is imported once, but nothing of the kernel

    import pytest  # noqa: F401

    if module == "oracle":
        import cvc5  # noqa: F401
        import z3  # noqa: F401
    assert "theory.kernel" not in sys.modules
    tree, sites = read(module)
    for name, delete in sites[shard::shards]:
        print(json.dumps([name, fork(module, tree, delete)]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
