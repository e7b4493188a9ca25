"""What a bug report needs to say of a machine and of what is installed on it, and a self-test."""
