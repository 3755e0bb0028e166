"""Which statements of a text are bound once some of them have run, and changed the catalog."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.syntax import tree
from paasq_dsl.syntax.tree.traversal import walk

_DEFINITIONS = (tree.LetHead, tree.ParameterDeclaration, tree.FunctionDeclaration, tree.Use)
_CHANGES_OF_CATALOG = (tree.CollectionDeclaration, tree.CatalogChange)


def remaining_statements(statements: Sequence[tree.Statement], done: int) -> frozenset[int]:
    """The numbers of those to bind where the first `done` have run: all where none has. Else those up to the next change of
    the catalog, whose ids are not known before it has run, and the definitions before them that they use: another one may
    be made from what is no longer there."""
    if done == 0:
        return frozenset(range(len(statements)))
    last = len(statements) - 1
    end = next((n for n in range(done, last) if isinstance(statements[n].head, _CHANGES_OF_CATALOG)), last)
    chosen = set(range(done, end + 1))
    names = set[str]().union(*(_mentioned(statements[number]) for number in chosen))
    for number in range(done - 1, -1, -1):
        head = statements[number].head
        if isinstance(head, _DEFINITIONS) and (head.alias if isinstance(head, tree.Use) else head.name) in names:
            chosen.add(number)
            names |= _mentioned(statements[number])
    return frozenset(chosen)


def _mentioned(statement: tree.Statement) -> set[str]:
    """Every name in it, of whatever; of dotted ones the first part."""
    emission = (statement.emit_clause.node,) if statement.emit_clause else ()
    nodes = (statement.head, *(stage.node for stage in statement.stages), *emission)
    named = (getattr(node, "name", None) for root in nodes for node in walk(root))
    return {name.partition(".")[0] for name in named if isinstance(name, str)}
