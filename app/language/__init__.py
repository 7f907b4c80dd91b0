"""What clinicians and patients say, read without a model: turns, clauses, numbers, doses, drugs, due phrases."""
