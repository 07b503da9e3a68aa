"""Corrections of the robustness files."""

from upright.data.patches._patch import Patch

PATCHES: tuple[Patch, ...] = ()
