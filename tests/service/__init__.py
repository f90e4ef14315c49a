"""The contract suite against a running service: `make contract` and `make contract-live`."""
