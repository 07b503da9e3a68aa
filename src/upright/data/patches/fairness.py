"""Corrections of the fairness files."""

from upright.data.patches._patch import Patch

PATCHES: tuple[Patch, ...] = ()
