"""The language server: the editors' protocol in, features out. The only file that knows pygls."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import to_fs_path

from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.binder.incremental import IncrementalChecker
from paasq_dsl.catalog import Catalog
from paasq_dsl.modules import NO_MODULES, ModuleProvider
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.daemon_client import DaemonClient
from paasq_editor.features.code_actions import code_actions
from paasq_editor.features.code_lens import code_lenses
from paasq_editor.features.completion import TRIGGERS, completion
from paasq_editor.features.definition import definition
from paasq_editor.features.diagnostics import diagnostics
from paasq_editor.features.document_links import document_links
from paasq_editor.features.document_symbols import document_symbols
from paasq_editor.features.formatting import formatting
from paasq_editor.features.hover import hover
from paasq_editor.features.signature_help import TRIGGERS as SIGNATURE_TRIGGERS
from paasq_editor.features.signature_help import signature
from paasq_editor.workspace import WorkspaceCatalog, workspace_texts

DEBOUNCE_S = 0.15  # errors are shown after a pause this long
SCHEMA_POLL_S = 3.0  # how often the store's schema is looked at, which others change


class Utf16Protocol(LanguageServerProtocol):
    """Counts columns in UTF-16 units with every editor, the one way that every editor knows."""

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Serves `initialize`; drops the editor's position encodings, so that pygls negotiates UTF-16."""
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from super().lsp_initialize(params))


class PaasqLanguageServer(LanguageServer):
    """Documents are sent whole: the language splits texts at other places than pygls splits lines."""

    def __init__(self, version: str, daemon: DaemonClient) -> None:
        super().__init__(
            "paasq", version, text_document_sync_kind=types.TextDocumentSyncKind.Full, protocol_cls=Utf16Protocol
        )
        self.daemon = daemon
        self.surroundings = WorkspaceCatalog(daemon.catalog)
        self.waiting: dict[str, asyncio.TimerHandle] = {}
        self.analyses: dict[str, DocumentAnalysis] = {}
        self.checker = IncrementalChecker()
        self.following: asyncio.Task[None] | None = None  # held here, or it would be collected

    def text(self, uri: str) -> str:
        """The text of a document as the editor holds it."""
        return self.workspace.get_text_document(uri).source

    @property
    def open_texts(self) -> dict[Path, str]:
        """The texts of the open documents that are files, by path."""
        return {path: d.source for d in self.workspace.text_documents.values() if (path := _path(d.uri))}

    def catalog(self, uri: str) -> Catalog:
        """The catalog that a document is bound with: the store's, and the declarations of neighbouring files."""
        return self.surroundings.catalog(_path(uri), self.text(uri), self.open_texts)

    def modules(self, uri: str) -> ModuleProvider:
        """Modules around a document, read again each time; open ones as the editor holds them."""
        path = _path(uri)
        return ProjectModules(path, self.open_texts) if path else NO_MODULES

    def analysis(self, uri: str) -> DocumentAnalysis:
        """Of the document as it is; the last one is kept while neither text, catalog nor modules have changed."""
        text, catalog, modules = self.text(uri), self.catalog(uri), self.modules(uri)
        module_texts = modules.read_all(text) if isinstance(modules, ProjectModules) else {}
        known = self.analyses.get(uri)
        if known is None or (known.text, known.catalog, known.module_texts) != (text, catalog, module_texts):
            known = self.analyses[uri] = DocumentAnalysis(text, catalog, modules, module_texts, self.checker)
        return known

    def publish_diagnostics(self, uri: str) -> None:
        """Show the errors of a document."""
        self._forget(uri)
        document = self.workspace.text_documents.get(uri)
        if document is not None:  # it may have been closed since
            found = diagnostics(self.analysis(uri))
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, document.version))

    def publish_all_diagnostics(self) -> None:
        """Show the errors of all open documents: what one file declares others may use."""
        for uri in list(self.workspace.text_documents):
            self.publish_diagnostics(uri)

    async def poll_schema(self) -> None:
        """Publish diagnostics again when the store's catalog changes; runs until cancelled."""
        seen = self.daemon.catalog()
        while True:
            await asyncio.sleep(SCHEMA_POLL_S)
            if self.workspace.text_documents and (found := self.daemon.catalog()) != seen:
                seen = found
                self.publish_all_diagnostics()
                await self._refresh_lenses()

    async def _refresh_lenses(self) -> None:
        """Ask the editor to request code lenses again, which it does only at edits."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            await self.workspace_code_lens_refresh_async(None)

    def dependents(self, uri: str) -> list[str]:
        """The open documents that use this one as a module."""
        path = _path(uri)
        return [other for other, analysis in self.analyses.items() if path and analysis.imports(path)]

    def schedule_diagnostics(self, uri: str) -> None:
        """Publish the diagnostics after a pause of `DEBOUNCE_S`; a later call restarts the pause."""
        self._forget(uri)
        self.waiting[uri] = asyncio.get_running_loop().call_later(DEBOUNCE_S, self.publish_diagnostics, uri)

    def close_document(self, uri: str) -> None:
        """Serves `textDocument/didClose`: forgets the document's analysis and removes its diagnostics from the
        editor."""
        self._forget(uri)
        self.analyses.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _forget(self, uri: str) -> None:
        if (handle := self.waiting.pop(uri, None)) is not None:
            handle.cancel()


def serve(version: str, daemon: DaemonClient) -> None:
    """Serve the protocol over standard input and output, until the editor ends it."""
    server = PaasqLanguageServer(version, daemon)
    _documents(server)
    _answers(server)
    try:
        server.start_io()
    finally:
        daemon.close()


def _documents(server: PaasqLanguageServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.publish_diagnostics(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        for each in (uri, *server.dependents(uri)):
            server.schedule_diagnostics(each)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams) -> None:
        server.publish_all_diagnostics()

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        """Follow the store's schema; register for changes of files on disk, where the editor supports it."""
        server.following = asyncio.create_task(server.poll_schema())
        workspace = server.client_capabilities.workspace
        watching = workspace and workspace.did_change_watched_files
        if watching and watching.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*.paasq")])
            asked = types.Registration("paasq-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            await server.client_register_capability_async(types.RegistrationParams([asked]))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
        server.publish_all_diagnostics()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close_document(params.text_document.uri)


def _answers(server: PaasqLanguageServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=TRIGGERS))
    def completed(params: types.CompletionParams) -> types.CompletionList:
        uri = params.text_document.uri
        return completion(
            server.text(uri), params.position, server.catalog(uri), server.daemon.values, server.modules(uri)
        )

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        return hover(server.analysis(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(SIGNATURE_TRIGGERS))
    def signed(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        uri = params.text_document.uri
        return signature(server.text(uri), params.position, server.catalog(uri), server.modules(uri))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(params: types.DefinitionParams) -> types.Location | None:
        uri = params.text_document.uri
        path = _path(uri)
        beside = workspace_texts(path, server.open_texts) if path else {}
        return definition(uri, server.text(uri), params.position, server.catalog(uri), server.modules(uri), beside)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)
    def linked(params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        return document_links(server.analysis(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return formatting(server.text(params.text_document.uri))

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def acted(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        return code_actions(server.analysis(uri), uri, params.range)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lensed(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        return code_lenses(server.analysis(uri), uri)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return document_symbols(server.analysis(params.text_document.uri))


def _path(uri: str) -> Path | None:
    """None of a document that is no file yet."""
    found = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(found) if found else None
