"""Which network addresses a capture may connect to."""

from __future__ import annotations

import ipaddress
import socket
import threading

from kb.errors import CaptureError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int, allow_private: bool, seconds: float) -> list[str]:
    """The IP addresses of a host, looked up once. Raises `CaptureError` where any of them is not public, unless
    `allow_private`, or where the lookup takes longer than `seconds`.
    """
    found = _looked_up(host, port, seconds)
    private = [address for address in found if not is_public(address)]
    if private and not allow_private:
        where = "" if host == private[0] else f" is at {private[0]}, which"
        raise CaptureError(f"{host}{where} is not a public address; `kb add --allow-private` permits your own machines")
    return found


def is_public(address: str) -> bool:
    """Whether an IP address, and any IPv4 address that it embeds, is reachable from everywhere on the Internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(_is_global(one) for one in (ip, *_embedded(ip)))


def _is_global(ip: IPAddress) -> bool:
    site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or site_local)


def _embedded(ip: IPAddress) -> list[IPAddress]:
    """The IPv4 addresses to which a mapped, NAT64, 6to4 or Teredo address leads."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    inner: list[IPAddress | None] = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [one for one in inner if one is not None]


def _looked_up(host: str, port: int, seconds: float) -> list[str]:
    """The result of `getaddrinfo`, which has no timeout of its own and so runs in a thread."""
    found: list[str] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise CaptureError(f"{host} cannot be found; check the address, and your network") from failed[0]
    if not found:
        raise CaptureError(f"{host} cannot be found within {seconds:.0f} s")
    return found
