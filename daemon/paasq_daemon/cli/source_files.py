"""The scripts that a command is given, and their modules."""

from __future__ import annotations

import sys
from pathlib import Path

from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.modules import NO_MODULES, ModuleResolver
from paasq_dsl.source_text import SourceText


def read_source(path: Path) -> SourceText:
    """A script by its path; `-` is standard input. Raises PaasqError where it cannot be read."""
    if str(path) == "-":
        return SourceText(sys.stdin.read().removeprefix("\ufeff"), "<stdin>")
    try:
        return SourceText(path.read_text(encoding="utf-8-sig"), str(path))
    except OSError as error:
        raise PaasqError(f"{path} cannot be read: {error.strerror}", "give the path of a readable file") from None
    except UnicodeDecodeError as error:
        raise PaasqError(f"{path} is not UTF-8 at byte {error.start + 1}", "save it as UTF-8") from None


def script_modules(source: SourceText) -> ModuleResolver:
    """Resolves the modules of a script in a file; none for standard input and typed text."""
    from paasq_daemon.wire.project_modules import ProjectModules

    return NO_MODULES if source.name.startswith("<") else ProjectModules(Path(source.name))


def collect_modules(source: SourceText) -> dict[str, str]:
    """The texts of all modules that a script uses, by path."""
    from paasq_daemon.wire.project_modules import ProjectModules

    return {} if source.name.startswith("<") else ProjectModules(Path(source.name)).read_all(source.text)
