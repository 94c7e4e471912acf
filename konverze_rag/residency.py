"""Where the data of tenants may be, and where each service that an engine uses says that it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Literal, TypeAlias

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from konverze_core.addresses import is_loopback
from konverze_core.errors import ResidencyError
from konverze_core.reports import ProcessingRecord
from konverze_indexes.scalars import checked_text

Part: TypeAlias = Literal["engine", "store", "backup", "keys", "embeddings", "chat", "reranking"]
"""What an engine is made of: its own process, and what it rests on."""

THIS_MACHINE = "this machine"
"""What stands for a host in the record of what runs in the engine's own process or on its disk."""

_STORING: frozenset[Part] = frozenset({"store", "backup", "keys"})

_EU = frozenset(
    "EU AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_AWS_COUNTRIES = {
    "af-south-1": "ZA", "ap-east-1": "HK", "ap-east-2": "TW", "ap-northeast-1": "JP", "ap-northeast-2": "KR",
    "ap-northeast-3": "JP", "ap-south-1": "IN", "ap-south-2": "IN", "ap-southeast-1": "SG", "ap-southeast-2": "AU",
    "ap-southeast-3": "ID", "ap-southeast-4": "AU", "ap-southeast-5": "MY", "ap-southeast-6": "NZ",
    "ap-southeast-7": "TH", "ca-central-1": "CA", "ca-west-1": "CA", "cn-north-1": "CN", "cn-northwest-1": "CN",
    "eu-central-1": "DE", "eu-central-2": "CH", "eu-north-1": "SE", "eu-south-1": "IT", "eu-south-2": "ES",
    "eu-west-1": "IE", "eu-west-2": "GB", "eu-west-3": "FR", "il-central-1": "IL", "me-central-1": "AE",
    "me-south-1": "BH", "mx-central-1": "MX", "sa-east-1": "BR", "us-east-1": "US", "us-east-2": "US",
    "us-gov-east-1": "US", "us-gov-west-1": "US", "us-west-1": "US", "us-west-2": "US",
}  # fmt: skip
_AWS_HOST = regex.compile(r"(?:^|\.)([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$")
_OPENAI_HOST = regex.compile(r"^(?:([a-z]{2})\.)?api\.openai\.com$")
_OPENAI_HOME = "US"
"""OpenAI's address without a region keeps to none; a declaration cannot make more of it."""

Place: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Places: TypeAlias = Annotated[tuple[Place, ...], Field(min_length=1)]
Said: TypeAlias = Annotated[str, AfterValidator(partial(checked_text, "a declaration")), Field(min_length=1)]


class Service(BaseModel):
    """What the operator declares of a service that tenants' data is sent to.

    Attributes:
        location: Where it stores or processes: ISO 3166-1 alpha-2, or `EU` for anywhere in the European Union.
        purpose: What for.
        legal_basis: On what ground, such as a contract or a consent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    location: Place
    purpose: Said
    legal_basis: Said


class Residency(BaseModel):
    """Where data may be; whatever is not declared, or is elsewhere, is refused before it gets any.

    Attributes:
        this_machine: Where the machine of the engine is, with its disk and all that listens at a loopback address.
        stored_in: Where blobs, backups and keys may be.
        processed_in: Where the engine may run, and embeddings, answers and ranks may be computed.
        services: By host, as in `{"in.api.openai.com": {"location": "IN", "purpose": "…", "legal_basis": "…"}}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    this_machine: Place
    stored_in: Places = ("IN",)
    processed_in: Places = ("IN",)
    services: dict[str, Service] = Field(default_factory=dict[str, Service])

    def admitted(self, parts: Mapping[Part, object]) -> tuple[ProcessingRecord, ...]:
        """The record of what is where, if all of it may be there.

        Args:
            parts: What the engine rests on; each says by `Located` where it sends data.

        Raises:
            ResidencyError: A part does not say where it sends data, a host is not declared, its name tells of another
                place than what is declared, or it is where data may not be.
        """
        own = self._here("engine")
        return (own, *[record for part, thing in parts.items() for record in self._admitted(part, thing)])

    def _here(self, part: Part) -> ProcessingRecord:
        self._check(part, THIS_MACHINE, self.this_machine)
        return ProcessingRecord(part=part, host=THIS_MACHINE, location=self.this_machine)

    def _admitted(self, part: Part, thing: object) -> Iterator[ProcessingRecord]:
        hosts: tuple[str, ...] | None = getattr(thing, "hosts", None)
        if hosts is None:
            name = type(thing).__name__
            raise ResidencyError(f"{part}: {name} does not say where it sends data: give it `hosts`, as `Located` has")
        away = [host for host in hosts if not is_loopback(host)]
        if len(away) < len(hosts) or not hosts:
            yield self._here(part)
        for host in dict.fromkeys(away):
            yield self._declared(part, host)

    def _declared(self, part: Part, host: str) -> ProcessingRecord:
        service = self.services.get(host)
        if service is None:
            raise ResidencyError(f"{part}: declare in settings.residency.services where {host} is")
        told = _told_by(host)
        if told and told != service.location:
            raise ResidencyError(f"{part}: {host} is in {told}, and not in {service.location}, as is declared")
        self._check(part, host, service.location)
        return ProcessingRecord(
            part=part,
            host=host,
            location=service.location,
            purpose=service.purpose,
            legal_basis=service.legal_basis,
        )

    def _check(self, part: Part, host: str, location: str) -> None:
        allowed = self.stored_in if part in _STORING else self.processed_in
        if location not in allowed and not ("EU" in allowed and location in _EU):
            raise ResidencyError(f"{part}: {host} is in {location}; data may be in {', '.join(allowed)} only")


def _told_by(host: str) -> str:
    """The place that the name of a host tells; empty where it tells none."""
    if found := _AWS_HOST.search(host):
        return _AWS_COUNTRIES.get(found[1], "")
    if found := _OPENAI_HOST.match(host):
        return (found[1] or _OPENAI_HOME).upper()
    return ""
