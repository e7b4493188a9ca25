"""Images: where they come from, and what a network sees of them."""
