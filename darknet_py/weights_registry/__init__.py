"""Pre-trained networks by name: where their files are published, and bringing them here."""
