"""The HTTP contract: thin routes over the extraction pipeline and the stored records."""
