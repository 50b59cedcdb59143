"""The parameters of the kinds of source, by what they read."""
