"""PURE: a file against its model: every error with its place, and what is sound is kept."""
