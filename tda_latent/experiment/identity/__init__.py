"""What makes two tasks the same: keys, digests of code, streams of chance."""
