"""The tools, in the order in which they are listed; one that writes only where the server was told so."""

from __future__ import annotations

from paasq_daemon.mcp.tool import ToolSpec
from paasq_daemon.mcp.tools.language import CHECK, SCHEMA
from paasq_daemon.mcp.tools.records import GET, HISTORY
from paasq_daemon.mcp.tools.retrieval import FIND, QUERY
from paasq_daemon.mcp.tools.writing import PATCH, REMEMBER

READING_TOOLS: tuple[ToolSpec, ...] = (FIND, QUERY, GET, HISTORY, SCHEMA, CHECK)
WRITING_TOOLS: tuple[ToolSpec, ...] = (REMEMBER, PATCH)
