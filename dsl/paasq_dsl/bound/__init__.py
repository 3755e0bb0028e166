"""The bound plan: what the binder makes of a tree, and every backend runs."""

from paasq_dsl.bound.expressions import *
from paasq_dsl.bound.query import *
from paasq_dsl.bound.schema import *
from paasq_dsl.bound.stages import *
from paasq_dsl.bound.statements import *
from paasq_dsl.bound.writes import *
