"""Plays the judge: answers the JSON-mode prompts of the ragas metrics by rule.

The schema's title in the prompt tells the step, the JSON object after the last "Now perform the
same with the following input" is its input. Each reply is bare JSON with real integers.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from local.models.dataset import QUOTE, REFUSAL
from local.models.entailment import Verdict, entails
from local.models.prompts import message_text
from local.models.questions import find_questions
from local.models.units import HEADING, read_units
from local.models.words import content_stems, words

MARKER = "Now perform the same with the following input"
PROCESS = re.compile(
    r"^(?:to answer|step \d|first,? |next,? |finally,? |let's|therefore,? the answer is|identify"
    r"|look for|the (?:question|document|passage) (?:asks|says)|the (?:relevant )?sentence\b.*:$"
    r"|the sentence closest|this (?:sentence|clearly|answers)|none of the documents|no document)",
    re.I,
)
Values = dict[str, Any]


def _schema_title(messages: list[Values]) -> str | None:
    """The title of the first JSON schema in the prompt that is one of ours."""
    decoder = json.JSONDecoder()
    for message in messages:
        text = message_text(message.get("content"))
        for match in re.finditer(r"\{\s*\"", text):
            try:
                value, _ = decoder.raw_decode(text, match.start())
            except ValueError:
                continue
            if isinstance(value, dict) and value.get("title") in STEPS:
                return str(value["title"])
    return None


def _input(messages: list[Values]) -> Values | None:
    """The JSON object that the prompt asks about."""
    for message in reversed(messages):
        text = message_text(message.get("content"))
        _, marker, rest = text.rpartition(MARKER)
        at = rest.find("{")
        if marker and at >= 0:
            try:
                value, _ = json.JSONDecoder().raw_decode(rest, at)
            except ValueError:
                return None
            return value if isinstance(value, dict) else None
    return None


def reply(messages: list[Values]) -> str | None:
    """The judge's JSON, or None if the messages are no judging prompt."""
    if not any(MARKER in message_text(m.get("content")) for m in messages):
        return None
    title, given = _schema_title(messages), _input(messages)
    if title is None or given is None:
        return None
    return json.dumps(STEPS[title](given), ensure_ascii=False)


def statements(text: str, question: str = "") -> list[str]:
    """What a response states: its quotes and sentences, without talk about the procedure."""
    final = text.rsplit("<ANSWER>:", 1)[-1].strip() if "<ANSWER>:" in text else ""
    body = text.rsplit("<ANSWER>:", 1)[0] if final else text
    pieces = [*QUOTE.findall(body), QUOTE.sub("\n\n", body)]
    found: list[str] = []
    for piece in pieces:
        for unit in read_units(piece.strip()):
            if unit.kind != HEADING and not PROCESS.match(unit.plain):
                found.append(unit.plain)
    if not found:
        found = [unit.plain for unit in read_units(text) if not PROCESS.match(unit.plain)]
    if final and final != text.strip():
        found.append(_full(final, question))
    elif len(found) == 1:
        found = [_full(found[0], question)]
    return list(dict.fromkeys(item for item in found if content_stems(item) or words(item)))


def _full(answer: str, question: str) -> str:
    """A bare phrase is joined to its question, so that it states something."""
    if len(words(answer)) > 6 or not question or REFUSAL.search(answer):
        return answer
    topic = re.sub(
        r"^(?:what|which|who|where|when|why|how)(?: (?:much|many|long|soon))?"
        r"(?: (?:is|are|was|were|does|do|did|can|will|must))?\s+",
        "",
        question.rstrip("? "),
        flags=re.I,
    )
    return f"{topic}: {answer}"


def _generate(given: Values) -> Values:
    return {"statements": statements(str(given["answer"]), str(given.get("question", "")))}


def _claims(given: Values) -> Values:
    return {"claims": statements(str(given["response"]))}


def _verdicts(given: Values) -> Values:
    rows = []
    for statement in given["statements"]:
        verdict = entails(str(given["context"]), str(statement))
        rows.append({"statement": statement, "reason": verdict.reason, "verdict": verdict.value})
    return {"statements": rows}


def _relevance(given: Values) -> Values:
    response = str(given["response"])
    stated = statements(response)
    refused = bool(REFUSAL.search(response.rsplit("<ANSWER>:", 1)[-1]))
    asked = [item.question for text in stated for item in find_questions(text)]
    if asked:
        question = asked[0]
    else:
        question = f"Is it true that {stated[0].rstrip('.')}?" if stated else "What is asked?"
    return {"question": question, "noncommittal": int(refused)}


def _classify(given: Values) -> Values:
    answer, truth = list(map(str, given["answer"])), list(map(str, given["ground_truth"]))
    sorted_out: dict[str, list[Values]] = {"TP": [], "FP": [], "FN": []}
    for text in answer:
        verdict = _either_way("\n".join(truth), truth, text)
        kind = "TP" if verdict.value else "FP"
        sorted_out[kind].append({"statement": text, "reason": verdict.reason})
    for text in truth:
        verdict = _either_way("\n".join(answer), answer, text)
        if not verdict.value:
            sorted_out["FN"].append({"statement": text, "reason": verdict.reason})
    return sorted_out


def _either_way(whole: str, parts: list[str], text: str) -> Verdict:
    """A statement also counts when it says all that one of the others says, and more."""
    verdict = entails(whole, text)
    if verdict.value:
        return verdict
    back = [entails(text, part) for part in parts if len(content_stems(part)) >= 2]
    return next((found for found in back if found.value), verdict)


def _precision(given: Values) -> Values:
    verdicts = [entails(str(given["context"]), text) for text in statements(str(given["answer"]))]
    good = any(verdict.value for verdict in verdicts)
    reason = "The context holds the answer." if good else "The context does not hold the answer."
    return {"reason": reason, "verdict": int(good)}


def _recall(given: Values) -> Values:
    rows = []
    for text in statements(str(given["answer"]), str(given.get("question", ""))):
        verdict = entails(str(given["context"]), text)
        rows.append({"statement": text, "reason": verdict.reason, "attributed": verdict.value})
    return {"classifications": rows}


def _share(text: str, claims: list[str]) -> float:
    verdicts = [entails(text, claim).value for claim in claims]
    return sum(verdicts) / len(verdicts) if verdicts else 0.0


def _accuracy(given: Values) -> Values:
    user, reference = str(given["user_answer"]), str(given["reference_answer"])
    covered = _share(user, statements(reference))
    backed = _share(reference, statements(user))
    return {"rating": 4 if covered == backed == 1 else 2 if max(covered, backed) >= 0.5 else 0}


def _groundedness(given: Values) -> Values:
    share = _share(str(given["context"]), statements(str(given["response"])))
    return {"rating": 2 if share == 1 else 1 if share > 0 else 0}


def _context_relevance(given: Values) -> Values:
    verdict = entails(str(given["context"]), str(given["user_input"]).rstrip("?"))
    return {"rating": 2 if verdict.share >= 0.7 else 1 if verdict.share >= 0.4 else 0}


def _rubric(given: Values) -> Values:
    response = str(given.get("response") or "")
    against = given.get("reference") or "\n".join(
        given.get("reference_contexts") or given.get("retrieved_contexts") or []
    )
    share = _share(str(against), statements(response))
    covered = (
        _share(response, statements(str(given["reference"]))) if given.get("reference") else share
    )
    score = 1 + round(2 * share + 2 * covered)
    return {"feedback": f"{share:.0%} of the response is supported.", "score": score}


STEPS: dict[str, Callable[[Values], Values]] = {
    "StatementGeneratorOutput": _generate,
    "NLIStatementOutput": _verdicts,
    "AnswerRelevanceOutput": _relevance,
    "ClassificationWithReason": _classify,
    "ClaimDecompositionOutput": _claims,
    "ContextPrecisionOutput": _precision,
    "ContextRecallOutput": _recall,
    "AnswerAccuracyOutput": _accuracy,
    "ResponseGroundednessOutput": _groundedness,
    "ContextRelevanceOutput": _context_relevance,
    "RubricScoreOutput": _rubric,
}
