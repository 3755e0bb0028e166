"""What an owner may set: one registry, from which the file, the environment, the command line and the manual are read."""
