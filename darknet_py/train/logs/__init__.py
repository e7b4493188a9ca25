"""What a training prints, writes and draws while it runs."""
