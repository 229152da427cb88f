"""The tests; `make test` runs all of them, part by part (parts.py)."""
