"""Pictures from files, folders and streams to pixels, bounded in memory and turned upright."""
