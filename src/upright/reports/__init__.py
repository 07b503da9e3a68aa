"""What a person sees. Reads stored runs, never calls a model.

profile = load_profile(run_directory)
document(profile)                       the JSON of `--json`
render_terminal(profile, console)       the trust profile as a table
write_page(profile, path)               one self-contained HTML page
"""

from upright.reports.document import document
from upright.reports.pages.run import render_page, write_page
from upright.reports.profile import Profile, load_profile
from upright.reports.text.profile import render_terminal

__all__ = [
    "Profile",
    "document",
    "load_profile",
    "render_page",
    "render_terminal",
    "write_page",
]
