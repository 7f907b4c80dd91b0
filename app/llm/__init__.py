"""The model seam: one OpenAI client, whose transport is the network or a provider inside this process."""
