package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "ecs_api"

// Metrics is what the process counts, in a registry of its own. Its labels come from tables and models, never from a caller.
type Metrics struct {
	handler http.Handler

	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec
	calls          *prometheus.CounterVec
	callSeconds    *prometheus.HistogramVec
	operations     *prometheus.CounterVec
	leftovers      *prometheus.GaugeVec
	pending        *prometheus.GaugeVec
}

// NewMetrics makes the metrics of one process of this version.
func NewMetrics(version Version) *Metrics {
	m := &Metrics{
		requests:       counter("http_requests_total", "Requests by route, method and status.", "route", "method", "status"),
		requestSeconds: histogram("http_request_duration_seconds", "Time to the end of the answer.", "route", "method"),
		calls:          counter("aws_calls_total", "Calls of AWS by outcome; one with its retries counts once.", "service", "operation", "outcome"),
		callSeconds:    histogram("aws_call_duration_seconds", "Time of a call of AWS with its retries.", "service", "operation"),
		operations:     counter("operations_total", "Operations that ended, by verb and outcome.", "verb", "outcome"),
		leftovers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "leftovers", Help: "Resources that an operation left behind and that nobody uses.",
		}, []string{"account"}),
		pending: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "pending_operations", Help: "Operations in the journal of an account that is not configured.",
		}, []string{"account"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "1, with what was built as labels.",
		ConstLabels: prometheus.Labels{"version": version.Version, "githash": version.GitHash, "buildstamp": version.BuildStamp},
	})
	build.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.requestSeconds, m.calls, m.callSeconds, m.operations, m.leftovers, m.pending, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// histogram reaches from a call in the same zone to an operation that waits for its deployment.
func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	buckets := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

// ServeHTTP writes the Prometheus text.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

func (m *Metrics) observeRequest(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.requestSeconds.WithLabelValues(route, method).Observe(took.Seconds())
}

// ObserveCall counts a call of AWS.
func (m *Metrics) ObserveCall(service, operation, outcome string, latency time.Duration) {
	m.calls.WithLabelValues(service, operation, outcome).Inc()
	m.callSeconds.WithLabelValues(service, operation).Observe(latency.Seconds())
}

// ObserveOperation counts an operation that has ended.
func (m *Metrics) ObserveOperation(verb, outcome string) {
	m.operations.WithLabelValues(verb, outcome).Inc()
}

// SetLeftovers notes how much an account's operations have left behind.
func (m *Metrics) SetLeftovers(account string, n int) {
	m.leftovers.WithLabelValues(account).Set(float64(n))
}

// SetPending says how many operations an account that is not configured has left.
func (m *Metrics) SetPending(account string, n int) {
	m.pending.WithLabelValues(account).Set(float64(n))
}
