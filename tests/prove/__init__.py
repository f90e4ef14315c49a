"""`make prove`: bulk runs that are killed again and again, judged by whoever sends the bill."""
