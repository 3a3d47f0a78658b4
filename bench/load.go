package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"
)

const (
	connections = 16
	rounds      = 5 // of each way in turn, so that what else the machine does falls on all of them
	roundTime   = time.Second
	hashCost    = 10
)

// way is one kind of request that the load is made of. Those with a token ask for a service in an account that is not configured: they go
// through all of the API's front and its router, and reach no AWS.
type way struct {
	name, path, header string
	status             int
	perSecond          []float64
}

// load measures requests per second with and without a token, and then the memory of the process that has answered them.
func load(ctx context.Context, binary, directory string) error {
	p, err := start(ctx, binary, directory, plain())
	if err != nil {
		return err
	}
	defer func() { _ = p.stop() }()
	hash, err := bcrypt.GenerateFromPassword([]byte(token), hashCost)
	if err != nil {
		return err
	}
	const guarded = "/v1/ecs/none/clusters/myclu/services/www"
	ways := []*way{
		{name: "ping", path: "/v1/ecs/ping", status: http.StatusOK},
		{name: "X-Auth-Token, a hash that is remembered", path: guarded, header: "X-Auth-Token: " + string(hash), status: http.StatusNotFound},
		{name: "Authorization: Bearer", path: guarded, header: "Authorization: Bearer " + token, status: http.StatusNotFound},
	}
	for range rounds {
		for _, w := range ways {
			count, err := w.round(ctx, p.address)
			if err != nil {
				return errors.Wrap(err, w.name)
			}
			w.perSecond = append(w.perSecond, float64(count)/roundTime.Seconds())
		}
	}
	now, peak, err := p.memory()
	if err != nil {
		return err
	}
	heading(fmt.Sprintf("requests, over loopback, %d connections", connections), "a second", "share of ping", "target")
	pings := median(ways[0].perSecond)
	for _, w := range ways {
		share, target := "", ""
		if w != ways[0] {
			share, target = fmt.Sprintf("%.0f %%", 100*median(w.perSecond)/pings), ">= 50 %"
		}
		line(w.name, fmt.Sprintf("%.0f", median(w.perSecond)), share, target)
	}
	heading("memory", "", "target")
	line("resident after that load", fmt.Sprintf("%.1f MiB", now), "<= 60 MiB")
	line("resident at its largest", fmt.Sprintf("%.1f MiB", peak), "")
	return nil
}

// round sends one kind of request over all connections, each waiting for its answer, and counts the answers.
func (w *way) round(ctx context.Context, address string) (int, error) {
	until := time.Now().Add(roundTime)
	counts := make([]int, connections)
	group, ctx := errgroup.WithContext(ctx)
	for i := range connections {
		group.Go(func() (err error) {
			counts[i], err = w.connection(ctx, address, until)
			return err
		})
	}
	err := group.Wait()
	total := 0
	for _, count := range counts {
		total += count
	}
	return total, err
}

// connection writes the request as bytes and reads one answer after the other: net/http's client would take most of the machine.
func (w *way) connection(ctx context.Context, address string, until time.Time) (answered int, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	lines := []string{"GET " + w.path + " HTTP/1.1", "Host: " + address}
	if w.header != "" {
		lines = append(lines, w.header)
	}
	request := []byte(strings.Join(lines, "\r\n") + "\r\n\r\n")
	answers := bufio.NewReader(conn)
	for time.Now().Before(until) && ctx.Err() == nil {
		if _, err := conn.Write(request); err != nil {
			return answered, err
		}
		if err := w.read(answers); err != nil {
			return answered, err
		}
		answered++
	}
	return answered, nil
}

func (w *way) read(answers *bufio.Reader) error {
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != w.status {
		return errors.New(answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
