"""Offers: what the club gives its members."""
