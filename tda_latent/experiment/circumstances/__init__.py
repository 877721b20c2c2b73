"""Where a result was computed: environment, git, hardware."""
