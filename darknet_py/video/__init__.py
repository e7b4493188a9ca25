"""Moving images: what becomes of the results frame by frame, and Darknet's `demo`."""
