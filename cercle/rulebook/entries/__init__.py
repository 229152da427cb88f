"""PURE: what the models of all rules files share: entries, the language's small words, their validation."""
