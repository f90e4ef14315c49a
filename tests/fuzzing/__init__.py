"""Other cases than those of every run, for as long as one likes; `make fuzz SECONDS=600`."""
