"""What Sentinel asks of the server's login: one adapter for each login it knows."""
