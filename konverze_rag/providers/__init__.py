"""Language and embedding models behind the protocols `ChatModel` and `Embedder`.

Import from the modules: `e5.E5Embedder` (offline), `openai_chat.OpenAIChat`, `openai_embeddings.OpenAIEmbedder`,
`tiktoken_offline.TokenCounter`. Nothing is imported here, so that an engine pays only for the providers it uses.
"""
