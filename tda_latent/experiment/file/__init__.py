"""The experiment file: YAML with positions, merged documents, keys and types, claims."""
