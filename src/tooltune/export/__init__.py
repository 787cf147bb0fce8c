"""What a run leaves behind: adapter, tokenizer, merged weights, manifest."""
