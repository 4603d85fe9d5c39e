"""What straightened lines say: inputs of the network, long lines in segments, decoding."""
