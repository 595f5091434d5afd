import json
import unittest

from bookshelf.app import route
from bookshelf.store import Store


class RouteTest(unittest.TestCase):
    def setUp(self):
        self.store = Store()
        self.store.add("Dune", "Frank Herbert", 1965)
        self.store.add("Emma", "Jane Austen", 1815)

    def test_list(self):
        status, document = route(self.store, "GET", "/books")
        self.assertEqual(status, 200)
        self.assertEqual([book["title"] for book in document["items"]], ["Dune", "Emma"])

    def test_list_by_author(self):
        _, document = route(self.store, "GET", "/books?author=Jane+Austen")
        self.assertEqual([book["id"] for book in document["items"]], [2])

    def test_one_book(self):
        status, document = route(self.store, "GET", "/books/1")
        self.assertEqual((status, document["author"]), (200, "Frank Herbert"))

    def test_create(self):
        body = json.dumps({"title": "Ulysses", "author": "James Joyce", "year": 1922})
        status, document = route(self.store, "POST", "/books", body)
        self.assertEqual((status, document["id"]), (201, 3))

    def test_delete(self):
        self.assertEqual(route(self.store, "DELETE", "/books/2"), (204, None))
        self.assertEqual(route(self.store, "GET", "/books/2")[0], 404)

    def test_bad_body(self):
        for body in (b"{", b"[]", b'{"title": 1, "author": "x", "year": 1}'):
            with self.subTest(body=body):
                self.assertEqual(route(self.store, "POST", "/books", body)[0], 400)

    def test_unknown_path_and_method(self):
        self.assertEqual(route(self.store, "GET", "/films")[0], 404)
        self.assertEqual(route(self.store, "PUT", "/books")[0], 405)


if __name__ == "__main__":
    unittest.main()
