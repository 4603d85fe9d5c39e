"""Where published files come from: folders, mirrors, the model host, the package index."""
