"""Deciding that something is the matter, telling people about it once, and the schedule of it all."""
