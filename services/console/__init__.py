"""The command `cercle`: runs a club, feeds it, looks into it, mends it."""
