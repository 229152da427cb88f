"""PURE: a rules file as text: YAML read with places, and what is wrong with it as a text."""
