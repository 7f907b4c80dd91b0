"""Who is who: API keys, bearer tokens of an identity provider, sessions, and how much each may ask for."""
