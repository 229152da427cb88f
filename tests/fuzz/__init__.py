"""Rules files mutated at random, and the whole check of them."""
