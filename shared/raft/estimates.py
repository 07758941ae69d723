"""What a run is expected to pay for, from the sizes of its chunks: calls, tokens and dollars.

A guess for deciding, never an account: the run's spend is summed from what the services bill.
The tokens that prompts add to their documents and the lengths of replies were measured on the
samples; a language model's answers may be longer. Docs say how far off the estimate was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts import Estimate, Stage, StageCost
from shared.raft.costs import PriceTable
from shared.raft.metrics import CLOSED_BOOK, CONTEXT_PRECISION, NO_ORACLE, OPEN_BOOK, RETRIEVED

_QUESTIONS_WRAP = 280  # prompt tokens around the chunk when questions are asked for
_ANSWER_WRAP = 160  # and when one question is put
_STUDENT_WRAP = 170
_QUESTION = 28  # tokens of one question in the reply
_ANSWER = 110  # of a reasoned answer
_SHORT_ANSWER = 60  # of an answer that is an abstention more often than not
_QUOTES = 60
_UNDECIDED = 0.3  # share of answers whose support is asked for
_VERIFIED = 0.75  # share of questions that become examples
USUAL_EPOCHS = 3  # what the service takes when none are asked for, on small files
_CALLS_OF = {  # of a judge metric, for one answer; its embeddings cost next to nothing
    "faithfulness": 2,
    "answer_relevancy": 1,
    "answer_correctness": 3,
    "factual_correctness": 4,
    "groundedness": 1,
    "similarity": 1,
}
_JUDGE_PROMPT, _JUDGE_REPLY = 1_000, 100


@dataclass(frozen=True)
class Workload:
    """What of a run's spec decides how much it asks of models."""

    questions: int
    qa_threshold: int | None
    distractors: int
    support: bool
    round_trip: bool
    check_distractors: bool
    train_share: float
    test_share: float
    settings: Sequence[str]
    sweep: Sequence[int]
    top_k: int
    sample: int
    judge_sample: int
    judge_repeats: float
    judge_metrics: Sequence[str]
    student: str
    epochs: int | None  # of all jobs that make the student, together
    own_answers: bool = False  # the baseline answers what is trained on
    sku: str = ""
    hosted_hours: float = 0.0


def estimate_run(
    work: Workload, chunk_tokens: Sequence[int], models: Mapping[str, str], prices: PriceTable
) -> Estimate:
    """Expected cost of the stages after ingest. `models` names the model of each role, lower
    case (teacher, judge, baseline, student, embedding); one without a price costs nothing."""
    chunks = len(chunk_tokens)
    mean = sum(chunk_tokens) / chunks if chunks else 0.0
    asked = min(chunks * work.questions, _of_threshold(work, chunks))
    examples = round(asked * _VERIFIED)
    shown = (work.distractors + 1) * mean
    one = asked / chunks if chunks else 0.0  # questions answered of a chunk

    def cost(role: str, calls: float, prompt: float, reply: float) -> StageCost:
        count = round(calls)
        tokens = round(calls * prompt), round(calls * reply)
        usd = prices.call_cost(models.get(role, ""), *tokens)
        return StageCost(0, count, *tokens, usd)

    generate = [
        cost("teacher", chunks, mean + _QUESTIONS_WRAP, work.questions * _QUESTION),
        cost("teacher", chunks * one, mean + _ANSWER_WRAP, _ANSWER),
    ]
    if work.support:
        generate.append(cost("judge", asked * _UNDECIDED, _ANSWER_WRAP + _QUOTES, _SHORT_ANSWER))
    if work.round_trip:
        generate.append(cost("judge", asked, mean + _ANSWER_WRAP, _ANSWER))
    dataset = [cost("embedding", examples / 100, 100 * _QUESTION, 0)]
    if work.check_distractors and work.distractors:
        dataset.append(cost("judge", examples, shown + _ANSWER_WRAP, _SHORT_ANSWER))
    tests = round(examples * work.test_share)
    learned = examples - tests
    row = shown + _STUDENT_WRAP
    if work.own_answers:
        dataset.append(cost("baseline", learned, row, _ANSWER))
    answers, read = _answers(work, tests, mean)
    a_prompt = read / answers if answers else 0.0
    evaluate = [
        cost("baseline", answers, a_prompt, _ANSWER),
        cost("student", answers, a_prompt, _ANSWER),
        cost("judge", _judge_calls(work, tests), _JUDGE_PROMPT, _JUDGE_REPLY),
    ]
    trained = round(examples * work.train_share * (row + _ANSWER)) * (work.epochs or USUAL_EPOCHS)
    train = StageCost(1, 1, trained, 0, prices.training_cost(work.student, trained))
    hosting = prices.hosting_cost(models.get("student", ""), work.sku, work.hosted_hours)
    return Estimate(
        {
            Stage.GENERATE.value: _sum(chunks, generate),
            Stage.DATASET.value: _sum(-(-examples // 10), dataset),
            Stage.TRAIN.value: train,
            Stage.DEPLOY.value: StageCost(items=1, usd=hosting),
            Stage.EVALUATE.value: _sum(2 * answers, evaluate),
        }
    )


def _answers(work: Workload, tests: int, chunk: float) -> tuple[int, float]:
    """Each model's answers over all settings, and the tokens of their prompts."""
    sampled = min(tests, work.sample)
    shown = {
        OPEN_BOOK: work.distractors + 1,
        NO_ORACLE: work.distractors + 1,
        RETRIEVED: work.top_k,
        CLOSED_BOOK: 0,
    }
    asked = [(tests if name == OPEN_BOOK else sampled, shown[name]) for name in work.settings]
    asked += [(sampled, count + 1) for count in work.sweep]
    tokens = sum(rows * (documents * chunk + _STUDENT_WRAP) for rows, documents in asked)
    return sum(rows for rows, _ in asked), tokens


def _judge_calls(work: Workload, tests: int) -> float:
    """Over both models' judged answers."""
    each = sum(_CALLS_OF.get(name, 0) for name in work.judge_metrics)
    judged = min(tests, work.judge_sample)
    calls = 0.0
    if OPEN_BOOK in work.settings:
        calls += 2 * judged * (1 + work.judge_repeats) * each
    if RETRIEVED in work.settings:
        rows = min(judged, work.sample)
        calls += 2 * rows * each + rows * work.top_k * (CONTEXT_PRECISION in work.judge_metrics)
    return calls


def _of_threshold(work: Workload, chunks: int) -> int:
    """Questions that have to be asked for as many examples as the spec wants."""
    if work.qa_threshold is None:
        return chunks * work.questions
    return round(work.qa_threshold / _VERIFIED)


def _sum(items: int, costs: Sequence[StageCost]) -> StageCost:
    return StageCost(
        items,
        sum(cost.calls for cost in costs),
        sum(cost.prompt_tokens for cost in costs),
        sum(cost.completion_tokens for cost in costs),
        round(sum(cost.usd for cost in costs), 6),
    )
