"""Mutants: small mistakes that people make, put into copies of the tree to see the suite fail; `make mutants`.

To add one, write into the list of its part (money, client, bulk, emulator, generated, contract) a line such as
`money("twice", Swap("is_repeatable", old="return A", new="return True"), "an order is sent twice", ("test_retry",))`:
an id, the edit, what it costs a user, and the names of the test modules most likely to see it. `Swap` exchanges syntax
(a capital letter is any expression, `...` any rest), `Lose` forgets one of several, `Entry` changes a value of a table,
`Text` a piece of SQL. `python -m pytest tests/repository/test_mutants.py` says whether it fits, `make mutants ONLY=id`
whether it dies. A definition is found by its name wherever it lies; rows of `tables.py` and limits derive themselves.
"""
