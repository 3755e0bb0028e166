"""The paasq language: text in, bound plan and diagnostics out. Pure: no files, no sockets, no numpy."""
