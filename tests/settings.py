"""Settings that most tests share."""

import konverze_rag as kr

OFFLINE = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="none", loader_workers=0)
"""No model, search by words; files are read in this process: a worker takes longer to start than most tests to run."""
