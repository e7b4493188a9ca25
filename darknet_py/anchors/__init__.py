"""`calc_anchors`: anchors for a data set, and a cfg with them."""
