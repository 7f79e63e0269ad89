import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from text_recognizer import fetch as fetch_module
from text_recognizer.errors import InputError
from text_recognizer.fetch import fetch, is_address


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved/"))
            self.end_headers()
        elif self.path == "/missing":
            self.send_error(404)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            self._drip()
        else:
            self.send_response(200)
            if self.path == "/sized":
                self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 1000 if self.path != "/query?a=b%20c" else b"query")

    def _drip(self) -> None:
        try:
            for _ in range(200):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a server on this machine, which counts as public for once."""
    monkeypatch.setattr(fetch_module, "_is_public", lambda address: address == "127.0.0.1")
    http = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=http.serve_forever, args=[0.01])
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def message(url: str, **options: float) -> str:
    with pytest.raises(InputError) as caught:
        fetch(url, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_content(server: str) -> None:
    assert fetch(f"{server}/page") == b"x" * 1000
    assert fetch(f"{server}/query?a=b%20c") == b"query"
    assert fetch(f"{server}/sized", max_bytes=1000) == b"x" * 1000


def test_redirects_are_followed_some_times(server: str) -> None:
    assert fetch(f"{server}/moved//page") == b"x" * 1000
    url = server + "/moved/" * 6 + "/page"
    assert message(url) == f"{url} cannot be fetched: it redirects more than 5 times."


@pytest.mark.parametrize("path", ["/page", "/sized"])
def test_size_limit(server: str, path: str) -> None:
    expected = f"{server}{path} cannot be fetched: it is larger than 999 bytes."
    assert message(server + path, max_bytes=999) == expected


def test_time_limit_holds_for_a_server_that_drips(server: str) -> None:
    expected = f"{server}/slow cannot be fetched: it took longer than 0.2 seconds."
    assert message(f"{server}/slow", timeout_s=0.2) == expected


def test_error_of_the_server(server: str) -> None:
    expected = f"{server}/missing cannot be fetched: the server answers 404 Not Found."
    assert message(f"{server}/missing") == expected


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "_is_public", lambda address: True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    assert message(url).startswith(f"{url} cannot be fetched: ")


def test_redirect_to_an_address_that_is_not_public(server: str) -> None:
    url = f"{server}/moved/http://[::1]:1/"
    assert message(url) == f"{url} cannot be fetched: ::1 is not a public address."


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[2002:7f00:1::]",
        "[2001:0:5ef5:79fb::]",
        "[64:ff9b::7f00:1]",
        "2130706433",
    ],
)
def test_addresses_that_are_not_public(host: str) -> None:
    url = f"http://{host}/"
    expected = f"{url} cannot be fetched: {host.strip('[]')} is not a public address."
    assert message(url) == expected


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert fetch_module._is_public(address)


def test_name_that_leads_to_a_private_address_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(host: str, port: int, **_: object) -> list[object]:
        kinds = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kinds, ("8.8.8.8", port)), (*kinds, ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    expected = "http://a.example/ cannot be fetched: a.example is not a public address."
    assert message("http://a.example/") == expected


def test_name_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    expected = "http://a.invalid/ cannot be fetched: there is no machine called a.invalid."
    assert message("http://a.invalid/") == expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://a.example/", "only http and https addresses are opened"),
        ("file:///etc/passwd", "only http and https addresses are opened"),
        ("http://", "only http and https addresses are opened"),
        ("http://me:secret@a.example/", "addresses with a user name are not opened"),
        ("http://a.example/a b", "an address holds no blanks and only ASCII characters"),
        ("http://a.example/\r\nX: y", "an address holds no blanks and only ASCII characters"),
    ],
)
def test_addresses_that_are_not_opened(url: str, problem: str) -> None:
    assert message(url) == f"{url} cannot be fetched: {problem}."


@pytest.mark.parametrize("url", ["http://a.example:99999/", "http://[::1/"])
def test_addresses_that_are_none(url: str) -> None:
    assert message(url).startswith(f"{url} cannot be fetched: ")


def test_what_counts_as_an_address() -> None:
    assert is_address("https://a.example") and is_address("HTTP://a.example")
    assert not is_address("http.png") and not is_address("/http://a")
