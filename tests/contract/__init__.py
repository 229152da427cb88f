"""What every implementation of a port must do: the same tests on each of them."""
