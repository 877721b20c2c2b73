"""Components for tda_latent from outside: how far the points of a cloud lie from its middle."""
