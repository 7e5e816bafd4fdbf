"""The course, in lesson order.

request_response    1  ask once: where a request starts, where it ends
sync_async          2  who waits: caller, thread, or nobody
push                3  the server speaks first
short_polling       4  take a handle, ask again, nap in between
long_polling        5  the server holds the question until it has an answer
purgatory           6  a million held questions: Kafka's broker in small
"""
