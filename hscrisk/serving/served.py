"""The bundles of one service, asked as if they were one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hscrisk.bundle import Bundle
from hscrisk.errors import InvalidConfiguration
from hscrisk.schema import Contract


@dataclass(frozen=True)
class Served:
    """Every endpoint that the service answers, and the bundle that answers it.

    Attributes
    ----------
    bundles : tuple of Bundle
    contract : Contract
        The data contract that they share.
    by_endpoint : mapping of str to Bundle
    """

    bundles: tuple[Bundle, ...]
    contract: Contract
    by_endpoint: Mapping[str, Bundle]

    @classmethod
    def of(cls, bundles: Sequence[Bundle]) -> Served:
        """Put bundles side by side.

        Raises
        ------
        InvalidConfiguration
            If there is none, two answer the same endpoint, or their data contracts differ.
        """
        if not bundles:
            rule = "a service needs at least one bundle"
            raise InvalidConfiguration(rule)
        first, apart = bundles[0], "Serve them apart, each on its own port."
        by_endpoint: dict[str, Bundle] = {}
        for bundle in bundles:
            if bundle.contract != first.contract:
                rule = f"'{bundle.name}' and '{first.name}' have different data contracts"
                raise InvalidConfiguration(rule, mend=apart)
            for endpoint in bundle.endpoints:
                if endpoint in by_endpoint:
                    rule = f"two bundles answer {endpoint}"
                    raise InvalidConfiguration(rule, mend=apart)
                by_endpoint[endpoint] = bundle
        return cls(tuple(bundles), bundles[0].contract, by_endpoint)

    def used_by(self) -> dict[str, list[str]]:
        """Return the fields that at least one model uses, each with the endpoints that use it."""
        used: dict[str, list[str]] = {}
        for endpoint, bundle in self.by_endpoint.items():
            for name in bundle.models[endpoint].feature_names_in_:
                used.setdefault(str(name), []).append(endpoint)
        return {name: used[name] for name in self.contract if name in used}

    def last_day(self, endpoint: str) -> int:
        """Return the last day that an endpoint's model answers."""
        return int(self.by_endpoint[endpoint].models[endpoint].horizons_[-1])

    def primary_day(self, endpoint: str) -> int:
        """Return the day that an endpoint is explained at unless another is asked for."""
        bundle = self.by_endpoint[endpoint]
        return min(bundle.endpoints[endpoint].primary_horizon, self.last_day(endpoint))
