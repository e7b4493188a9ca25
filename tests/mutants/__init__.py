"""One-line mutants of the package, and what the tests notice of them: `make mutants`."""
