"""`export`: a network written as a file of another format, and that file run and compared."""
