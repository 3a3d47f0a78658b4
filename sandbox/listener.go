package sandbox

import (
	"context"
	"net"
	"sync"
)

// Listener is a network within the process: what DialContext dials, Accept accepts. Unlike a loopback socket it lets the clock of a
// testing/synctest bubble move while somebody waits on it. Make it inside the bubble.
type Listener struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

// NewListener makes a Listener; give it to http.Server.Serve, and its DialContext to an http.Transport.
func NewListener() *Listener {
	return &Listener{dialled: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next dial. It gives net.ErrClosed once the listener is closed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.dialled:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close makes every present and later Accept and DialContext fail.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a name that means nothing outside.
func (l *Listener) Addr() net.Addr { return address{} }

// DialContext connects to the listener, whatever address is asked for.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.dialled <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: address{}, Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "sandbox" }
