"""Runs a Lambda zip as a local process, with or without LocalStack.

`sandbox` and what it imports use the standard library only; `plugin`,
`executor` and `assignment` are the part that knows LocalStack.
"""
