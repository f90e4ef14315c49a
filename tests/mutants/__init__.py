"""Mutants: small mistakes that people make, put into copies of the tree to see the suite fail; `make mutants`."""
