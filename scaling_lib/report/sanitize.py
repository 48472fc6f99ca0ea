"""HTML that a notebook's cell shows, cut down to text, tables and lists: no script, no style, no address outside."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

TAGS = frozenset({
    "a", "b", "br", "caption", "code", "dd", "details", "div", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "li", "ol", "p", "pre", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul",
})  # fmt: skip
EMPTY = frozenset(["br", "hr"])
ATTRIBUTES = frozenset(["class", "colspan", "rowspan", "scope", "title", "data-sort"])
SILENT = frozenset(["script", "style", "title", "iframe", "object", "template", "noscript", "textarea", "svg", "math"])


def clean(html: str) -> str:
    """The HTML with only harmless tags and attributes; all else is left out, text stays as text."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return "".join(cleaner.parts) + "".join(f"</{tag}>" for tag in reversed(cleaner.open))


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent.append(tag)
        if self._silent or tag not in TAGS:
            return
        kept = "".join(
            f' {name}="{escape(value or "")}"'
            for name, value in attrs
            if name in ATTRIBUTES or (tag == "a" and name == "href" and (value or "").startswith("#"))
        )
        self.parts.append(f"<{tag}{kept}>")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SILENT:
            self.handle_starttag(tag, attrs)
            if tag not in EMPTY:
                self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag in self.open:
            while (last := self.open.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(escape(data))
