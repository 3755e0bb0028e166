"""The daemon around the engine: socket, connections, methods, limits, and where queries run."""
