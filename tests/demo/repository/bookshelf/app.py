"""Routing: one request in, one status and one JSON document out.

`route` knows nothing of sockets, so tests call it directly; `serve` puts it behind http.server.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bookshelf.serialize import BadRequest, book_to_dict, books_to_dict, parse_book
from bookshelf.store import NotFound, Store

BOOK_PATH = re.compile(r"^/books/(\d+)$")


def route(store, method, target, body=b""):
    """Answers one request: (status, document). The document is None for an empty answer."""
    url = urlsplit(target)
    query = parse_qs(url.query, keep_blank_values=True)
    try:
        if url.path == "/books":
            return _books(store, method, query, body)
        if match := BOOK_PATH.match(url.path):
            return _book(store, method, int(match.group(1)))
        raise NotFound(f"nothing at {url.path}")
    except BadRequest as error:
        return 400, {"error": str(error)}
    except NotFound as error:
        return 404, {"error": str(error)}


def _books(store, method, query, body):
    if method == "GET":
        author = query.get("author", [None])[0]
        return 200, books_to_dict(store.all(author))
    if method == "POST":
        return 201, book_to_dict(store.add(*parse_book(body)))
    return 405, {"error": f"{method} is not allowed here"}


def _book(store, method, book_id):
    if method == "GET":
        return 200, book_to_dict(store.get(book_id))
    if method == "DELETE":
        store.remove(book_id)
        return 204, None
    return 405, {"error": f"{method} is not allowed here"}


def make_handler(store):
    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            status, document = route(store, self.command, self.path, self.rfile.read(length))
            payload = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_DELETE = _answer

    return Handler


def serve(host="127.0.0.1", port=8000):
    ThreadingHTTPServer((host, port), make_handler(Store())).serve_forever()
