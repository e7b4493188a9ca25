"""Go: the rules, the moves a network finds best, the text protocol, games of two."""
