"""What a message costs: channels against the queues of the standard library and of other packages."""
