package registry

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/pkg/errors"
)

// hosts is a list of the configuration's, each host or host:port.
type hosts []string

// has says whether the list names host on port.
func (h hosts) has(host, port string) bool {
	for _, listed := range h {
		name, only := hostPort(listed, "")
		if name == host && (only == "" || only == port) {
			return true
		}
	}
	return false
}

// hostPort takes an authority apart, in the form in which hosts are compared.
func hostPort(authority, defaultPort string) (host, port string) {
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		host, port = strings.Trim(authority, "[]"), defaultPort
	}
	if port == "" {
		port = defaultPort
	}
	return strings.TrimSuffix(strings.ToLower(host), "."), port
}

// refusal is a host that may not be asked.
type refusal struct{ host, reason string }

func (e *refusal) Error() string { return e.host + " " + e.reason }

// dial looks a name up once, and connects to the very addresses that it has checked.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port := hostPort(address, "")
	addresses, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	if !c.insecure.has(host, port) && !c.private.has(host, port) {
		for _, address := range addresses {
			if !public(address) {
				return nil, &refusal{host, "is not at a public address"}
			}
		}
	}
	err = errors.Errorf("%s has no address", host)
	for _, address := range addresses {
		var connection net.Conn
		connection, err = c.connect(ctx, network, net.JoinHostPort(address.String(), port))
		if err == nil {
			return connection, nil
		}
	}
	return nil, err
}

func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	return c.lookup(ctx, host)
}

// reserved are the networks that are nobody's on the Internet, beside those that netip knows.
var reserved = func() (networks []netip.Prefix) {
	for _, network := range []string{
		"0.0.0.0/8",       // this network
		"100.64.0.0/10",   // shared by carriers' NATs; also where some clouds have their metadata
		"192.0.0.0/24",    // protocols
		"192.88.99.0/24",  // relays of 6to4
		"198.18.0.0/15",   // measurements
		"240.0.0.0/4",     // for later, and the broadcast
		"::/96",           // IPv4 as IPv6 used to write it
		"64:ff9b:1::/48",  // translation to a private IPv4
		"100::/64",        // discarded
		"2001::/32",       // Teredo, which holds an IPv4
		"2002::/16",       // 6to4, which holds one as well
		"fec0::/10",       // sites
		"5f00::/16",       // segment routing
		"::ffff:0:0:0/96", // IPv4 translated
	} {
		networks = append(networks, netip.MustParsePrefix(network))
	}
	return networks
}()

// nat64 is where a network that has IPv6 alone finds IPv4.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// public says whether an address is one of the Internet's: not loopback, private, link-local (where clouds have their metadata), shared,
// multicast or unspecified, in any of the forms of IPv6 that hold an IPv4.
func public(address netip.Addr) bool {
	address = address.WithZone("").Unmap()
	if nat64.Contains(address) {
		bytes := address.As16()
		address = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	for _, network := range reserved {
		if network.Contains(address) {
			return false
		}
	}
	return true
}
