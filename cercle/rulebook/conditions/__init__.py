"""PURE: conditions: CEL in the marketers' words, checked, evaluated many at once, and explained."""
