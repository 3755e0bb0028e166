"""The tree of a text, as written: frozen nodes with spans. Spans are relative to the fragment (head or stage) of a node."""

from paasq_dsl.syntax.tree.commands import *
from paasq_dsl.syntax.tree.declarations import *
from paasq_dsl.syntax.tree.expressions import *
from paasq_dsl.syntax.tree.nodes import *
from paasq_dsl.syntax.tree.retrieval_stages import *
from paasq_dsl.syntax.tree.stages import *
from paasq_dsl.syntax.tree.statements import *
from paasq_dsl.syntax.tree.writes import *
