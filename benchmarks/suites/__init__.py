"""What is measured: one module a suite, each a function ``cells(quick) -> cells`` that says who meets on what."""
