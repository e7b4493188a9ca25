"""The command line: Darknet's words, one function a word; imports happen inside the commands."""
