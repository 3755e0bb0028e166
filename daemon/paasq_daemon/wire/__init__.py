"""Messages, values, frames, errors and the client: the only part of the daemon that editors and programs import."""
