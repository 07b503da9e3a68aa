"""Corrections of the ethics files."""

from upright.data.patches._patch import Patch

PATCHES: tuple[Patch, ...] = ()
