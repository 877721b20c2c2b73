"""Foreign TDA libraries behind one small adapter each: inputs gated, defaults spelled out, output normalised."""
