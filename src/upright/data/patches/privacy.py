"""Corrections of the privacy files."""

from upright.data.patches._patch import Patch

PATCHES: tuple[Patch, ...] = ()
