"""Bookshelf: a small HTTP API over a list of books."""
