"""Scores answers on labelled visits: orders, lists, medication names, and what the service claims about itself."""
