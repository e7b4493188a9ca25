"""How fast networks run: engines side by side, parts, layers, and Darknet's own speed and ops."""
