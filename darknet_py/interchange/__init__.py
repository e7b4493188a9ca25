"""Data sets of boxes as other programs write them: read, written as Darknet's, written back."""
