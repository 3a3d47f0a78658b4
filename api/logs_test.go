package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
)

// page is a page of a log.
type page struct {
	Events []struct {
		Message   string
		Timestamp int64
	}
	NextForwardToken, NextBackwardToken string
}

func (p page) messages() (all []string) {
	for _, event := range p.Events {
		all = append(all, event.Message)
	}
	return all
}

// taskOf gives the id of the first task of the service www.
func (w *world) taskOf() string {
	w.Helper()
	var shown struct{ Tasks []string }
	w.must(http.StatusOK, "GET", www+"?all=true", "").decode(w, &shown)
	return strings.TrimPrefix(shown.Tasks[0], "myclu/")
}

// say writes lines numbered from 0 into a stream of the cluster's log group, a second apart, and gives the time of the first.
func (w *world) say(stream string, lines int) (first int64) {
	w.Helper()
	client := awslogs.New(w.account.Session)
	_, _ = client.CreateLogStreamWithContext(w.Context(), &awslogs.CreateLogStreamInput{LogGroupName: aws.String("myclu"), LogStreamName: &stream}) // it may stand
	first = time.Now().UnixMilli()
	in := &awslogs.PutLogEventsInput{LogGroupName: aws.String("myclu"), LogStreamName: &stream}
	for i := range lines {
		in.LogEvents = append(in.LogEvents, &awslogs.InputLogEvent{Message: aws.String(fmt.Sprint("line ", i)), Timestamp: aws.Int64(first + int64(1000*i))})
	}
	if _, err := client.PutLogEventsWithContext(w.Context(), in); err != nil {
		w.Fatal(err)
	}
	return first
}

// logs reads a page.
func (w *world) logs(query string) (p page) {
	w.Helper()
	w.must(http.StatusOK, "GET", www+"/logs?"+query, "").decode(w, &p)
	return p
}

func TestTheLogOfATask(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		task := w.taskOf()
		for _, query := range []string{
			"task=" + task + "&container=webserver",
			"task=myclu/" + task + "&container=webserver",
			"task=myclu%2F" + task + "&container=webserver",
			`task="` + task + `"&container="webserver`,
			`task=%22` + task + `%22&container=%22webserver%22&limit=%2230%22`,
		} {
			p := w.logs(query)
			if len(p.Events) != 2 || !strings.HasPrefix(p.Events[0].Message, "container webserver started") || p.NextForwardToken == "" || p.NextBackwardToken == "" {
				w.Errorf("%s: %+v", query, p)
			}
		}
		if a, trips := w.measured("GET", www+"/logs?task="+task+"&container=webserver", ""); a.status != http.StatusOK || trips != 2 {
			w.Errorf("%d in %d round trips", a.status, trips)
		}
	})
}

// Older definitions name their streams after the service.
func TestTheLogThatIsNamedAfterTheService(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		w.say("www/sidecar/"+w.taskOf(), 3)
		query := "task=" + w.taskOf() + "&container=sidecar"
		if p := w.logs(query); len(p.Events) != 3 {
			w.Errorf("%+v", p)
		}
		if _, trips := w.measured("GET", www+"/logs?"+query, ""); trips != 2 {
			w.Errorf("%d round trips", trips)
		}
	})
}

// A token reads on in its direction, until it comes back itself; the most recent come without one.
func TestTheLogIsReadOnInBothDirections(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		first := w.say("webservers/webserver/0123456789abcdef0123456789abcdef", 10)
		query := "task=0123456789abcdef0123456789abcdef&container=webserver"
		lines := func(from, to int) (all string) {
			for i := from; i <= to; i++ {
				all += fmt.Sprint("line ", i, ";")
			}
			return all
		}
		read := func(more string, want string) page {
			w.Helper()
			p := w.logs(query + more)
			got := ""
			for _, message := range p.messages() {
				got += message + ";"
			}
			if got != want {
				w.Errorf("%s: %s, want %s", more, got, want)
			}
			return p
		}
		on := func(token string) string { return "&limit=4&seq=" + url.QueryEscape(token) }
		recent := read("&limit=4", lines(6, 9))
		before := read(on(recent.NextBackwardToken), lines(2, 5))
		head := read(on(before.NextBackwardToken), lines(0, 1))
		if end := read(on(head.NextBackwardToken), ""); end.NextBackwardToken != head.NextBackwardToken || end.Events == nil {
			w.Errorf("the head: %+v", end)
		}
		read(on(head.NextForwardToken), lines(2, 5))
		read(`&limit="4"&seq="`+recent.NextBackwardToken+`"`, lines(2, 5)) // as it stands, with its slashes
		if tail := read(on(recent.NextForwardToken), ""); tail.NextForwardToken != recent.NextForwardToken {
			w.Errorf("the tail: %+v", tail)
		}
		read(fmt.Sprintf("&start=%d&end=%d", first+2000, first+5000), lines(2, 4))
		read(fmt.Sprintf(`&start="%d"&end="%d"&limit="2"`, first+2000, first+5000), lines(3, 4))
		read(fmt.Sprintf("&start=%d", first+9000), lines(9, 9))
		read(fmt.Sprintf("&start=%d", first+10000), "")
		read("&end=0", "")
		read("&limit=10000", lines(0, 9))
	})
}

func TestLogsThatMakeNoSense(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		task := w.taskOf()
		for query, names := range map[string]string{
			"":                                                     "/query/task /query/container",
			"task=" + task:                                         "/query/container",
			`task=""&container=webserver`:                          "/query/task",
			"task=a/b/c&container=webserver":                       "/query/task",
			"task=a:b&container=webserver":                         "/query/task",
			"task=" + task + "&container=a/b":                      "/query/container",
			"task=" + task + "&container=*":                        "/query/container",
			"task=a&container=b&limit=0":                           "/query/limit",
			"task=a&container=b&limit=10001":                       "/query/limit",
			"task=a&container=b&limit=ten":                         "/query/limit",
			"task=a&container=b&limit=":                            "/query/limit",
			"task=a&container=b&seq=":                              "/query/seq",
			"task=a&container=b&seq=x/1":                           "/query/seq",
			"task=a&container=b&seq=1":                             "/query/seq",
			"task=a&container=b&start=-1":                          "/query/start",
			"task=a&container=b&start=now":                         "/query/start",
			"task=a&container=b&end=2020-01-01":                    "/query/end",
			"task=a&container=b&start=2&end=1":                     "/query/end",
			"task=a&container=b&limit=0&start=-1":                  "/query/limit /query/start",
			"task=" + task + "&container=webserver&seq=f/nonsense": "/query/seq",
			"task=" + task + "&container=webserver&seq=b/12":       "/query/seq",
		} {
			a := w.send("GET", www+"/logs?"+query, "")
			var pointers []string
			for _, e := range a.problem(w).Errors {
				pointers = append(pointers, e.Pointer)
				if !strings.Contains(e.Detail, "the query parameter "+strings.TrimPrefix(e.Pointer, "/query/")) {
					w.Errorf("%s: %s", query, e.Detail)
				}
			}
			if a.status != http.StatusBadRequest || strings.Join(pointers, " ") != names {
				w.Errorf("%s: %d %s", query, a.status, a.body)
			}
		}
	})
}

func TestLogsThatAreNotThere(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		task := w.taskOf()
		good := "/logs?task=" + task + "&container=webserver"
		for _, path := range []string{
			"/clusters/myclu/services/nope" + good,
			"/clusters/nope/services/www" + good,
			www + "/logs?container=webserver&task=" + strings.Repeat("0", 32),
			www + "/logs?container=nope&task=" + task,
			www + "/logs?container=webserver&task=other/" + task,
		} {
			w.must(http.StatusNotFound, "GET", path, "")
		}
		// A page that cannot be had is no log that is not there.
		w.aws.Inject(sandbox.Fault{Service: "logs", Operation: "GetLogEvents", Kind: sandbox.Throttled})
		w.must(http.StatusTooManyRequests, "GET", www+good, "")
		w.aws.ClearFaults()
		w.must(http.StatusOK, "GET", www+good, "")

		client := awslogs.New(w.account.Session)
		if _, err := client.DeleteLogGroupWithContext(w.Context(), &awslogs.DeleteLogGroupInput{LogGroupName: aws.String("myclu")}); err != nil {
			w.Fatal(err)
		}
		w.must(http.StatusNotFound, "GET", www+good, "")
		// One that somebody else makes in its place is not ours to read.
		if _, err := client.CreateLogGroupWithContext(w.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String("myclu")}); err != nil {
			w.Fatal(err)
		}
		w.say("webservers/webserver/"+task, 1)
		w.must(http.StatusNotFound, "GET", www+good, "")
	})
}
