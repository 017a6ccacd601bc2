"""Inputs of a process: what they take, what was given instead, and what was probably meant."""
