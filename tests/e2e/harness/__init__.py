"""What the end-to-end tests stand on: services, processes, configuration, load, and the oracle."""
