"""The flavours of channels, one file each: how messages are kept, and when there is one."""
