"""Corrections of the safety files."""

from upright.data.patches._patch import Patch

PATCHES: tuple[Patch, ...] = ()
