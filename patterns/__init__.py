"""The course, in lesson order.

request_response    1  ask once: where a request starts, where it ends
sync_async          2  who waits: caller, thread, or nobody
"""
