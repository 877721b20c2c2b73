"""How far apart two results or two clouds are; one component a file."""
