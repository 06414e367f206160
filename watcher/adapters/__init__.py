"""The world: one thin adapter for each library and each thing we talk to."""
