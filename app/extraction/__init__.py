"""The way of a request, one file a phase; `pipeline.py` tells the whole story."""
