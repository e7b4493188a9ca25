"""`advise` and `new-cfg`: what suits a data set, and a cfg that is made for it."""
