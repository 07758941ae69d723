"""The judge behind the real ragas metrics, over HTTP."""

import os

import openai
import pytest

from tests.local.models.support import Server

os.environ["RAGAS_DO_NOT_TRACK"] = "true"

CONTEXT = [
    "The Everyday Account has a monthly fee of $5. The fee is waived if the balance stays above "
    "$2,000. Customers can withdraw up to $500 per day at any machine."
]
QUESTION = "How much can customers withdraw per day?"
GOOD = "Customers can withdraw up to $500 per day."
WRONG = "Customers can withdraw up to $900 per day from the savings desk in Toronto."


class Embeddings:
    """What ragas asks of an embedding model: a call that blocks and one that does not."""

    def __init__(self, server: Server) -> None:
        self.client = server.client()

    def embed_text(self, text: str, **options: object) -> list[float]:
        return self.client.embeddings.create(model="embedding", input=text).data[0].embedding

    async def aembed_text(self, text: str, **options: object) -> list[float]:
        return self.embed_text(text)


@pytest.mark.filterwarnings("ignore")
async def test_ragas_metrics_prefer_the_better_answer(server: Server) -> None:
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.llms import llm_factory
    from ragas.metrics import collections as metrics

    class Local(Embeddings, BaseRagasEmbedding):
        pass

    client = openai.AsyncOpenAI(base_url=f"{server.url}/openai/v1/", api_key="local")
    llm = llm_factory("judge", client=client, max_tokens=4096, temperature=0)
    vectors = Local(server)

    async def faithful(answer: str) -> float:
        metric = metrics.Faithfulness(llm=llm)
        result = await metric.ascore(
            user_input=QUESTION, response=answer, retrieved_contexts=CONTEXT
        )
        return result.value

    async def relevant(answer: str) -> float:
        metric = metrics.AnswerRelevancy(llm=llm, embeddings=vectors)
        return (await metric.ascore(user_input=QUESTION, response=answer)).value

    async def similar(answer: str) -> float:
        metric = metrics.SemanticSimilarity(embeddings=vectors)
        return (await metric.ascore(reference=GOOD, response=answer)).value

    async def correct(answer: str) -> float:
        metric = metrics.AnswerCorrectness(llm=llm, embeddings=vectors)
        result = await metric.ascore(user_input=QUESTION, response=answer, reference=GOOD)
        return result.value

    async def factual(answer: str) -> float:
        metric = metrics.FactualCorrectness(llm=llm)
        return (await metric.ascore(response=answer, reference=GOOD)).value

    async def accurate(answer: str) -> float:
        metric = metrics.AnswerAccuracy(llm=llm)
        result = await metric.ascore(user_input=QUESTION, response=answer, reference=GOOD)
        return result.value

    async def grounded(answer: str) -> float:
        metric = metrics.ResponseGroundedness(llm=llm)
        return (await metric.ascore(response=answer, retrieved_contexts=CONTEXT)).value

    raft = f"The document says: ##begin_quote##{GOOD}##end_quote##\n<ANSWER>: up to $500 per day"
    other = "The sun is a star that shines on the beach."
    for measure in (faithful, correct, factual, accurate, grounded):
        assert await measure(GOOD) >= 0.9 > 0.5 >= await measure(WRONG), measure.__name__
    assert await faithful(raft) == 1.0
    assert await similar(GOOD) > await similar(other) + 0.5
    assert await relevant(GOOD) > await relevant(other) + 0.3
    assert await relevant("<ANSWER>: I cannot answer this from the documents.") == 0.0
    await client.close()


@pytest.mark.filterwarnings("ignore")
async def test_ragas_context_metrics(server: Server) -> None:
    from ragas.llms import llm_factory
    from ragas.metrics import collections as metrics

    client = openai.AsyncOpenAI(base_url=f"{server.url}/openai/v1/", api_key="local")
    llm = llm_factory("judge", client=client, max_tokens=4096, temperature=0)
    noise = "Bats sleep in caves during the day."

    async def precision(contexts: list[str]) -> float:
        metric = metrics.ContextPrecision(llm=llm)
        result = await metric.ascore(
            user_input=QUESTION, reference=GOOD, retrieved_contexts=contexts
        )
        return result.value

    async def recall(contexts: list[str]) -> float:
        metric = metrics.ContextRecall(llm=llm)
        result = await metric.ascore(
            user_input=QUESTION, reference=GOOD, retrieved_contexts=contexts
        )
        return result.value

    assert await precision([*CONTEXT, noise]) > await precision([noise, *CONTEXT]) > 0
    assert await recall(CONTEXT) == 1.0
    assert await recall([noise]) == 0.0
    await client.close()
