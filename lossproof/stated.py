"""What a module states, read from its source without importing it: ids of propositions, and of numeric checks.

An id is a constant argument of a call at the top level of the module: `refuted("fontana2026.eq5", ...)`, a decorator
`@proposition("fontana2026.prop1", ...)`, `@evidence("fontana2026.eq14", ...)`, or a call of a function of the module
that makes one. A loop over literals at the top level is followed, and an id may be an f-string of what it binds. So listing
needs no SymPy, and a module that fails to import still says which claims it takes with it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PROPOSITIONS = frozenset({"proposition", "refuted", "shown", "not_applicable"})
EVIDENCE = frozenset({"evidence"})
ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def stated(path: Path, calls: frozenset[str] = PROPOSITIONS) -> dict[str, int]:
    """Ids stated in the file -> their line, in order. Raises SyntaxError, ValueError or OSError for a bad file."""
    source = path.read_text(encoding="utf-8")
    if not any(name in source for name in calls):
        return {}
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    calls |= {f.name for f in functions if any(_called(node) in calls for part in f.body for node in ast.walk(part))}
    return {id: line for node, names in _outside_functions(tree, {}) for id, line in _ids(node, calls, names)}


Names = dict[str, str]  # what a loop binds to strings


def _outside_functions(node: ast.AST, names: Names) -> Iterator[tuple[ast.AST, Names]]:
    for child in ast.iter_child_nodes(node):
        yield child, names
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from ((decorator, names) for decorator in getattr(child, "decorator_list", ()))
        elif isinstance(child, ast.For):
            for bound in _rounds(child):
                yield from _outside_functions(ast.Module(child.body, []), names | bound)
        else:
            yield from _outside_functions(child, names)


def _rounds(loop: ast.For) -> Iterator[Names]:
    """The strings that a loop over a literal binds, round by round; one round that binds none over anything else."""
    over: ast.AST = loop.iter
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
        over = over.func.value
    if isinstance(over, ast.Dict):
        over = ast.Tuple([ast.Tuple([k, v]) for k, v in zip(over.keys, over.values, strict=True) if k])
    if not isinstance(over, (ast.Tuple, ast.List)):
        yield {}
        return
    for one in over.elts:
        several = isinstance(loop.target, ast.Tuple) and isinstance(one, ast.Tuple)
        targets = loop.target.elts if several else [loop.target]  # type: ignore[attr-defined]
        values = one.elts if several else [one]  # type: ignore[attr-defined]
        pairs = zip(targets, values, strict=False)
        yield {t.id: text for t, v in pairs if isinstance(t, ast.Name) and (text := _text(v, {})) is not None}


def _text(node: ast.AST, names: Names) -> str | None:
    """A string that the source spells out: a constant, a name bound to one, or an f-string of these."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.JoinedStr):
        parts = [_text(v.value if isinstance(v, ast.FormattedValue) else v, names) for v in node.values]
        return None if None in parts else "".join(p for p in parts if p)
    return None


def _called(node: ast.AST) -> str | None:
    """The name of the function that the node calls."""
    f = node.func if isinstance(node, ast.Call) else None
    return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else None


def _ids(node: ast.AST, calls: frozenset[str], names: Names) -> list[tuple[str, int]]:
    if not isinstance(node, ast.Call) or _called(node) not in calls:
        return []
    values = [_text(a, names) for a in node.args]
    return [(value, node.lineno) for value in values if value and ID.fullmatch(value)]


def module_name(path: Path) -> str:
    """The dotted name under which the file is imported: its packages are the folders above it with an `__init__.py`."""
    parts = [path.stem]
    for folder in path.resolve().parents:
        if not (folder / "__init__.py").exists():
            break
        parts.append(folder.name)
    return ".".join(reversed(parts))
