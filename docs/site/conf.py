"""Sphinx's settings for the site; tools/build_site.py prepares the pages and calls Sphinx."""

import re
import sys
from pathlib import Path
from textwrap import dedent, indent

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

project = "Multimodal recommender systems"
copyright = "the mmrec-course authors. Code: MIT licence. Lessons and Mosaic: CC BY 4.0."
html_title = project
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["extra"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
mathjax_path = "mathjax/tex-chtml.js"
default_role = "code"

autodoc_mock_imports = [
    *("dask", "distributed", "faiss", "keras", "keras_rs", "lightfm", "safetensors", "torch"),
]
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    # scikit-learn's, not ours
    "exclude-members": ", ".join(
        f"set_{name}_request" for name in ("fit", "partial_fit", "predict", "score", "transform")
    ),
}
autodoc_type_aliases = {
    **{"ArrayLike": "ArrayLike", "Floats": "NDArray[float64]", "Ids": "ArrayLike"},
    **dict.fromkeys(("Present", "Scores", "Weights"), "Mapping[str, ArrayLike]"),
    "Groups": "ArrayLike | None",
}
autodoc_member_order = "bysource"
maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True

html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "search_bar_text": "Search",
}
html_context = {"default_mode": "auto"}
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_extra_path = [str(ROOT / "build/site-src/extra")]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_use_index = html_domain_indices = False
html_sidebars = {"index": []}
html_copy_source = False
html_show_sourcelink = False


def mend_docstring(app, what, name, obj, options, lines):
    """Link the lesson of a line `Notebook: NN_name`, and keep the lines of formulas.

    Formulas are paragraphs that are indented or have columns.
    """
    text = "\n".join(lines)
    text = re.sub(r"^Notebook: (\w+)", r"Lesson: :doc:`/notebooks/\1`", text, flags=re.M)
    if name == "mmrec_course":  # its reading order
        page = r"`\1/\2.py <../_modules/mmrec_course/\1/\2.html>`__"
        text = re.sub(r"``(\w+)/(\w+)\.py``", page, text)
    paragraphs = text.split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        if re.search(r"\A {4}|\S {3,}\S", paragraph) and ">>>" not in paragraph:
            block = indent(dedent(paragraph), "    ")
            paragraphs[number] = f".. code-block:: text\n\n{block}"
    lines[:] = "\n\n".join(paragraphs).splitlines()


def mend_signature(app, what, name, obj, options, signature, returns):
    """Print a type alias as what it stands for, inside other types, too."""
    alias = re.compile(r"TypeAliasForwardRef\('(.*?)'\)")
    return tuple(text and alias.sub(r"\1", text) for text in (signature, returns))


def setup(app):
    app.connect("autodoc-process-signature", mend_signature)
    app.connect("autodoc-process-docstring", mend_docstring, priority=400)  # before napoleon
