"""medextract turns the transcript of a doctor-patient visit into a checked, reviewable list of what must happen next."""
