"""Books to JSON and back."""

import json


class BadRequest(Exception):
    """The client sent something that cannot be understood."""


def book_to_dict(book):
    return {"id": book.id, "title": book.title, "author": book.author, "year": book.year}


def books_to_dict(books):
    return {"items": [book_to_dict(book) for book in books]}


def parse_book(body):
    """The fields of a new book from a request body; BadRequest names what is wrong."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadRequest("the body must be an object")
    for name, kind in (("title", str), ("author", str), ("year", int)):
        if not isinstance(data.get(name), kind):
            raise BadRequest(f"'{name}' must be a {kind.__name__}")
    return data["title"], data["author"], data["year"]
