"""The commands under `weryai bulk`."""
