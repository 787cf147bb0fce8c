"""Parts of decoders, computed faster: the same numbers to the precision of their format."""
