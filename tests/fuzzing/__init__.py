"""What a machine sends when it reads our OpenAPI document."""
