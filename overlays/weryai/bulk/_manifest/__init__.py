"""Which jobs there are to be: tables and folders, checked and loaded."""
