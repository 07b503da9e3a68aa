"""The chain of an abstract model as a discrete-time Markov chain: reaching unsafe states.

A row that no safe text left says nothing of where it leads: its state keeps to itself.
"""

import numpy as np

from upright.defenses._abstract_model import AbstractModel, Flags, Reals

UNSAFE_BELOW = 0.5
"""A state is unsafe if fewer than half of its training items (smoothed) are safe."""


def unsafe_states(model: AbstractModel) -> Flags:
    return model.safety < UNSAFE_BELOW


def chain(model: AbstractModel) -> Reals:
    """The chances of each move (states, states), every row with the sum 1."""
    moves = model.moves.astype(np.float64)
    unseen = ~moves.any(axis=1)
    moves[unseen] = np.eye(len(moves))[unseen]
    found: Reals = moves / moves.sum(axis=1, keepdims=True)
    return found


def hitting(moves: Reals, unsafe: Flags) -> Reals:
    """The chance to reach an unsafe state some time, from each state (states,).

    The least solution of h = moves h with h = 1 on unsafe states: 0 where none can be reached, and
    a linear system for the rest (Baier and Katoen 2008, Principles of Model Checking, 10.1.1).
    """
    found = unsafe.astype(np.float64)
    open_ = _can_reach(moves, unsafe) & ~unsafe
    inner = np.eye(int(open_.sum())) - moves[np.ix_(open_, open_)]
    found[open_] = np.linalg.solve(inner, moves[np.ix_(open_, unsafe)].sum(axis=1))
    return found


def hitting_within(moves: Reals, unsafe: Flags, steps: int) -> Reals:
    """The chance to reach an unsafe state within so many tokens, from each state (states,)."""
    found = unsafe.astype(np.float64)
    for _ in range(steps):
        found = np.where(unsafe, 1.0, moves @ found)
    return found


def prism(model: AbstractModel) -> str:
    """The chain in the language of the model checker PRISM, with the label "unsafe"."""
    moves = chain(model)
    lines = ["dtmc", "", "module abstract", f"  s : [0..{len(moves) - 1}] init 0;"]
    for state, row in enumerate(moves):
        to = " + ".join(f"{float(row[t])!r} : (s'={t})" for t in np.flatnonzero(row))
        lines.append(f"  [] s={state} -> {to};")
    bad = " | ".join(f"s={state}" for state in np.flatnonzero(unsafe_states(model)))
    return "\n".join([*lines, "endmodule", "", f'label "unsafe" = {bad or "false"};', ""])


def _can_reach(moves: Reals, goal: Flags) -> Flags:
    """From which states some path leads to the goal."""
    found = goal
    for _ in range(len(moves)):
        found = found | (moves[:, found] > 0).any(axis=1)
    return found
