"""The host's plumbing, once: settings, cache, downloads, archives, wheels, locks and checksums."""
