"""Images with labels: what networks are trained and measured on."""
