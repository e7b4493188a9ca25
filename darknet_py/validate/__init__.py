"""`check DATA`: everything that is wrong with a data set."""
