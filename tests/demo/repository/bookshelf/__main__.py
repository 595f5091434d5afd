from bookshelf.app import serve

serve()
