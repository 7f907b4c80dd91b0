"""Tests of the pages: what is served, and what a real browser makes of it."""
