"""The offline provider: an OpenAI-compatible server made of a rules engine and static word vectors."""
