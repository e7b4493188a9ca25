"""Networks on a processor in C++ of our own, which the machine's compiler builds once."""
