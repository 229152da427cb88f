"""Plumbing without a domain noun: what every service's shell is made of."""
