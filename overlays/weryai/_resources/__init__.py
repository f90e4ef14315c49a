"""What a client can do, one file per `client.x`."""
