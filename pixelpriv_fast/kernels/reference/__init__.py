"""numpy twins of every kernel: the definitions."""
