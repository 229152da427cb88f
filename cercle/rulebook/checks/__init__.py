"""PURE: what is checked between files, and what is sound but hardly meant: one module a check."""
