"""PURE: the words that the domains of all services share."""
