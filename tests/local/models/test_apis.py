"""Instructions about an entry of API documentation, and the call that carries them out."""

import json

import pytest

from local.models import reader, teacher
from local.models.apis import instructions
from local.models.prompts import API, read_prompt
from shared.adapters.text_child import read_text
from shared.raft.answers import parse_answer
from shared.raft.prompts import answer_prompt, questions_prompt
from shared.raft.questions import parse_questions

ENTRIES = [
    {
        "api_name": "Calendar - Add Event",
        "api_call": "service.events().insert(calendarId='primary', body=event).execute()",
        "api_version": "v3",
        "api_arguments": {"calendarId": "primary", "body": {"summary": "text"}},
        "functionality": "Adds an event to a shared calendar",
        "env_requirements": ["google-api-python-client"],
    },
    {
        "domain": "Audio",
        "api_name": "pipeline('transcribe')",
        "api_call": "pipeline('transcribe', model='tern')",
        "functionality": "Speech Recognition",
        "description": "Transcribes a recording of speech. It knows nine languages.",
    },
]


def entries() -> list[str]:
    return [page["text"] for page in read_text(json.dumps(ENTRIES).encode(), "api")]


@pytest.mark.parametrize("form", ["gpt", "llama"])
def test_instructions_are_answered_by_the_call(form: str) -> None:
    for text, entry in zip(entries(), ENTRIES, strict=True):
        reply = teacher.answer(read_prompt(questions_prompt(form, [text], {API: 4})))
        asked = parse_questions(reply, [API], 4)
        assert len(asked) == 4 and not any(entry["api_name"] in item.question for item in asked)
        for item in asked:
            messages = answer_prompt(form, [text], item.question, api=True)
            for model in (teacher, reader):
                given = parse_answer(model.answer(read_prompt(messages)))
                assert given.final == entry["api_call"], item.question
                assert given.quotes[0] == f"api_call: {entry['api_call']}"
                assert all(quote in text for quote in given.quotes)


def test_another_endpoint_does_not_answer() -> None:
    one, two = entries()
    for text, other in ((one, two), (two, one)):
        for asked in instructions(text):
            assert reader.read_answer(asked.question, (other,)) is None, asked.question
            found = reader.read_answer(asked.question, (other, text))
            assert found is not None and found.answer == asked.answer


def test_an_entry_that_does_not_say_what_it_does_asks_nothing() -> None:
    assert instructions("api_name: thing\napi_call: thing()") == ()
    assert instructions("The bank was founded in 1911.") == ()
