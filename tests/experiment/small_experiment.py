"""The text of a small experiment: two clouds of known topology, two replicates, one claim."""

SMALL = """\
format: tda-latent/experiment@1
name: small
seed: 7
models:
  circle: {use: circle, size: 60, noise: 0.05}
  clusters: {use: clusters, size: 60}
axes: {replicates: 2}
sample: {size: 40}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  spectrum: {use: spectrum}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
expect:
  - {claim: A circle differs from clusters, that: "between(bottleneck, circle, clusters) > within(bottleneck)"}
"""
