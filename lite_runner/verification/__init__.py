"""Proof that a deployment works: models are probed, and the golden picture reads as it should."""
