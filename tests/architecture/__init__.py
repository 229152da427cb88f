"""What keeps the architecture: imports, generated code, the files themselves."""
