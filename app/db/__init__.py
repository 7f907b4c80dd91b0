"""PostgreSQL with pgvector: the engine, the tables, and the queries, one file a noun."""
