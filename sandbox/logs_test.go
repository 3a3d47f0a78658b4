package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
)

func texts(events []*cloudwatchlogs.OutputLogEvent) string {
	var lines []string
	for _, e := range events {
		lines = append(lines, *e.Message)
	}
	return strings.Join(lines, " ")
}

func TestLogGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, name, empty := cloudwatchlogs.New(p), aws.String("think"), s.Inventory()
		in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, Tags: map[string]*string{"spinup:org": aws.String("ss")}}
		must(c.CreateLogGroup(in))
		_, err := c.CreateLogGroup(in)
		refused(t, err, "ResourceAlreadyExistsException", 400)
		for _, bad := range []string{"aws/mine", "white space", "a:b"} {
			_, err = c.CreateLogGroup(&cloudwatchlogs.CreateLogGroupInput{LogGroupName: &bad})
			refused(t, err, "InvalidParameterException", 400)
		}
		_, err = c.PutRetentionPolicy(&cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int64(2)})
		refused(t, err, "InvalidParameterException", 400)
		must(c.PutRetentionPolicy(&cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int64(365)}))
		group := must(c.DescribeLogGroups(&cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("th")})).LogGroups[0]
		same(t, "retention", *group.RetentionInDays, 365)
		same(t, "arn", *group.Arn, *group.LogGroupArn+":*")

		_, err = c.ListTagsForResource(&cloudwatchlogs.ListTagsForResourceInput{ResourceArn: group.Arn})
		refused(t, err, "InvalidParameterException", 400)
		must(c.TagResource(&cloudwatchlogs.TagResourceInput{ResourceArn: group.LogGroupArn, Tags: map[string]*string{"a": aws.String("b")}}))
		must(c.UntagResource(&cloudwatchlogs.UntagResourceInput{ResourceArn: group.LogGroupArn, TagKeys: aws.StringSlice([]string{"spinup:org"})}))
		tags := must(c.ListTagsForResource(&cloudwatchlogs.ListTagsForResourceInput{ResourceArn: group.LogGroupArn})).Tags
		same(t, "tags", fmt.Sprint(aws.StringValueMap(tags)), "map[a:b]")
		must(c.DeleteLogGroup(&cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name}))
		_, err = c.DeleteLogGroup(&cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name})
		refused(t, err, "ResourceNotFoundException", 400)
		same(t, "what is left", Diff(empty, s.Inventory()), "")
	})
}

// withLines makes the stream g/s, with the lines 0 to n-1, a second apart.
func withLines(t *testing.T, s *Sandbox, p *session.Session, n int) (*cloudwatchlogs.CloudWatchLogs, time.Time) {
	t.Helper()
	c, begin := cloudwatchlogs.New(p), time.Now()
	must(c.CreateLogGroup(&cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")}))
	s.logs.write("g", "s", begin)
	for i := range n {
		s.logs.write("g", "s", begin.Add(time.Duration(i)*time.Second), fmt.Sprint(i))
	}
	s.logs.write("gone", "s", begin, "ignored")
	return c, begin
}

func readEvents() *cloudwatchlogs.GetLogEventsInput {
	return &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}
}

func TestEventsAreReadForward(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, begin := withLines(t, s, p, 5)
		in := readEvents().SetStartFromHead(true).SetLimit(2)
		var pages []string
		for len(pages) < 9 {
			out := must(c.GetLogEvents(in))
			pages = append(pages, texts(out.Events))
			if in.NextToken != nil && *in.NextToken == *out.NextForwardToken {
				break
			}
			in.NextToken = out.NextForwardToken
		}
		same(t, "pages", strings.Join(pages, "|"), "0 1|2 3|4|")
		s.logs.write("g", "s", begin.Add(4*time.Second), "late")
		same(t, "what came since", texts(must(c.GetLogEvents(in)).Events), "late")
		in.StartFromHead = nil
		_, err := c.GetLogEvents(in)
		refused(t, err, "InvalidParameterException", 400)
		_, err = c.GetLogEvents(readEvents().SetNextToken("f/1"))
		refused(t, err, "InvalidParameterException", 400)
	})
}

func TestEventsAreReadBackward(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, _ := withLines(t, s, p, 5)
		in := readEvents().SetLimit(2)
		out := must(c.GetLogEvents(in))
		same(t, "tail", texts(out.Events), "3 4")
		in.NextToken = out.NextBackwardToken
		out = must(c.GetLogEvents(in))
		same(t, "before", texts(out.Events), "1 2")
		forward := must(c.GetLogEvents(readEvents().SetStartFromHead(true).SetNextToken(*out.NextForwardToken)))
		same(t, "and back", texts(forward.Events), "3 4")
		in.NextToken = out.NextBackwardToken
		out = must(c.GetLogEvents(in))
		same(t, "head", texts(out.Events), "0")
		in.NextToken = out.NextBackwardToken
		out = must(c.GetLogEvents(in))
		same(t, "the end", texts(out.Events)+*out.NextBackwardToken, *in.NextToken)
	})
}

func TestEventsOfATime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, begin := withLines(t, s, p, 5)
		at := func(n int) int64 { return begin.Add(time.Duration(n) * time.Second).UnixMilli() }
		same(t, "between", texts(must(c.GetLogEvents(readEvents().SetStartTime(at(1)).SetEndTime(at(3)))).Events), "1 2")
		_, err := c.GetLogEvents(readEvents().SetLimit(10001))
		refused(t, err, "InvalidParameterException", 400)
		_, err = c.GetLogEvents(&cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("none")})
		refused(t, err, "ResourceNotFoundException", 400)
	})
}

func TestAnEmptyStreamHasTokens(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, begin := withLines(t, s, p, 0)
		out := must(c.GetLogEvents(readEvents()))
		same(t, "events", len(out.Events), 0)
		s.logs.write("g", "s", begin, "first")
		out = must(c.GetLogEvents(readEvents().SetStartFromHead(true).SetNextToken(*out.NextForwardToken)))
		same(t, "what came since", texts(out.Events), "first")
	})
}

func TestAPageHoldsAMegabyte(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, begin := withLines(t, s, p, 0)
		for range 5 {
			s.logs.write("g", "s", begin, strings.Repeat("x", 256<<10-lineOverhead))
		}
		out := must(c.GetLogEvents(readEvents().SetStartFromHead(true)))
		same(t, "first page", len(out.Events), 4)
		same(t, "second page", len(must(c.GetLogEvents(readEvents().SetStartFromHead(true).SetNextToken(*out.NextForwardToken))).Events), 1)
	})
}

func TestEventsAreFiltered(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, begin := withLines(t, s, p, 0)
		for i, line := range []string{"GET /ping 200", "GET / 500", "worker: panic", "POST / 500"} {
			s.logs.write("g", []string{"s", "other"}[i%2], begin.Add(time.Duration(i)), line)
		}
		for pattern, want := range map[string]string{
			"": "GET /ping 200|GET / 500|POST / 500|worker: panic", "500 GET": "GET / 500", "?panic ?ping": "GET /ping 200|worker: panic",
			`"/ 500" -POST`: "GET / 500",
		} {
			var found []string
			in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: &pattern, Limit: aws.Int64(1)}
			if err := c.FilterLogEventsPages(in, func(page *cloudwatchlogs.FilterLogEventsOutput, _ bool) bool {
				for _, e := range page.Events {
					found = append(found, *e.Message)
				}
				return true
			}); err != nil {
				t.Fatal(err)
			}
			if pattern == "" {
				same(t, "number of all", len(found), 4)
				continue
			}
			same(t, pattern, strings.Join(found, "|"), want)
		}
		_, err := c.FilterLogEvents(&cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: aws.String("{ $.a = 1 }")})
		refused(t, err, "InvalidParameterException", 400)
	})
}

func TestPutLogEventsRejectsWhatIsOutOfTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, begin := withLines(t, s, p, 0)
		put := func(offsets ...time.Duration) (*cloudwatchlogs.PutLogEventsOutput, error) {
			in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}
			for _, d := range offsets {
				in.LogEvents = append(in.LogEvents, &cloudwatchlogs.InputLogEvent{Timestamp: aws.Int64(begin.Add(d).UnixMilli()), Message: aws.String(d.String())})
			}
			return c.PutLogEvents(in)
		}
		old := must(put(-14*24*time.Hour-time.Minute, -14*24*time.Hour+time.Minute)).RejectedLogEventsInfo
		same(t, "too old", *old.TooOldLogEventEndIndex, 1)
		young := must(put(0, time.Hour, 3*time.Hour)).RejectedLogEventsInfo
		same(t, "too new", *young.TooNewLogEventStartIndex, 2)
		same(t, "kept", texts(must(c.GetLogEvents(readEvents())).Events), "-335h59m0s 0s 1h0m0s")
		_, err := put(time.Hour, 0)
		refused(t, err, "InvalidParameterException", 400)
		streams := must(c.DescribeLogStreams(&cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("g"), OrderBy: aws.String("LastEventTime")}))
		same(t, "last event", *streams.LogStreams[0].LastEventTimestamp, begin.Add(time.Hour).UnixMilli())
	})
}

func FuzzLogTokensAndPatterns(f *testing.F) {
	f.Add(cut{forward: true, place: logPlace{at: 1700000000000, number: 3}}.String(), `?a "b c" -d`)
	f.Add("b/1", `"open`)
	f.Add("", "- ? {")
	f.Fuzz(func(t *testing.T, token, pattern string) {
		if c, err := parseCut(token); err == nil && c.String() != token {
			t.Errorf("%q was read as %q", token, c)
		}
		if p, err := parseFilterPattern(pattern); err == nil {
			p.matches(token)
		}
	})
}
