"""An Azure OpenAI stand-in over HTTP, for a laptop without cloud and without an LLM.

Every answer is computed from the request: the teacher and the judge by rules, the baseline by
BM25, a fine-tuned student by a ranker that was really trained on the uploaded file. Nothing is
canned, and nothing here is ever deployed. Start it with `python -m local.models`.
"""
