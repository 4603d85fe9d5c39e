"""Proof that a deployment works: models are tried, and the golden picture reads as it should."""
