"""Tests: through the front door first, with a real PostgreSQL and a scripted provider behind the real client."""
