"""The course, in lesson order.

request_response    1  ask once: where a request starts, where it ends
"""
