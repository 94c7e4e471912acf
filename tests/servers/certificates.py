"""A certificate authority for loopback servers, and the certificates that a client has to refuse.

authority = Authority(tmp_path)
leaf = authority.leaf()                    # for localhost, 127.0.0.1 and ::1; a client trusts authority.ca_file
context = server_context(leaf)             # an ssl.SSLContext for a server
authority.expired_leaf(), authority.wrong_host_leaf(), authority.self_signed_leaf()
"""

from __future__ import annotations

import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """PEM files of a server's certificate and its private key."""

    cert_file: Path
    key_file: Path


class Authority:
    """A CA whose files are made in `folder`: `ca.pem`, and two for each leaf.

    Attributes:
        ca_file: PEM file that a client has to trust.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("konverze test CA")
        now = datetime.now(UTC)
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _builder(self._name, self._name, self._key.public_key(), (now - _DAY, now + 30 * _DAY))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, SHA256())
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def leaf(self) -> Leaf:
        """A certificate that a client of this CA accepts for localhost, 127.0.0.1 and ::1."""
        return self._made("leaf")

    def expired_leaf(self) -> Leaf:
        """As `leaf`, but it ended yesterday."""
        return self._made("expired", ends_in=-_DAY)

    def wrong_host_leaf(self) -> Leaf:
        """As `leaf`, but for `elsewhere.example` only."""
        return self._made("wrong-host", hosts=[x509.DNSName("elsewhere.example")])

    def self_signed_leaf(self) -> Leaf:
        """For the right hosts, but signed by itself and not by the CA."""
        return self._made("self-signed", is_self_signed=True)

    def _made(
        self,
        label: str,
        *,
        hosts: list[x509.GeneralName] | None = None,
        ends_in: timedelta = 29 * _DAY,
        is_self_signed: bool = False,
    ) -> Leaf:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        name = _named(label)
        issuer, issuer_key = (name, key) if is_self_signed else (self._name, self._key)
        starts = min(now - _DAY, now + ends_in - _DAY)
        certificate = (
            _builder(name, issuer, key.public_key(), (starts, now + ends_in))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(hosts or _loopback()), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, SHA256())
        )
        leaf = Leaf(cert_file=self._folder / f"{label}.pem", key_file=self._folder / f"{label}.key")
        leaf.cert_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        leaf.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return leaf


def server_context(leaf: Leaf, *, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server's TLS context.

    Args:
        leaf: What it shows.
        newest: Speaks nothing newer than this, such as `ssl.TLSVersion.TLSv1_1`; None for TLS 1.2 and newer.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert_file, leaf.key_file)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL offers TLS 1.0 and 1.1 at this level only
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what it is for
            context.maximum_version = newest
    return context


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _loopback() -> list[x509.GeneralName]:
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    return [x509.DNSName("localhost"), *addresses]


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, validity: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    starts, ends = validity
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
