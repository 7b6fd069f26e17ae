"""Which addresses may be connected to: those of the Internet, and those that are allowed."""

import ipaddress

NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All that the Internet has of IPv6 (RFC 4291, 2.4). Beyond it are addresses that stand for others
# in ways of one network, such as 64:ff9b:1::/48 and ::ffff:0:10.0.0.1, and former private ones.
INTERNET_6 = ipaddress.ip_network("2000::/3")


class AddressRefused(Exception):
    """The address is not one that events may be sent to."""


def parse_networks(text):
    """Return the networks that a text lists, separated by commas or white space.

    :raise ValueError: for what is no network, naming it
    """
    return tuple(
        ipaddress.ip_network(part, strict=False) for part in (text or "").replace(",", " ").split()
    )


def check_address(text, networks, encrypted):
    """Refuse an address inside the network, unless it is allowed.

    :param str text: the numbers that will be connected to, never a name
    :param networks: those that are allowed beside the Internet
    :param bool encrypted: whether TLS is spoken; without it only allowed ones are taken
    :raise AddressRefused: with a sentence
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    for one in _reached(address):
        if any(one.version == network.version and one in network for network in networks):
            continue
        beyond = one.version == 6 and one not in INTERNET_6
        if not one.is_global or one.is_multicast or beyond:
            raise AddressRefused(
                f"{one} is an address inside the network; an administrator can allow it under"
                " Settings, Event Sourcing, Delivery."
            )
        if not encrypted:
            raise AddressRefused(
                f"{one} may be reached only encrypted, unless an administrator allows it under"
                " Settings, Event Sourcing, Delivery."
            )


def _reached(address):
    """Return the addresses that a packet to it reaches: of IPv6, those that it stands for."""
    if address.version == 4:
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    found = [address]
    if address.sixtofour:
        found.append(address.sixtofour)
    if address.teredo:
        found.append(address.teredo[1])
    return found
