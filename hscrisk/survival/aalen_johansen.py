"""Exact Aalen-Johansen cumulative incidences, ties included."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from hscrisk.errors import InvalidConfiguration
from hscrisk.survival.outcome import check_outcome


class AalenJohansen:
    r"""Marginal cumulative incidence of each cause, censoring at a tie coming last.

    :math:`\hat F_k(t) = \sum_{s \le t} \hat S(s-)\, d_k(s) / n(s)` with
    :math:`\hat S(s) = \prod_{u \le s} (1 - d(u)/n(u))`.

    Attributes
    ----------
    times_ : ndarray, shape (n_times,)
        Distinct days with an event of any cause.
    causes_ : ndarray of int, shape (n_causes,)
        1 ... the largest event code seen (at least 1).
    cumulative_incidence_ : ndarray, shape (n_causes, n_times)
    variance_ : ndarray, shape (n_causes, n_times)
    event_free_ : ndarray, shape (n_times,)

    References
    ----------
    Aalen & Johansen, Scand J Stat 1978;5:141-150. Variance: Greenwood-type, that is the delta
    method on the multinomial counts of each day, exact with ties; Gaynor et al., J Am Stat Assoc
    1993;88:400-409, recommended by Allignol et al., Biom J 2010;52:126-137. It and the interval
    equal those of R's `survival::survfit` (tests/reference); `cmprsk::cuminc` has another.

    Examples
    --------
    >>> y = {"event": [1, 2, 0, 1], "duration": [10, 20, 30, 40]}
    >>> AalenJohansen().fit(y).predict([15, 40])
    array([0.25, 0.75])
    """

    times_: NDArray[np.float64]
    causes_: NDArray[np.int64]
    cumulative_incidence_: NDArray[np.float64]
    variance_: NDArray[np.float64]
    event_free_: NDArray[np.float64]

    def fit(self, y: Any) -> AalenJohansen:
        """Estimate the curves from outcomes `y` (`event`, `duration` in days)."""
        event, duration = check_outcome(y)
        self.causes_ = np.arange(1, max(1, int(event.max())) + 1)
        self.times_ = np.unique(duration[event > 0])
        deaths = np.array(
            [
                np.bincount(
                    np.searchsorted(self.times_, duration[event == k]), minlength=len(self.times_)
                )
                for k in self.causes_
            ],
            dtype=np.float64,
        ).reshape(len(self.causes_), len(self.times_))
        gone = np.searchsorted(np.sort(duration), self.times_, side="left")
        at_risk = (len(duration) - gone).astype(np.float64)
        total = deaths.sum(axis=0)
        self.event_free_ = np.cumprod(1.0 - total / at_risk)
        before = np.concatenate([[1.0], self.event_free_[:-1]])[: len(self.times_)]
        increments = before * deaths / at_risk
        self.cumulative_incidence_ = np.cumsum(increments, axis=1)
        self.variance_ = self._variance(deaths, total, at_risk, before)
        return self

    def _variance(
        self,
        deaths: NDArray[np.float64],
        total: NDArray[np.float64],
        at_risk: NDArray[np.float64],
        before: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        # sum_s (F(t)-F(s))^2 a(s) + sum_s b(s) - 2 sum_s (F(t)-F(s)) c(s), expanded in powers
        # of F(t) so that it needs running sums only.
        left = at_risk - total
        a = np.divide(total, at_risk * left, out=np.zeros_like(total), where=left > 0)
        b = before**2 * (at_risk - deaths) * deaths / at_risk**3
        c = before * deaths / at_risk**2
        f = self.cumulative_incidence_
        s0, s1, s2 = np.cumsum(a), np.cumsum(f * a, axis=1), np.cumsum(f**2 * a, axis=1)
        t0, t1 = np.cumsum(c, axis=1), np.cumsum(f * c, axis=1)
        variance = f**2 * s0 - 2 * f * s1 + s2 + np.cumsum(b, axis=1) - 2 * (f * t0 - t1)
        return np.asarray(np.maximum(variance, 0.0), dtype=np.float64)

    def predict(self, horizons: ArrayLike, *, event_of_interest: int = 1) -> NDArray[np.float64]:
        """Return F_k at each horizon, shape (n_horizons,); a cause never seen has F = 0.

        Raises
        ------
        InvalidConfiguration
            When `event_of_interest` is 0 (censoring) or below.
        """
        return self._at(self.cumulative_incidence_, horizons, event_of_interest)

    def interval(
        self, horizons: ArrayLike, *, event_of_interest: int = 1, level: float = 0.95
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the log-minus-log interval of F_k, two arrays of shape (n_horizons,).

        Where F = 0 (no event yet) the interval is [0, 0]: not estimable, and shown with its n.
        """
        f = self.predict(horizons, event_of_interest=event_of_interest)
        se = np.sqrt(self._at(self.variance_, horizons, event_of_interest))
        z = norm.ppf(0.5 + level / 2)
        inside = (f > 0) & (f < 1)
        safe = np.where(inside, f, 0.5)
        # Capped, since next to 0 and 1 the logarithms leave the range of floats.
        spread = np.minimum(z * se / (safe * np.abs(np.log(safe))), 50.0)
        low = np.where(inside, safe ** np.exp(spread), f)
        high = np.where(inside, safe ** np.exp(-spread), f)
        return low, high

    def predict_event_free(self, horizons: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of no event of any cause by each horizon."""
        index = np.searchsorted(self.times_, np.asarray(horizons, float), side="right")
        return np.concatenate([[1.0], self.event_free_])[index]

    def _at(
        self, curve: NDArray[np.float64], horizons: ArrayLike, cause: int
    ) -> NDArray[np.float64]:
        if cause < 1:
            raise InvalidConfiguration(
                "event_of_interest must be 1 or above; 0 is censoring",
                field="event_of_interest",
                value=cause,
            )
        horizons = np.asarray(horizons, dtype=np.float64)
        if cause not in self.causes_:
            return np.zeros(horizons.shape)
        padded = np.concatenate([[0.0], curve[cause - 1]])
        return padded[np.searchsorted(self.times_, horizons, side="right")]
