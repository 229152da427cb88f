"""Points: what members earned, hold and spent."""
