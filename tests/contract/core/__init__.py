"""What a contract suite needs that knows no API: it takes any OpenAPI 3.1 document as a dictionary."""
