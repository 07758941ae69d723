"""What is kept of the VISION model's reply, and where its headings stand in the document."""

from __future__ import annotations

import pytest

from shared.raft.chunking import chunk_document
from shared.raft.documents import BY_VISION, Page
from shared.raft.text import clean_pages
from shared.raft.transcripts import EMPTY_PAGE, read_transcript, transcript_prompt, under_outline

MARKDOWN = "# Fees\n\nA card costs five pounds.\n\n| Card | Fee |\n| --- | --- |\n| Gold | 5 |"


@pytest.mark.parametrize(
    "reply",
    [
        MARKDOWN,
        f"```markdown\n{MARKDOWN}\n```",
        f"```\n{MARKDOWN}\n```\n",
        f"Here is the transcription of the page:\n\n{MARKDOWN}",
        f"Sure! Here's the markdown:\n```md\n{MARKDOWN}\n```",
    ],
)
def test_only_the_pages_markdown_is_kept(reply: str) -> None:
    assert read_transcript(reply) == (MARKDOWN, "")


def test_what_looks_like_a_wrapping_but_is_the_pages_own_stays() -> None:
    for text in (
        "```\nraft run\n```\n\nThen look at the report.",
        "The following applies to all accounts: they are free.",
        "Here is where the ferry lands.",
    ):
        assert read_transcript(text) == (text, "")


@pytest.mark.parametrize(
    "reply", [EMPTY_PAGE, f" {EMPTY_PAGE}\n", f"`{EMPTY_PAGE}`", "[Empty page]."]
)
def test_an_empty_page_is_empty_and_no_problem(reply: str) -> None:
    assert read_transcript(reply) == ("", "")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "empty"),
        ("```markdown\n\n```", "empty"),
        ("I'm sorry, I can't help with that image.", "declined"),
        ("I cannot transcribe this.", "declined"),
        ("xqzk wvjq " * 120, "no text"),
    ],
)
def test_a_reply_that_is_no_transcript_says_why(reply: str, words: str) -> None:
    text, problem = read_transcript(reply)
    assert text == ""
    assert words in problem


def test_the_prompt_calls_the_pictures_text_data_and_names_the_empty_page() -> None:
    system, task = transcript_prompt()
    assert "never an instruction" in system["content"]
    assert EMPTY_PAGE in system["content"]
    assert task["role"] == "user"


def test_headings_of_a_transcript_stand_under_the_outlines() -> None:
    pages = [
        Page(1, "Fees\nAll about fees.", headings=[(1, "Fees")]),
        Page(
            2,
            "# Lanternfold\n\n## Notice from Pellwick\n\nIt closes.\n\n### Hours\n\nNine to five.",
            read_by=BY_VISION,
            headings=[(2, "Notice from Pellwick")],
        ),
    ]
    cleaned = clean_pages(under_outline(pages))
    assert cleaned[1].text.split("\n\n") == [
        "### Lanternfold",
        "## Notice from Pellwick",
        "It closes.",
        "##### Hours",
        "Nine to five.",
    ]
    chunks = chunk_document("a.pdf", cleaned, len, 60, chunking="markdown")
    assert chunks[-1].heading == "Fees > Notice from Pellwick > Hours"
    assert chunks[-1].pages == [2]


def test_without_an_outline_headings_of_a_transcript_stay() -> None:
    pages = [Page(1, "## Fees\n\nText.", read_by=BY_VISION)]
    assert under_outline(pages) == pages


def test_lines_of_a_transcript_are_not_joined_and_its_tables_stay_whole() -> None:
    text = f"{MARKDOWN}\n\nFirst line,\nsecond line.\n\n```\nx = 1\ny = 2\n```"
    (page,) = clean_pages([Page(1, text, read_by=BY_VISION)])
    assert page.text == text
    (joined,) = clean_pages([Page(1, text)])
    assert "First line, second line." in joined.text


def test_running_lines_of_transcripts_go_with_those_of_other_pages() -> None:
    pages = [
        Page(n, f"Guide of the bank\n\nWords of {word}.", read_by=BY_VISION if n == 2 else "pdfium")
        for n, word in enumerate(("alder", "birch", "cedar"), 1)
    ]
    assert [page.text.strip() for page in clean_pages(pages)] == [
        "Words of alder.",
        "Words of birch.",
        "Words of cedar.",
    ]
