"""The line that `paasq shell` reads: history, completion, several lines up to a `;`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, InMemoryHistory

from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.language_service import complete


class Prompt:
    """Reads statements at a terminal, with Tab completion."""

    def __init__(self, database: Database, history: Path | None) -> None:
        """`history` is the file that keeps what was typed; None keeps it for this session."""
        self._session: PromptSession[str] = PromptSession(
            "paasq> ",
            multiline=Condition(_goes_on),
            prompt_continuation="  ...> ",
            history=FileHistory(str(history)) if history else InMemoryHistory(),
            completer=ThreadedCompleter(PromptCompleter(database)),
            complete_while_typing=False,
        )

    def read(self) -> str | None:
        """Statements up to a closing `;`; None at the end of the input."""
        while True:
            try:
                text = self._session.prompt()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None
            if text.strip(" ;\n"):
                return text


def _goes_on() -> bool:
    text = get_app().current_buffer.text.strip()
    return bool(text) and not text.endswith(";")


class PromptCompleter(Completer):
    """Offers what the editor offers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """In a thread of its own, as ThreadedCompleter runs it. Nothing is offered where the daemon is gone."""
        del complete_event  # asked for by Tab or not, the same is offered
        try:
            catalog = self._database.catalog()
            offered = complete(document.text, document.cursor_position, catalog, self._database.values)
        except PaasqError:  # the daemon may have gone: the next statement says so
            return
        for each in offered:
            yield Completion(each.insert_text, each.span.start - document.cursor_position, each.label, each.detail)
