package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
)

// logStream keeps its lines by time. The oldest go when there are too many: a sandbox may run for weeks.
type logStream struct {
	name, arn string
	created   time.Time
	ingested  time.Time // of the newest line
	bytes     int64
	lines     []logLine
	written   int64
}

// logLine is an event. Its place says where it stands among all events of the stream, for good: by time, then by arrival.
type logLine struct {
	place    logPlace
	ingested time.Time
	text     string
}

// logPlace is a time in milliseconds and the number of the line. Lines have even numbers, so that odd ones fall between two.
type logPlace struct{ at, number int64 }

func (p logPlace) compare(q logPlace) int {
	return cmp.Or(cmp.Compare(p.at, q.at), cmp.Compare(p.number, q.number))
}

const (
	mostLines    = 20000
	lineOverhead = 26 // CloudWatch Logs counts so many bytes for each event, beside its text
)

func (s *Sandbox) registerLogStreams() {
	register(s, "logs", "CreateLogStream", true, s.createLogStream)
	register(s, "logs", "DescribeLogStreams", false, s.describeLogStreams)
	register(s, "logs", "PutLogEvents", true, s.putLogEvents)
}

// write appends lines, making the stream if need be. A group that is gone is ignored.
func (st *logsState) write(group, stream string, at time.Time, lines ...string) {
	g := st.groups[group]
	if g == nil {
		return
	}
	if g.streams[stream] == nil {
		g.addStream(stream, at)
	}
	for _, line := range lines {
		g.streams[stream].add(at.UnixMilli(), line, at)
	}
}

func (g *logGroup) addStream(name string, now time.Time) {
	g.streams[name] = &logStream{name: name, arn: g.arn + ":log-stream:" + name, created: now}
}

func (x *logStream) add(at int64, text string, now time.Time) {
	x.written += 2
	line := logLine{place: logPlace{at, x.written}, ingested: now, text: text}
	i, _ := slices.BinarySearchFunc(x.lines, line.place, func(l logLine, p logPlace) int { return l.place.compare(p) })
	x.lines = slices.Insert(x.lines, i, line)
	if len(x.lines) > mostLines {
		x.lines = slices.Delete(x.lines, 0, len(x.lines)-mostLines)
	}
	x.ingested = now
	x.bytes += int64(len(text)) + lineOverhead
}

func (g *logGroup) stream(name string) (*logStream, error) {
	if found := g.streams[name]; found != nil {
		return found, nil
	}
	return nil, refuse(cloudwatchlogs.ErrCodeResourceNotFoundException, "The specified log stream does not exist.")
}

func (s *Sandbox) createLogStream(r *request, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	name := *in.LogStreamName
	switch {
	case len(name) > 512 || strings.ContainsAny(name, ":*"):
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "1 validation error detected: Value '%s' at 'logStreamName' failed to "+
			"satisfy constraint: Member must satisfy regular expression pattern: [^:*]*", name)
	case g.streams[name] != nil:
		return nil, refuse(cloudwatchlogs.ErrCodeResourceAlreadyExistsException, "The specified log stream already exists")
	}
	g.addStream(name, r.now)
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (s *Sandbox) describeLogStreams(_ *request, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	g, err := s.logs.identified(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	prefix, byTime := aws.StringValue(in.LogStreamNamePrefix), aws.StringValue(in.OrderBy) == cloudwatchlogs.OrderByLastEventTime
	if byTime && prefix != "" {
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	var found []*logStream
	for name, x := range g.streams {
		if strings.HasPrefix(name, prefix) {
			found = append(found, x)
		}
	}
	found, next, err := page(paging{
		scope: fmt.Sprint("DescribeLogStreams ", g.name, " ", prefix, byTime, aws.BoolValue(in.Descending)), token: in.NextToken,
		max: in.Limit, size: 50, most: 50, descending: aws.BoolValue(in.Descending),
	}, found, func(x *logStream) string {
		if byTime {
			return fmt.Sprintf("%020d %s", x.lastAt(), x.name)
		}
		return x.name
	})
	out := &cloudwatchlogs.DescribeLogStreamsOutput{NextToken: next, LogStreams: []*cloudwatchlogs.LogStream{}}
	for _, x := range found {
		out.LogStreams = append(out.LogStreams, x.describe())
	}
	return out, err
}

func (x *logStream) lastAt() int64 {
	if len(x.lines) == 0 {
		return 0
	}
	return x.lines[len(x.lines)-1].place.at
}

func (x *logStream) describe() *cloudwatchlogs.LogStream {
	shown := &cloudwatchlogs.LogStream{
		LogStreamName: &x.name, Arn: &x.arn, CreationTime: aws.Int64(x.created.UnixMilli()), StoredBytes: aws.Int64(0),
		UploadSequenceToken: aws.String(sequenceToken),
	}
	if len(x.lines) > 0 {
		shown.FirstEventTimestamp, shown.LastEventTimestamp = aws.Int64(x.lines[0].place.at), aws.Int64(x.lastAt())
		shown.LastIngestionTime = aws.Int64(x.ingested.UnixMilli())
	}
	return shown
}

// sequenceToken is still answered, and no longer looked at.
const sequenceToken = "49590302372592352591571431240000000000000000000000000000"

// putLogEvents takes what is in time; what is too old or too new is left out and named, in an answer that says 200.
func (s *Sandbox) putLogEvents(r *request, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	stream, err := g.stream(*in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if err := validBatch(in.LogEvents); err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.PutLogEventsOutput{NextSequenceToken: aws.String(sequenceToken)}
	rejected := cloudwatchlogs.RejectedLogEventsInfo{}
	oldest, newest := r.now.AddDate(0, 0, -14), r.now.Add(2*time.Hour)
	for i, event := range in.LogEvents {
		at := time.UnixMilli(*event.Timestamp)
		switch {
		case g.retention > 0 && at.Before(r.now.AddDate(0, 0, -int(g.retention))):
			rejected.ExpiredLogEventEndIndex, out.RejectedLogEventsInfo = aws.Int64(int64(i+1)), &rejected
		case at.Before(oldest):
			rejected.TooOldLogEventEndIndex, out.RejectedLogEventsInfo = aws.Int64(int64(i+1)), &rejected
		case at.After(newest):
			if rejected.TooNewLogEventStartIndex == nil {
				rejected.TooNewLogEventStartIndex, out.RejectedLogEventsInfo = aws.Int64(int64(i)), &rejected
			}
		default:
			stream.add(*event.Timestamp, *event.Message, r.now)
		}
	}
	return out, nil
}

func validBatch(events []*cloudwatchlogs.InputLogEvent) error {
	size := 0
	for i, event := range events {
		size += len(*event.Message) + lineOverhead
		if i > 0 && *event.Timestamp < *events[i-1].Timestamp {
			return refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	switch {
	case size > 1048576:
		return refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "Upload too large: %d bytes exceeds limit of 1048576", size)
	case len(events) > 10000:
		return refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "A batch of log events holds at most 10000.")
	case time.Duration(*events[len(events)-1].Timestamp-*events[0].Timestamp)*time.Millisecond > 24*time.Hour:
		return refuse(
			cloudwatchlogs.ErrCodeInvalidParameterException,
			"The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
		)
	}
	return nil
}
