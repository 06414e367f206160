"""The world, a package for each library and each thing we talk to. Import contracts hold their order."""
