"""Result files: what `valid`, `map` and `detect` write, and reading it back."""
