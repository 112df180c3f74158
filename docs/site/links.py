"""An extension of Sphinx: which words of docstrings and pages lead to the page of a class or function, and which do not."""

import importlib
import inspect
import re

_SECTION = re.compile(r"-{3,}$")
_ENTRIES = ("Parameters", "Attributes", "Returns", "Yields")


def _entries(lines):
    """Yield place and section of the lines of a docstring that begin an entry: ``name : type``, or a type alone."""
    section = indent = ""
    for place, line in enumerate(lines):
        if place + 1 < len(lines) and _SECTION.match(lines[place + 1].strip()):
            section, indent = line.strip(), line[: len(line) - len(line.lstrip())]
        elif section in _ENTRIES and re.match(rf"{indent}[\w*]", line):
            yield place, section


def _arguments(lines):
    """Return the names of a docstring's parameters and attributes."""
    named = (lines[place].partition(" : ")[0] for place, section in _entries(lines) if section in _ENTRIES[:2])
    return {name.strip().lstrip("\\*") for names in named for name in names.split(",")}


def _class(name):
    """Return a class of the package by name, with or without ``snn.``; None where there is no class of that name."""
    found = importlib.import_module("snn")
    for part in name.removeprefix("snn.").split("."):
        found = getattr(found, part, None)
    return found if inspect.isclass(found) else None


def _full_name(name):
    """Return the name in the reference, where `snn.Encoder` stands in the module that it comes from."""
    made = _class(name)
    return (
        f"snn.encode.{made.__name__}"
        if made and made.__module__ == "snn.encode"
        else f"snn.{name.removeprefix('snn.')}"
    )


def _link_types(line, is_named):
    """Return an entry's line with links for the classes of the package in its type."""
    head, colon, types = line.partition(" : ") if is_named else ("", "", line)

    def linked(found):
        return f"`{found[0]}`" if _class(found[0]) else found[0]

    # Not within quotes or code, and not where arguments follow.
    types = re.sub(r"(?<![\w.`'\"])(?:snn\.)?(?:[a-z]\w*\.)?[A-Z]\w+(?![\w.(`'\"])", linked, types)
    return f"{head}{colon}{types}"


def _link_names(app, what, name, obj, options, lines):
    """Make arguments words of code, even where a function has the same name, and links of the classes in types."""
    owner = _class(name.rpartition(".")[0])
    arguments = _arguments(lines) | _arguments((inspect.getdoc(owner) or "").splitlines() if owner else [])
    entries = [place for place, _ in _entries(lines)]
    for place, line in enumerate(lines):
        line = re.sub(r"(?<!`)`(\w+)`(?!`)", lambda word: f"`{word[0]}`" if word[1] in arguments else word[0], line)
        lines[place] = _link_types(line, " : " in line) if place in entries else line


def _link_code(app, doctree, docname):
    """Code that is a name of the package, with or without arguments, leads to its page: ``snn.Sparse.fixed_total(...)``.

    Without ``snn.`` only classes are meant, and not on pages of other languages and of the inside, which have their own.
    """
    from docutils import nodes
    from sphinx import addnodes
    from sphinx.util.nodes import make_refnode

    domain = app.env.get_domain("py")
    is_of_python = not re.match(
        r"docs/(bindings|decisions|architecture|adding|file-format|performance)|CONTRIBUTING", docname
    )
    for code in list(doctree.findall(nodes.literal)):
        above = code.parent
        while above is not None and not isinstance(above, nodes.reference | nodes.title | addnodes.desc_signature):
            above = above.parent
        found = re.match(r"(snn\.)?([A-Za-z_][\w.]*\w)(?:\((?:[^()]|\([^()]*\))*\))?$", code.astext())
        if above is not None or not found or not (found[1] or (is_of_python and found[2][0].isupper())):
            continue
        name = _full_name(found[2])
        target = domain.objects.get(name) or domain.modules.get(name)
        if target and not (target.docname == docname and "." not in found[2]):
            code.replace_self(make_refnode(app.builder, docname, target.docname, target.node_id, code.deepcopy()))


def _name_of_the_package(app, env, node, contnode):
    """Docstrings of snn.stimuli and others write `Simulation.run`, as those of snn do."""
    if node.get("refdomain") != "py" or node["reftarget"] == _full_name(node["reftarget"]):
        return None
    target = _full_name(node["reftarget"])
    return env.get_domain("py").resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, contnode)


def setup(app):
    """Connect what Sphinx calls."""
    app.connect("autodoc-process-docstring", _link_names, priority=420)  # before Napoleon
    app.connect("missing-reference", _name_of_the_package)
    app.connect("doctree-resolved", _link_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
