"""What leaves the service after a review, in the form that its reader needs: JSON, a table, a letter, a FHIR bundle."""
