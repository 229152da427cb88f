"""Badges: what members achieved, and where they stand."""
