"""Sphinx extension of the API pages: docstrings are plain text, equations come typeset from the method pages.

A page names a package in a comment line, `% modules: rutrade.trade`; all its modules appear there, also new ones. A
docstring names the equations it implements, such as (2.7) or (1.1)-(1.7). Here each number becomes a link to its
method page, and below the docstring of a function or method the equations stand as that page states them.
"""

import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "rutrade"
METHODS = {"0": "structure", "1": "project", "2": "economy", "3": "trade", "4": "chain", "5": "plan", "R": "regional"}
FOLDER = Path(__file__).resolve().parents[1] / "methods"
# a prime marks an option in the place of the equation without it
NUMBER = r"\((?P<model>\d|R)\.(?P<first>\d+)(?P<letter>[ab]?'*)\)"


def label(match: re.Match) -> str:
    """The number of an equation, without brackets."""
    return f"{match['model']}.{match['first']}{match['letter']}"


def page(match: re.Match) -> str:
    """The method page of an equation: model 3 has two, the world's holds (3.8) to (3.16)."""
    return "world" if match["model"] == "3" and 8 <= int(match["first"]) <= 16 else METHODS[match["model"]]


def equations() -> dict[str, str]:
    """Statement of every numbered equation as reStructuredText, by number, read from the method pages."""
    found = {}
    for name in (*METHODS.values(), "world"):
        text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        for row in re.findall(r"^\|(.+)\|$", text, flags=re.M):
            cells = [c.strip() for c in re.split(r"(?<!\\)\|", row)]
            number = re.search(NUMBER, cells[0]) or re.search(NUMBER + "$", cells[1])
            if number and len(cells) > 1:
                statement = re.sub(r"\s*" + NUMBER + "$", "", cells[1])
                found.setdefault(label(number), statement)
        for body in re.findall(r"\$\$(.+?)\$\$[^\n]*", text, flags=re.S):
            number = re.search(r"\\qquad " + NUMBER, body) or re.search(
                r"\\tag\{(?P<model>.)\.(?P<first>\d+)(?P<letter>)\}", body
            )
            if number:
                found[label(number)] = "$" + " ".join(body[: number.start()].strip(" ,\n").split()) + "$"
    return {number: markdown(text) for number, text in found.items()}


def markdown(text: str) -> str:
    """The Markdown of a table cell as reStructuredText: mathematics and code kept, citations left out."""
    text = re.sub(r"\s*\{cite:\w\}`[^`]*`", "", text)
    parts = re.split(r"(\$[^$]+\$|`[^`]+`)", text)
    for i, part in enumerate(parts):
        if i % 2 and part[0] == "$":
            parts[i] = f":math:`{part[1:-1].strip()}`"
        elif i % 2:
            parts[i] = f"`{part}`"
        else:
            parts[i] = escape(part)
    joined = ""
    for part in filter(None, parts):
        # Inline markup needs a blank or an escaped blank on both sides.
        joined += ("\\ " if joined and not joined[-1].isspace() and not part[0].isspace() else "") + part
    return joined


def escape(text: str) -> str:
    """Text whose every character means itself in reStructuredText."""
    return re.sub(r"([\\*|_])", r"\\\1", text)


def prose(line: str) -> str:
    """A line of a docstring: code stays code, equation numbers become links, everything else means itself."""
    parts = re.split(r"(`[^`]+`)", line)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = f"`{part}`"
        else:
            parts[i] = re.sub(NUMBER, link, escape(part))
    return "".join(parts)


def link(match: re.Match) -> str:
    """An equation's number as a link to its method page; a number of no model stays as it is."""
    return f":doc:`({label(match)}) </book/methods/{page(match)}>`" if match["model"] in METHODS else match[0]


def cited(text: str, known: dict[str, str]) -> list[str]:
    """Numbers of the equations a docstring names, ranges spelled out, in order."""
    numbers = []
    for match in re.finditer(NUMBER + r"(?:-\((?P<model2>\d|R)\.(?P<last>\d+)\))?", text):
        last = int(match["last"] or match["first"])
        if not match["last"]:
            numbers.append(label(match))
            continue
        span = range(int(match["first"]), last + 1)
        numbers += [n for n in known for i in span if re.fullmatch(rf"{match['model']}\.{i}[ab]?", n)]
    return [n for n in dict.fromkeys(numbers) if n in known]


def modules(name: str) -> list[str]:
    """A module, or a package followed by its modules by name. Raises ValueError for any other name."""
    place = PACKAGE.joinpath(*name.split(".")[1:])
    if place.with_suffix(".py").is_file():
        return [name]
    if not (place / "__init__.py").is_file():
        raise ValueError(f"{name} is neither a module nor a package")
    return [name, *(f"{name}.{p.stem}" for p in sorted(place.glob("*.py")) if p.stem != "__init__")]


def expand(app, docname, source) -> None:
    """Put a section for every module where a page names it; a package's own section has only its description."""

    def sections(match: re.Match) -> str:
        parts = []
        for name in (module for word in match[1].split() for module in modules(word)):
            package = (PACKAGE.joinpath(*name.split(".")[1:]) / "__init__.py").is_file()
            options = "" if package else "   :members:\n   :member-order: bysource\n"
            parts.append(f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n{options}```\n")
        return "\n".join(parts)

    source[0] = re.sub(r"^% modules: (.+)$", sections, source[0], flags=re.M)


def process(app, what, name, obj, options, lines) -> None:
    """Rewrite a docstring for the API page."""
    text, known = "\n".join(lines), app.config.rutrade_equations
    shown = []
    for line in lines:
        if re.match(r"\s*" + NUMBER + r"\s", line):  # an equation of its own stays on its own line
            shown += ["", "| " + prose(line.strip()), ""]
        else:
            shown.append(prose(line))
    if what in ("function", "method"):
        for number in cited(text, known):
            shown += ["", f"({number})  {known[number]}"]
    lines[:] = [*shown, ""]


def short(app, what, name, obj, options, signature, returned):
    """A signature that Sphinx cannot read, because a default is a factory, without the modules it marks by a tilde."""
    if signature and "<factory>" in signature:
        signature = re.sub(r"~(?:\w+\.)+", "", signature)
    return signature, returned


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("autodoc-process-signature", short)
    app.add_config_value("rutrade_equations", equations(), "env")
    app.connect("autodoc-process-docstring", process)
    app.connect("source-read", expand)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
