"""Measures how the service's phases grow with the visits that are stored, of others and of one's own."""
