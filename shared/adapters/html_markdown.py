"""HTML as markdown: headings, lists and tables stay, what only a browser needs goes.

Runs in the child process only: nested a thousand deep, HTML brings any parser down.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

_DROPPED = (
    *("script", "style", "noscript", "template", "head", "nav", "footer", "aside", "form"),
    *("button", "iframe", "svg", "canvas", "object", "audio", "video", "select", "dialog"),
)
_DROPPED_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "menu"}
_BLANK_LINES = re.compile(r"\n{3,}")


def to_markdown(data: bytes) -> str:
    """The main text of the page; its title as the first heading where it has none."""
    soup = BeautifulSoup(data, "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(_is_hidden):
        tag.decompose()
    for cell in soup.find_all(("td", "th")):
        for part in cell.find_all(string=re.compile(r"\|")):
            part.replace_with(str(part).replace("|", "\\|"))
    mains = soup.find_all("main") or soup.find_all("article")
    body = mains[0] if len(mains) == 1 and mains[0].get_text(strip=True) else soup
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        strip=["a", "img"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        strong_em_symbol="*",
        sub_symbol="",
        sup_symbol="",
        table_infer_header=True,
    )
    text = str(converter.convert_soup(body))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    text = _BLANK_LINES.sub("\n\n", text).strip()
    if text and title and not re.search(r"^# ", text, re.MULTILINE):
        text = f"# {title}\n\n{text}"
    return text


def _is_hidden(tag: Tag) -> bool:
    if tag.attrs is None:  # it went with what was around it
        return False
    return (
        tag.has_attr("hidden")
        or tag.get("aria-hidden") == "true"
        or tag.get("role") in _DROPPED_ROLES
        or "display:none" in str(tag.get("style", "")).replace(" ", "").lower()
    )
