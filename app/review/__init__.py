"""What a clinician does with an extraction: decisions on its items, the signature, and what comes of it."""
