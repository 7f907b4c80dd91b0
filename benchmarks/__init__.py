"""Measures the service beside a floor handler and a sequential baseline, in one run on one machine."""
