"""Tests under the names that the lessons give them: what the shipped models read, offline."""
