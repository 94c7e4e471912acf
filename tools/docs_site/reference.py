"""The pages of the reference, as Markdown, from the docstrings of what the packages export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import griffe

from tools.docs_site.contents import PAGES, Page

PACKAGES = ("konverze_core", "konverze_loaders", "konverze_indexes", "konverze_rag")

FOLDER = "reference"
"""On the site."""

LONGEST_LINE = 80
"""Characters of a signature; a longer one has a line for each parameter."""

NAMED = re.compile(r"`((\w+)(?:\.\w+)?)(?:\(\))?`(?!\])")
"""A name in a docstring, perhaps of what the reference holds."""

FIELD = re.compile(r"(?:msgspec\.)?[Ff]ield\((.*)\)", re.DOTALL)
"""What stands where a class says more of an attribute than its default."""


def reference_pages() -> dict[str, str]:
    """Text of each page, by its place on the site."""
    loader = griffe.GriffeLoader(
        extensions=griffe.Extensions(),
        docstring_parser=griffe.Parser.google,
        docstring_options={"returns_multiple_items": False, "returns_named_value": True, "warnings": False},
    )
    for package in PACKAGES:
        loader.load(package)
    modules = loader.modules_collection
    names = {page.name: page.names or tuple(modules[page.package].exports or ()) for page in PAGES}
    homes: dict[str, str] = {}
    for page in PAGES:
        for name in names[page.name]:
            homes |= dict.fromkeys(_headings(_target(modules, page, name), name), page.name)
    pages = {f"{FOLDER}/{page.name}.md": _page(page, names[page.name], modules, homes) for page in PAGES}
    return {f"{FOLDER}/index.md": _index(names), **pages}


def _target(modules: Any, page: Page, name: str) -> Any:
    found = modules[page.package][name]
    return found.final_target if found.is_alias else found


def _headings(thing: Any, name: str) -> list[str]:
    """What a class or function has headings for: its name, and those of its members."""
    members = (
        [f"{name}.{member.name}" for member in thing.members.values() if _is_shown(member)] if thing.is_class else []
    )
    return [name, *members]


def _index(names: Mapping[str, tuple[str, ...]]) -> str:
    lines = ["# Reference", "", "What `konverze_rag` exports, from its docstrings.", ""]
    for page in PAGES:
        linked = ", ".join(f"[`{name}`]({page.name}.md#{_anchor(name)})" for name in names[page.name])
        lines.append(f"- [{page.title}]({page.name}.md): {linked or page.about}")
    return "\n".join(lines) + "\n"


def _anchor(heading: str) -> str:
    """As GitHub and the site make it of a heading."""
    return re.sub(r"[^\w-]", "", heading.lower())


def _page(page: Page, names: tuple[str, ...], modules: Any, homes: Mapping[str, str]) -> str:
    about = page.about or modules[page.told_by].docstring.value.replace("::\n", ":\n")
    writer = Writer(page=page.name, homes=homes)
    parts = [f"# {page.title}", writer.linked(about)]
    for name in names:
        parts += writer.described(_target(modules, page, name), name, level=2)
    return "\n\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes one page.

    Attributes:
        page: Its name.
        homes: Page of each heading of the reference.
    """

    page: str
    homes: Mapping[str, str]

    def described(self, thing: Any, name: str, *, level: int) -> Iterator[str]:
        """Paragraphs on a class, a function, or a name for a type, with what belongs to it."""
        yield f"{'#' * level} {name}"
        if thing.is_function:
            kind = "async " if "async" in thing.labels else ""
            yield _code(kind, thing.signature(name=name))
        elif thing.is_class:
            yield from self._class_line(thing, name)
        elif "property" in thing.labels:
            yield f"A property: `{thing.annotation}`"
        else:
            yield f"```python\n{name} = {thing.value}\n```"
        sections = [] if thing.docstring is None else thing.docstring.parsed
        for section in sections:
            yield from self._section(section, thing)
        if thing.is_class:
            if not any(section.kind is griffe.DocstringSectionKind.attributes for section in sections):
                yield from _fields(thing)
            for member in thing.members.values():
                if _is_shown(member):
                    yield from self.described(member, f"{name}.{member.name}", level=level + 1)

    def _class_line(self, thing: Any, name: str) -> Iterator[str]:
        bases = [str(base) for base in thing.bases]
        known = [base for base in bases if base.split(".")[-1] in self.homes]
        if known:
            yield "A kind of " + ", ".join(self.linked(f"`{base}`") for base in known) + "."
        if "__init__" in thing.members:
            yield _code("", thing.members["__init__"].signature(name=name, return_type=False))
        if any(base.endswith("Enum") for base in bases):
            values = [member for member in thing.members.values() if member.is_attribute]
            yield "\n".join(f"- `{member.name}`: `{member.value}`" for member in values)

    def _section(self, section: Any, thing: Any) -> Iterator[str]:
        if section.kind is griffe.DocstringSectionKind.text:
            yield self.linked(section.value.replace("::\n", ":\n"))
            return
        yield f"**{_TITLES[section.kind]}**"
        yield "\n".join(self._item(section.kind, item, thing) for item in section.value)

    def _item(self, kind: griffe.DocstringSectionKind, item: Any, thing: Any) -> str:
        text = self.linked(item.description.replace("\n", "\n    "))
        if kind is griffe.DocstringSectionKind.raises:
            return f"- {self.linked(f'`{item.annotation}`')}: {text}"
        if kind is griffe.DocstringSectionKind.attributes:
            return f"- `{item.name}`{_stated(thing.members.get(item.name))}: {text}"
        if kind is griffe.DocstringSectionKind.parameters:
            return f"- `{item.name}`: {text}"
        return f"- {text}"

    def linked(self, text: str) -> str:
        """A text of a docstring, in which names of the reference lead to their places."""
        return NAMED.sub(self._link, text)

    def _link(self, named: re.Match[str]) -> str:
        heading = named[1] if named[1] in self.homes else named[2]
        if heading not in self.homes:
            return named[0]
        home = self.homes[heading]
        return f"[{named[0]}]({'' if home == self.page else f'{home}.md'}#{_anchor(heading)})"


_TITLES = {
    griffe.DocstringSectionKind.parameters: "Arguments",
    griffe.DocstringSectionKind.attributes: "Attributes",
    griffe.DocstringSectionKind.returns: "Returns",
    griffe.DocstringSectionKind.yields: "Yields",
    griffe.DocstringSectionKind.raises: "Raises",
}


def _is_shown(member: Any) -> bool:
    """Methods and properties that are told of; attributes stand in their class's docstring."""
    is_told = member.docstring is not None and not member.name.startswith("_")
    return is_told and (member.is_function or "property" in member.labels)


def _fields(thing: Any) -> Iterator[str]:
    """What the fields of a class are, where its docstring leaves that to their names."""
    members = [one for one in thing.members.values() if one.is_attribute and not one.name.startswith("_")]
    fields = [one for one in members if one.annotation is not None and "property" not in one.labels]
    if fields:
        yield f"**{_TITLES[griffe.DocstringSectionKind.attributes]}**"
        yield "\n".join(f"- `{one.name}`{_stated(one)}" for one in fields)


def _stated(member: Any) -> str:
    """Type and default of an attribute, as its class states them."""
    if member is None or member.annotation is None:
        return ""
    default = "" if member.value is None else str(_constant(member))
    if called := FIELD.fullmatch(default):
        default = next((said.removeprefix("default=") for said in called[1].split(", ") if "default=" in said), "")
    return f" (`{member.annotation}`{f', `{default}` by default' if default else ''})"


def _constant(member: Any) -> Any:
    """What an attribute is by default; of a named constant its value."""
    value = member.value
    if isinstance(value, griffe.ExprName) and value.name.isupper():
        return member.modules_collection[value.canonical_path].value
    return value


def _code(kind: str, signature: str) -> str:
    if len(kind) + len(signature) > LONGEST_LINE:
        signature = _broken(signature)
    return f"```python\n{kind}{signature}\n```"


def _broken(signature: str) -> str:
    """A signature with a line for each parameter."""
    start = signature.index("(") + 1
    depth, lines = 0, [signature[:start]]
    for place in range(start, len(signature)):
        character = signature[place]
        if depth == 0 and character in ",)":
            lines.append(f"    {signature[start:place].strip()},")
            start = place + 1
            if character == ")":
                break
        depth += (character in "([{") - (character in ")]}")
    return "\n".join([*lines, f"){signature[start:]}"])
