"""Settings of Sphinx for the site that ``tools/site`` builds: the pages of docs/, and the reference printed from docstrings."""

import importlib.metadata
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

project = "snn-engine"
author = "the snn-engine developers"
release = version = importlib.metadata.version("snn-engine")
language = "en"

extensions = [
    "myst_nb",  # Markdown, and the notebook
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "links",  # links.py
]
exclude_patterns = ["docs/site/contents.md"]  # which is the end of index.md
templates_path = ["docs/site/templates"]

# Pages link to headings as GitHub names them.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

nb_execution_mode = "off"  # the notebook has its figures; a test runs it

# In docstrings `Name` is a name of the package; what is none stays code.
default_role = "py:obj"
napoleon_google_docstring = False
napoleon_use_param = False  # types are words with shapes, in which no name is looked for
napoleon_use_rtype = False
napoleon_use_ivar = True
smartquotes = False  # of quotes in types and defaults
autodoc_mock_imports = [
    "h5py",
    "nir",
    "onnx",
    "onnxruntime",
    "tensorboardX",
    "torch",
]  # optional; nothing of theirs is shown
autodoc_typehints = "none"  # docstrings have them, with shapes
autodoc_member_order = "bysource"
autosummary_ignore_module_all = False
# Names that differ in case only are one file on some systems.
autosummary_filename_map = {
    f"snn.{name}": f"snn.{name}_function" for name in ("init.normal", "init.uniform", "vulkan.plan", "vulkan.buffer")
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Pygments does not know the newest words of GDScript.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "pydata_sphinx_theme"
html_title = f"snn-engine {version}"
html_show_sourcelink = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "show_nav_level": 1,
    "navigation_depth": 3,
}


def _escape_stars(app, what, name, obj, options, lines):
    """Docstrings write shapes such as (steps, *shape), which is no emphasis."""
    lines[:] = [re.sub(r"(?<![\w*`])\*(?=\w)", r"\*", line) for line in lines]


_attributes: dict[str, list[str]] = {}


def _keep_attribute(app, what, name, obj, options, lines):
    """What an attribute is called by its first line has no type in front of the colon, which Napoleon would look for."""
    if lines and lines[0].startswith("Alias for field number"):  # the class tells of its fields
        lines[:] = []
    if what in ("attribute", "data", "property") and not any(line.startswith("---") for line in lines):
        _attributes[name] = list(lines)


def _restore_attribute(app, what, name, obj, options, lines):
    if what in ("attribute", "data", "property") and name in _attributes:
        lines[:] = _attributes.pop(name)


def setup(app):
    """Connect what Sphinx calls."""
    app.connect("autodoc-process-docstring", _escape_stars, priority=400)  # before Napoleon, which writes emphasis
    app.connect("autodoc-process-docstring", _keep_attribute, priority=450)
    app.connect("autodoc-process-docstring", _restore_attribute, priority=600)  # behind Napoleon
