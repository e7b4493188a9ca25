"""Recurrent nets on texts: writing them and measuring how well they are predicted."""
