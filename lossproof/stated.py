"""What a module states, read from its source without importing it: ids of propositions, and of numeric checks.

An id is a constant argument of a call at the top level of the module: `refuted("fontana2026.eq5", ...)`, a decorator
`@proposition("fontana2026.prop1", ...)`, `@evidence("fontana2026.eq14", ...)`, or a call of a function of the module
that makes one. So listing needs no SymPy, and a module that fails to import still says which claims it takes with it.
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
    return {id: line for node in _outside_functions(tree) for id, line in _ids(node, calls)}


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from getattr(child, "decorator_list", ())
        else:
            yield from _outside_functions(child)


def _called(node: ast.AST) -> str | None:
    """The name of the function that the node calls."""
    f = node.func if isinstance(node, ast.Call) else None
    return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else None


def _ids(node: ast.AST, calls: frozenset[str]) -> list[tuple[str, int]]:
    if not isinstance(node, ast.Call) or _called(node) not in calls:
        return []
    values = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return [(value, node.lineno) for value in values if ID.fullmatch(value)]


def module_name(path: Path) -> str:
    """The dotted name under which the file is imported: its packages are the folders above it with an `__init__.py`."""
    parts = [path.stem]
    for folder in path.resolve().parents:
        if not (folder / "__init__.py").exists():
            break
        parts.append(folder.name)
    return ".".join(reversed(parts))
