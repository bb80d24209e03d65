"""Who is at risk on each day of an event, and with what weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RiskSets:
    """Risk sets of one cause, by running sums.

    Attributes
    ----------
    times : ndarray, shape (n_times,)
        Distinct days with an event of the cause.
    dead : ndarray of bool, shape (n_samples,)
        Who had it.
    until : ndarray of int, shape (n_samples,)
        How many of `times` each subject lived to: at risk, with weight 1, on `times[:until]`.
    entry : ndarray, shape (n_samples,)
        Weight `entry * later` after them; 0 for those who leave for good.
    later : ndarray, shape (n_times,)
    step_time, fraction : ndarray, shape (n_deaths,)
        For each event the place of its day in `times`, and the share of that day's events which
        is no longer at risk (Efron; all 0 for Breslow).
    """

    times: FloatArray
    dead: NDArray[np.bool_]
    until: NDArray[np.intp]
    entry: FloatArray
    later: FloatArray
    step_time: NDArray[np.intp]
    fraction: FloatArray

    @classmethod
    def of(
        cls,
        duration: FloatArray,
        dead: NDArray[np.bool_],
        *,
        entry: FloatArray | None = None,
        later: FloatArray | None = None,
        efron: bool = True,
    ) -> RiskSets:
        """Return the risk sets of the events `dead` on the days `duration`.

        Parameters
        ----------
        entry : ndarray, shape (n_samples,), optional
            Makes those with `entry > 0` stay at risk after their day, as in Fine and Gray's model.
        later : ndarray, shape (n_times,), optional
        efron : bool
            False is Breslow's way with ties.
        """
        times, count = np.unique(duration[dead], return_counts=True)
        place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return cls(
            times=times,
            dead=dead,
            until=np.searchsorted(times, duration, side="right"),
            entry=np.zeros(len(duration)) if entry is None else entry,
            later=np.zeros(len(times)) if later is None else later,
            step_time=np.repeat(np.arange(len(times)), count),
            fraction=place / np.repeat(count, count) if efron else np.zeros(count.sum()),
        )

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the weighted sum of `values` (n_samples, k) over each risk set, (n_times, k)."""
        present = self._binned(values, np.ones(len(values)))[1:]
        total: FloatArray = np.cumsum(present[::-1], axis=0)[::-1]
        if self.entry.any():
            carried = np.cumsum(self._binned(values, self.entry), axis=0)[:-1]
            total = total + self.later[:, None] * carried
        return total

    def sums_of_events(self, values: FloatArray) -> FloatArray:
        """Return the sum of `values` (n_samples, k) over each day's events, (n_times, k)."""
        return self._binned(values, self.dead.astype(np.float64))[1:]

    def exposure(self, rates: FloatArray, spared: FloatArray) -> FloatArray:
        """Return what each subject is exposed to, shape (n_samples,): the adjoint of `sums`.

        Parameters
        ----------
        rates, spared : ndarray, shape (n_times,)
            What everybody at risk meets on each day, and what that day's events are spared of it.
        """
        met = np.concatenate([[0.0], np.cumsum(rates)])[self.until]
        after = np.concatenate([np.cumsum((self.later * rates)[::-1])[::-1], [0.0]])
        met += self.entry * after[self.until]
        met[self.dead] -= spared[self.until[self.dead] - 1]
        return met

    def _binned(self, values: FloatArray, weights: FloatArray) -> FloatArray:
        n = len(values)
        shape = (len(self.times) + 1, n)
        bins = csr_matrix((weights, (self.until, np.arange(n))), shape=shape)
        return np.asarray(bins @ values, dtype=np.float64)
