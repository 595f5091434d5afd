"""Where the books are kept: in memory, in the order in which they were added."""

from dataclasses import dataclass


class NotFound(Exception):
    """No book with that id."""


@dataclass(frozen=True)
class Book:
    id: int
    title: str
    author: str
    year: int


class Store:
    def __init__(self):
        self._books = []
        self._next_id = 1

    def add(self, title, author, year):
        book = Book(self._next_id, title, author, year)
        self._next_id += 1
        self._books.append(book)
        return book

    def get(self, book_id):
        for book in self._books:
            if book.id == book_id:
                return book
        raise NotFound(f"no book with id {book_id}")

    def remove(self, book_id):
        self._books.remove(self.get(book_id))

    def all(self, author=None):
        """Every book, or those of one author, oldest entry first."""
        return [book for book in self._books if author is None or book.author == author]
