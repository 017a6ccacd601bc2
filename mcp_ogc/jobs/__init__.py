"""Submissions and jobs: remembered, followed, explained."""
