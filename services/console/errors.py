"""How a command ends that cannot do what it was asked."""

INTERRUPTED = 130
TERMINATED = 143


class CommandError(Exception):
    """A command cannot do what it was asked; the text is a sentence with what to do next."""
