"""How Sphinx builds the documentation: ``make docs``."""

from adan import __version__

project = "adan"
author = "the adan developers"
release = __version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "notes", "gallery/**/*.ipynb", "gallery/**/*.py"]
templates_path = ["_templates"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = f"adan {release}"
html_show_copyright = False
html_show_sourcelink = False
html_theme_options = {"source_edit_link": ""}

default_role = "code"
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "download_all_examples": False,
    "min_reported_time": 1e9,
    "capture_repr": (),
    "show_memory": False,
    "show_signature": False,
    "abort_on_example_error": True,
}
