"""int8: which values a network takes on images of a data set, and what mAP their rounding costs."""
