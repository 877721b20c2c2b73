"""What `import tda_latent as tl` offers."""
