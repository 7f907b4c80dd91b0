"""medextract: from the transcript of a doctor-patient visit to a checked, reviewable list of what must happen next."""

__version__ = "0.1.0"
