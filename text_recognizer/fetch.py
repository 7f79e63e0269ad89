"""Fetches the bytes of an http(s) address: the only module that opens one.

An address can come from a stranger, so it may lead to public machines only, for a limited time and
a limited size. Names are resolved here and the connection goes to the very address that was
checked, on every redirect, so that a name cannot change its mind in between.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urljoin, urlsplit

from text_recognizer.errors import InputError

MAX_BYTES = 64 << 20
TIMEOUT_S = 30.0
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}
# Prefix by which IPv6-only networks reach IPv4 (RFC 6052); the address inside could be private.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_address(source: str) -> bool:
    """Whether a text is an http(s) address rather than a path."""
    return source.lower().startswith(("http://", "https://"))


def fetch(url: str, *, max_bytes: int = MAX_BYTES, timeout_s: float = TIMEOUT_S) -> bytes:
    """Content of an http(s) address, redirects followed.

    Args:
        url: the address.
        max_bytes: larger content is refused.
        timeout_s: for everything together, in seconds, looking up names left out.

    Raises:
        InputError: the address is not public, does not answer, or breaks a limit; the message
            names it.
    """
    deadline = time.monotonic() + timeout_s
    place = url
    try:
        for _ in range(_MAX_REDIRECTS + 1):
            with _response(place, deadline) as response:
                if response.status not in _REDIRECTS:
                    return _content(response, max_bytes, deadline)
                place = urljoin(place, response.headers.get("Location", ""))
        raise InputError(f"it redirects more than {_MAX_REDIRECTS} times")
    except InputError as error:
        raise InputError(f"{url} cannot be fetched: {error}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        problem = str(error) or type(error).__name__
        if time.monotonic() >= deadline:
            problem = f"it took longer than {timeout_s:g} seconds"
        raise InputError(f"{url} cannot be fetched: {problem}.") from error


@contextmanager
def _response(url: str, deadline: float) -> Iterator[http.client.HTTPResponse]:
    """Answer to a GET of one address; everything is closed at the deadline."""
    parts = _checked(url)
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    connection = _connect(parts, remaining)
    # A timeout of the socket bounds one read, not a server that sends a byte now and then.
    watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), _cut_off, [connection])
    watchdog.daemon = True
    watchdog.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": "text-recognizer", "Accept-Encoding": "identity"}
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as response:
            yield response
    finally:
        watchdog.cancel()
        connection.close()


def _checked(url: str) -> SplitResult:
    """Parts of an address that may be opened."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InputError("only http and https addresses are opened")
    if parts.username is not None or parts.password is not None:
        raise InputError("addresses with a user name are not opened")
    if any(ord(character) <= 32 or ord(character) > 126 for character in url):
        raise InputError("an address holds no blanks and only ASCII characters")
    return parts


def _connect(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    """Connection to a checked address of the host, under the host's name."""
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    plain = socket.create_connection((_public_address(host, port), port), timeout=timeout_s)
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    connection.sock = plain
    if parts.scheme == "https":
        try:
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError):
            plain.close()
            raise
    return connection


def _public_address(host: str, port: int) -> str:
    """The first address of a host, if all of them are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"there is no machine called {host}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_is_public(address) for address in addresses):
        raise InputError(f"{host} is not a public address")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast


def _cut_off(connection: http.client.HTTPConnection) -> None:
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except (OSError, AttributeError):
        return  # closed in the meantime


def _content(response: http.client.HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    if response.status != 200:
        raise InputError(f"the server answers {response.status} {response.reason}")
    too_large = InputError(f"it is larger than {max_bytes} bytes")
    if response.length is not None and response.length > max_bytes:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise too_large
        chunks.append(chunk)
    if time.monotonic() >= deadline:
        raise TimeoutError  # what was cut off at the deadline looks like an end
    return b"".join(chunks)
