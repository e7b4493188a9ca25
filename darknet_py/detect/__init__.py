"""Detection: pictures in, boxes out."""
