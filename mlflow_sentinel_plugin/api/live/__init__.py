"""Live updates: ``/ws/live`` tells open pages what the leader did, as it does it.

One thread per worker follows the stream (``feed``); each socket knows how far it got and what its user may
see (``viewer``). The handshake is a request to Sentinel's own app (``socket``), so it passes the same checks
as any other; under uvicorn an ASGI route brings it there (``asgi``), under gunicorn it arrives by itself.
"""
