"""Work beside the requests: batches, evaluation and upkeep, started from the command line."""
