"""Bytes: framing says where a message starts and ends, listen serves it, tap looks at it on its way."""
