"""The judge's metrics as ragas has them, each a function of an item.

The ratings from 1 to 5 follow Azure AI evaluation's groundedness and similarity evaluators, which
the RAFT talk reports, as rubrics of ragas:
https://learn.microsoft.com/azure/ai-foundry/concepts/evaluation-evaluators/rag-evaluators
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from shared.ports import JudgeItem

Scorer = Callable[[JudgeItem], Awaitable[Any]]

_RELEVANCY_QUESTIONS = 1  # at temperature 0 ragas' three askings are one and the same request
_GROUNDEDNESS = {
    "score1_description": "The response is about something else than the retrieved contexts.",
    "score2_description": "The response is on their subject and says nothing that they hold.",
    "score3_description": "Much of the response contradicts them or is not in them.",
    "score4_description": "The response is supported by them but for a minor part.",
    "score5_description": "Every statement of the response is supported by them.",
}
_SIMILARITY = {
    "score1_description": "The response does not mean what the reference means at all.",
    "score2_description": "The response means mostly something else than the reference.",
    "score3_description": "The response means about half of what the reference means.",
    "score4_description": "The response means mostly the same as the reference.",
    "score5_description": "The response means the same as the reference.",
}


def scorers(
    llm: Any, embeddings: Any, fetch: Callable[[Sequence[str]], Awaitable[None]]
) -> Mapping[str, Scorer]:
    """All metrics by name; imports ragas. `fetch` has the vectors of texts held, since ragas
    calls the *synchronous* embedding for similarity."""
    from ragas.metrics import collections as metrics

    faithfulness = metrics.Faithfulness(llm=llm)
    relevancy = metrics.AnswerRelevancy(
        llm=llm, embeddings=embeddings, strictness=_RELEVANCY_QUESTIONS
    )
    similarity = metrics.SemanticSimilarity(embeddings=embeddings)
    correctness = metrics.AnswerCorrectness(llm=llm, embeddings=embeddings)
    factual = metrics.FactualCorrectness(llm=llm)
    precision = metrics.ContextPrecision(llm=llm)
    grounded = metrics.DomainSpecificRubrics(llm=llm, rubrics=_GROUNDEDNESS)
    alike = metrics.DomainSpecificRubrics(llm=llm, rubrics=_SIMILARITY, with_reference=True)

    async def similar(item: JudgeItem) -> Any:
        await fetch([item.reference, item.answer])
        return await similarity.ascore(reference=item.reference, response=item.answer)

    return {
        "faithfulness": lambda item: faithfulness.ascore(
            user_input=item.question,
            response=item.answer,
            retrieved_contexts=list(item.contexts),
        ),
        "answer_relevancy": lambda item: relevancy.ascore(
            user_input=item.question, response=item.answer
        ),
        "semantic_similarity": similar,
        "answer_correctness": lambda item: correctness.ascore(
            user_input=item.question, response=item.answer, reference=item.reference
        ),
        "factual_correctness": lambda item: factual.ascore(
            response=item.answer, reference=item.reference
        ),
        "groundedness": lambda item: grounded.ascore(
            user_input=item.question,
            response=item.answer,
            retrieved_contexts=list(item.contexts),
        ),
        "similarity": lambda item: alike.ascore(
            user_input=item.question, response=item.answer, reference=item.reference
        ),
        "context_precision": lambda item: precision.ascore(
            user_input=item.question,
            reference=item.reference,
            retrieved_contexts=list(item.contexts),
        ),
    }
