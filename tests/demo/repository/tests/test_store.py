import unittest

from bookshelf.store import NotFound, Store


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.store = Store()
        self.first = self.store.add("Dune", "Frank Herbert", 1965)
        self.second = self.store.add("Emma", "Jane Austen", 1815)

    def test_ids_count_up(self):
        self.assertEqual([self.first.id, self.second.id], [1, 2])

    def test_all_keeps_the_order(self):
        self.assertEqual(self.store.all(), [self.first, self.second])

    def test_all_by_author(self):
        self.assertEqual(self.store.all(author="Jane Austen"), [self.second])

    def test_get_and_remove(self):
        self.store.remove(1)
        with self.assertRaises(NotFound):
            self.store.get(1)
        self.assertEqual(self.store.get(2), self.second)


if __name__ == "__main__":
    unittest.main()
