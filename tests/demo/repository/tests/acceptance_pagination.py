"""What "pagination" means to us. Red until it is there; not part of the ordinary suite.

    python3 -m unittest -q tests.acceptance_pagination
"""

import unittest

from bookshelf.app import route
from bookshelf.store import Store


class PaginationTest(unittest.TestCase):
    def setUp(self):
        self.store = Store()
        for number in range(1, 26):
            self.store.add(f"Book {number}", "Odd" if number % 2 else "Even", 2000 + number)

    def page(self, target):
        status, document = route(self.store, "GET", target)
        self.assertEqual(status, 200, document)
        return document

    def ids(self, document):
        return [book["id"] for book in document["items"]]

    def test_ten_books_by_default(self):
        document = self.page("/books")
        self.assertEqual(self.ids(document), list(range(1, 11)))
        self.assertEqual(
            (document["total"], document["limit"], document["offset"]), (25, 10, 0)
        )

    def test_following_next_reaches_every_book_once(self):
        seen, target = [], "/books?limit=7"
        while target:
            document = self.page(target)
            seen += self.ids(document)
            target = document["next"]
        self.assertEqual(seen, list(range(1, 26)))

    def test_the_filter_survives_the_next_page(self):
        document = self.page("/books?author=Even&limit=5")
        self.assertEqual((document["total"], self.ids(document)), (12, [2, 4, 6, 8, 10]))
        self.assertEqual(self.ids(self.page(document["next"])), [12, 14, 16, 18, 20])

    def test_behind_the_end_is_an_empty_page(self):
        document = self.page("/books?offset=25")
        self.assertEqual((document["items"], document["next"]), ([], None))

    def test_what_is_no_number_is_refused(self):
        self.assertEqual(route(self.store, "GET", "/books?limit=many")[0], 400)


if __name__ == "__main__":
    unittest.main()
