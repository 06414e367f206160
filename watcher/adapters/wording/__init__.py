"""What lines of logs and words of errors say, in neutral values. Pure."""
