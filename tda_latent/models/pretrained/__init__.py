"""Networks with published weights, or the same networks with random ones: architectures of ours, weights from files."""
