"""Exercises and the ideas behind wrong answers."""
