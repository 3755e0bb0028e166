"""What is defined is used. Names are compared as text: a name used anywhere keeps all definitions of that name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from architecture.code import PACKAGE_FOLDERS, modules


def definitions(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and constants of a module, and the private methods of its classes. What a decorator registers
    is used by it.
    """
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.decorator_list or isinstance(
                node, ast.ClassDef
            ):
                yield node.name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and is_private(member.name):
                    yield member.name


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def uses(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=names):
                yield from (alias.name for alias in names)
            case ast.Constant(value=str(text)) if text.isidentifier():  # __all__, getattr, forward references
                yield text


def test_what_is_defined_is_used() -> None:
    sources = modules(*PACKAGE_FOLDERS)
    used = Counter(name for tree in sources.values() for name in uses(tree))
    dead = [
        f"{path}: {name}"
        for path, tree in sources.items()
        for name in definitions(tree)
        if not used[name] and not (name.startswith("__") or name in ENTRY_POINTS)
    ]
    assert dead == []


ENTRY_POINTS = frozenset(
    {
        "main",  # named in pyproject.toml
    }
)  # fmt: skip


def test_the_test_sees_what_is_dead() -> None:
    tree = ast.parse(
        "def alive(): pass\ndef dead(): pass\nclass C:\n  def _gone(self): alive()\n  def kept(self): pass\nC"
    )
    assert set(definitions(tree)) - set(uses(tree)) == {"dead", "_gone"}
