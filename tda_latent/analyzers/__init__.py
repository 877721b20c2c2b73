"""What is measured on a cloud or on an earlier result; one component a file."""
