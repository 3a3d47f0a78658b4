package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
)

const (
	mostEvents     = 10000
	mostEventBytes = 1 << 20
)

func (s *Sandbox) registerLogEvents() {
	register(s, "logs", "GetLogEvents", false, s.getLogEvents)
	register(s, "logs", "FilterLogEvents", false, s.filterLogEvents)
}

// cut is a place between two events, and the direction in which to read on from it.
type cut struct {
	forward bool
	place   logPlace
}

// String is the token: its first letter is the direction, as in CloudWatch Logs. Tokens are never empty; the end is the same token once
// more.
func (c cut) String() string {
	direction := "b"
	if c.forward {
		direction = "f"
	}
	return fmt.Sprintf("%s/%020d%020d/s", direction, c.place.at, c.place.number)
}

func parseCut(token string) (cut, error) {
	var c cut
	if _, err := fmt.Sscanf(token[min(1, len(token)):], "/%20d%20d/s", &c.place.at, &c.place.number); err == nil {
		c.forward = strings.HasPrefix(token, "f")
		if c.String() == token {
			return c, nil
		}
	}
	return cut{}, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "The specified nextToken is invalid.")
}

func (s *Sandbox) getLogEvents(_ *request, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	g, err := s.logs.identified(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	stream, err := g.stream(*in.LogStreamName)
	if err != nil {
		return nil, err
	}
	limit, err := eventLimit(in.Limit)
	if err != nil {
		return nil, err
	}
	from, err := startingPoint(in)
	if err != nil {
		return nil, err
	}
	lines, before, after := from.read(within(stream.lines, in.StartTime, in.EndTime), limit)
	out := &cloudwatchlogs.GetLogEventsOutput{
		Events:            []*cloudwatchlogs.OutputLogEvent{},
		NextBackwardToken: aws.String(cut{place: before}.String()), NextForwardToken: aws.String(cut{forward: true, place: after}.String()),
	}
	for _, l := range lines {
		out.Events = append(out.Events, &cloudwatchlogs.OutputLogEvent{
			Timestamp: aws.Int64(l.place.at), IngestionTime: aws.Int64(l.ingested.UnixMilli()), Message: aws.String(l.text),
		})
	}
	return out, nil
}

// beyond is after all events.
var beyond = logPlace{at: 1 << 62}

// startingPoint is where the token says, else the head or the tail. A forward token without startFromHead is refused, as the API asks for
// both.
func startingPoint(in *cloudwatchlogs.GetLogEventsInput) (cut, error) {
	head := aws.BoolValue(in.StartFromHead)
	if in.NextToken == nil {
		if head {
			return cut{forward: true}, nil
		}
		return cut{place: beyond}, nil
	}
	c, err := parseCut(*in.NextToken)
	if err == nil && c.forward && !head {
		return cut{}, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "A nextForwardToken requires startFromHead to be true.")
	}
	return c, err
}

func eventLimit(limit *int64) (int, error) {
	if limit == nil {
		return mostEvents, nil
	}
	if *limit < 1 || *limit > mostEvents {
		return 0, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "1 validation error detected: Value '%d' at 'limit' failed to "+
			"satisfy constraint: Member must have value between 1 and 10000", *limit)
	}
	return int(*limit), nil
}

// within are the lines from start on and before end, both in milliseconds.
func within(lines []logLine, start, end *int64) []logLine {
	place := func(l logLine, p logPlace) int { return l.place.compare(p) }
	if start != nil {
		i, _ := slices.BinarySearchFunc(lines, logPlace{at: *start}, place)
		lines = lines[i:]
	}
	if end != nil {
		i, _ := slices.BinarySearchFunc(lines, logPlace{at: *end}, place)
		lines = lines[:i]
	}
	return lines
}

// read gives the next lines in the cut's direction, always in order of time, and the places before the first and after the last of them.
// Where there are none, both places are the cut itself: the token that comes back is then the one that was sent.
func (c cut) read(lines []logLine, limit int) (page []logLine, before, after logPlace) {
	i, _ := slices.BinarySearchFunc(lines, c.place, func(l logLine, p logPlace) int { return l.place.compare(p) })
	if c.forward {
		page = firstOf(lines[i:], limit)
	} else {
		page = lastOf(lines[:i], limit)
	}
	if len(page) == 0 {
		if c.place == beyond && len(lines) == 0 {
			return nil, logPlace{}, logPlace{} // an empty stream, asked for its tail: what comes later is after this
		}
		return nil, c.place, c.place
	}
	before, after = page[0].place, page[len(page)-1].place
	before.number--
	after.number++
	return page, before, after
}

// firstOf takes from the head what fits on a page.
func firstOf(lines []logLine, limit int) []logLine {
	size := 0
	for i, l := range lines {
		size += len(l.text) + lineOverhead
		if i >= limit || (i > 0 && size > mostEventBytes) {
			return lines[:i]
		}
	}
	return lines
}

// lastOf takes from the tail what fits on a page.
func lastOf(lines []logLine, limit int) []logLine {
	size := 0
	for n := range len(lines) {
		size += len(lines[len(lines)-1-n].text) + lineOverhead
		if n >= limit || (n > 0 && size > mostEventBytes) {
			return lines[len(lines)-n:]
		}
	}
	return lines
}

// streamLine is a line and the stream it comes from.
type streamLine struct {
	logLine
	stream string
}

func (l streamLine) key() string {
	return fmt.Sprintf("%020d%020d %s", l.place.at, l.place.number, l.stream)
}

func (s *Sandbox) filterLogEvents(_ *request, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	g, err := s.logs.identified(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	streams, err := g.chosen(in)
	if err != nil {
		return nil, err
	}
	pattern, err := parseFilterPattern(aws.StringValue(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	limit, err := eventLimit(in.Limit)
	if err != nil {
		return nil, err
	}
	var found []streamLine
	for _, x := range streams {
		for _, l := range within(x.lines, in.StartTime, in.EndTime) {
			if pattern.matches(l.text) {
				found = append(found, streamLine{l, x.name})
			}
		}
	}
	found, next, err := page(paging{
		scope: fmt.Sprint(
			"FilterLogEvents ",
			g.name,
			aws.StringValue(in.FilterPattern),
			aws.StringValueSlice(in.LogStreamNames),
			aws.StringValue(in.LogStreamNamePrefix),
		),
		token: in.NextToken, size: limit, most: mostEvents,
	}, found, streamLine.key)
	out := &cloudwatchlogs.FilterLogEventsOutput{NextToken: next, SearchedLogStreams: []*cloudwatchlogs.SearchedLogStream{}}
	out.Events = filtered(found)
	return out, err
}

func filtered(lines []streamLine) []*cloudwatchlogs.FilteredLogEvent {
	events := []*cloudwatchlogs.FilteredLogEvent{}
	for _, l := range lines {
		events = append(events, &cloudwatchlogs.FilteredLogEvent{
			EventId: aws.String(fmt.Sprintf("%020d%020d", l.place.at, l.place.number)), LogStreamName: aws.String(l.stream),
			Timestamp: aws.Int64(l.place.at), IngestionTime: aws.Int64(l.ingested.UnixMilli()), Message: aws.String(l.text),
		})
	}
	return events
}

// chosen are the streams to search: those named, those with a prefix, or all.
func (g *logGroup) chosen(in *cloudwatchlogs.FilterLogEventsInput) (streams []*logStream, err error) {
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil {
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "logStreamNames and logStreamNamePrefix can't both be specified.")
	}
	if len(in.LogStreamNames) > 100 {
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "At most 100 log streams can be named.")
	}
	for _, name := range in.LogStreamNames {
		stream, err := g.stream(aws.StringValue(name))
		if err != nil {
			return nil, err
		}
		streams = append(streams, stream)
	}
	if len(in.LogStreamNames) > 0 {
		return streams, nil
	}
	for name, stream := range g.streams {
		if strings.HasPrefix(name, aws.StringValue(in.LogStreamNamePrefix)) {
			streams = append(streams, stream)
		}
	}
	return streams, nil
}

// filterPattern is the unstructured part of the filter language: terms and quoted phrases, all of which must occur; "?" before those of
// which one is enough; "-" before those that must not occur.
type filterPattern struct{ all, any, none []string }

func parseFilterPattern(text string) (*filterPattern, error) {
	p := &filterPattern{}
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		if strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "%") {
			return nil, refuse(
				cloudwatchlogs.ErrCodeInvalidParameterException,
				"Invalid filter pattern: the sandbox knows terms only, no JSON, columns or expressions.",
			)
		}
		terms := &p.all
		switch rest[0] {
		case '?':
			terms, rest = &p.any, rest[1:]
		case '-':
			terms, rest = &p.none, rest[1:]
		}
		var term string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			if term, rest, ok = strings.Cut(quoted, `"`); !ok {
				return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "Invalid filter pattern: a quote is not closed.")
			}
		} else {
			term, rest, _ = strings.Cut(rest, " ")
		}
		if term != "" {
			*terms = append(*terms, term)
		}
	}
	return p, nil
}

func (p *filterPattern) matches(text string) bool {
	occurs := func(term string) bool { return strings.Contains(text, term) }
	absent := func(term string) bool { return !occurs(term) }
	return !slices.ContainsFunc(p.all, absent) && !slices.ContainsFunc(p.none, occurs) && (len(p.any) == 0 || slices.ContainsFunc(p.any, occurs))
}
