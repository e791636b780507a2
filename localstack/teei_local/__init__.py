"""The launcher of the local cloud: everything behind the targets of the Makefile."""
