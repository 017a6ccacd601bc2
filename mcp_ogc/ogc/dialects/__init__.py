"""Kinds of servers, a file each."""
