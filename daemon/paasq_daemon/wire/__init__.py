"""Messages, values, frames, errors and the client: all of the daemon that an editor or a program may import."""
