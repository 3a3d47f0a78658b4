package sandbox

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/cloudwatchlogs"
)

// logsState holds the log groups by name.
type logsState struct {
	groups map[string]*logGroup
}

type logGroup struct {
	name, arn, kmsKey, class string
	created                  time.Time
	retention                int64             // days; 0 is for ever
	tags                     map[string]string // nil: never tagged
	streams                  map[string]*logStream
}

var logGroupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// retentionDays are all that may be asked for.
var retentionDays = []int64{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (s *Sandbox) registerLogs() {
	s.logs.groups = map[string]*logGroup{}
	register(s, "logs", "CreateLogGroup", true, s.createLogGroup)
	register(s, "logs", "DescribeLogGroups", false, s.describeLogGroups)
	register(s, "logs", "DeleteLogGroup", true, s.deleteLogGroup)
	register(s, "logs", "PutRetentionPolicy", true, s.putRetentionPolicy)
	register(s, "logs", "DeleteRetentionPolicy", true, s.deleteRetentionPolicy)
	s.registerLogTags()
	s.registerLogStreams()
	s.registerLogEvents()
}

func (st *logsState) hasGroup(name string) bool { return st.groups[name] != nil }

// group finds a log group by name, or by its ARN with or without the ":*" that CloudWatch Logs likes to write behind it.
func (st *logsState) group(nameOrARN string) (*logGroup, error) {
	if found := st.groups[nameOrARN]; found != nil {
		return found, nil
	}
	for _, g := range st.groups {
		if g.arn == strings.TrimSuffix(nameOrARN, ":*") {
			return g, nil
		}
	}
	return nil, refuse(cloudwatchlogs.ErrCodeResourceNotFoundException, "The specified log group does not exist.")
}

// identified finds the group that a read is about: newer operations take a name or, in another member, a name or ARN, but not both.
func (st *logsState) identified(name, identifier *string) (*logGroup, error) {
	if (name == nil) == (identifier == nil) {
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "You must include either logGroupIdentifier or logGroupName, but not both.")
	}
	return st.group(aws.StringValue(name) + aws.StringValue(identifier))
}

func (s *Sandbox) createLogGroup(r *request, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	name := *in.LogGroupName
	switch {
	case !logGroupName.MatchString(name):
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "1 validation error detected: Value '%s' at 'logGroupName' failed to "+
			`satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`, name)
	case strings.HasPrefix(name, "aws/"):
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "Log groups starting with AWS/ are reserved for AWS.")
	case s.logs.groups[name] != nil:
		return nil, refuse(cloudwatchlogs.ErrCodeResourceAlreadyExistsException, "The specified log group already exists")
	case len(in.Tags) > 50:
		return nil, logTooManyTags()
	}
	g := &logGroup{
		name: name, arn: s.arn("logs", "log-group:"+name), kmsKey: aws.StringValue(in.KmsKeyId), class: aws.StringValue(in.LogGroupClass),
		created: r.now, streams: map[string]*logStream{},
	}
	if g.class == "" {
		g.class = cloudwatchlogs.LogGroupClassStandard
	}
	g.tag(in.Tags)
	s.logs.groups[name] = g
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func (s *Sandbox) describeLogGroups(_ *request, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	prefix, pattern := aws.StringValue(in.LogGroupNamePrefix), strings.ToLower(aws.StringValue(in.LogGroupNamePattern))
	if prefix != "" && pattern != "" {
		return nil, refuse(
			cloudwatchlogs.ErrCodeInvalidParameterException,
			"LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
		)
	}
	var found []*logGroup
	for name, g := range s.logs.groups {
		if strings.HasPrefix(name, prefix) && strings.Contains(strings.ToLower(name), pattern) {
			found = append(found, g)
		}
	}
	found, next, err := page(paging{
		scope: "DescribeLogGroups " + prefix + " " + pattern, token: in.NextToken, max: in.Limit, size: 50, most: 50,
	}, found, func(g *logGroup) string { return g.name })
	out := &cloudwatchlogs.DescribeLogGroupsOutput{NextToken: next, LogGroups: []*cloudwatchlogs.LogGroup{}}
	for _, g := range found {
		out.LogGroups = append(out.LogGroups, g.describe())
	}
	return out, err
}

// describe shows a group. "arn" ends in ":*", which policies want; "logGroupArn" does not, which tagging wants.
func (g *logGroup) describe() *cloudwatchlogs.LogGroup {
	shown := &cloudwatchlogs.LogGroup{
		LogGroupName: &g.name, Arn: aws.String(g.arn + ":*"), LogGroupArn: &g.arn, LogGroupClass: &g.class, KmsKeyId: unlessEmpty(g.kmsKey),
		CreationTime: aws.Int64(g.created.UnixMilli()), MetricFilterCount: aws.Int64(0), StoredBytes: aws.Int64(g.size()),
	}
	if g.retention > 0 {
		shown.RetentionInDays = aws.Int64(g.retention)
	}
	return shown
}

func (g *logGroup) size() (bytes int64) {
	for _, stream := range g.streams {
		bytes += stream.bytes
	}
	return bytes
}

func (s *Sandbox) deleteLogGroup(_ *request, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	delete(s.logs.groups, g.name)
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

func (s *Sandbox) putRetentionPolicy(_ *request, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	if !slices.Contains(retentionDays, *in.RetentionInDays) {
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "1 validation error detected: Value '%d' at 'retentionInDays' failed to "+
			"satisfy constraint: Member must satisfy enum value set: %v", *in.RetentionInDays, retentionDays)
	}
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.retention = *in.RetentionInDays
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
}

func (s *Sandbox) deleteRetentionPolicy(_ *request, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.retention = 0
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, nil
}

// inventory leaves the streams out: they are what containers have said, which nobody takes back.
func (st *logsState) inventory(inv Inventory) {
	for name, g := range st.groups {
		inv.add("log group", name, map[string]any{
			"arn": g.arn, "kmsKey": g.kmsKey, "class": g.class, "retention": g.retention, "tags": shownTags(g.tags),
		})
	}
}

func (st *logsState) tagged(yield func(arn, resourceType string, tags map[string]string)) {
	for _, g := range st.groups {
		yield(g.arn, "logs:log-group", g.tags)
	}
}

func (s *Sandbox) registerLogTags() {
	register(s, "logs", "TagResource", true, s.tagLogs)
	register(s, "logs", "UntagResource", true, s.untagLogs)
	register(s, "logs", "ListTagsForResource", false, s.listLogTags)
	register(s, "logs", "TagLogGroup", true, s.tagLogGroup)
	register(s, "logs", "UntagLogGroup", true, s.untagLogGroup)
	register(s, "logs", "ListTagsLogGroup", false, s.listTagsLogGroup)
}

func (g *logGroup) tag(tags map[string]*string) {
	if g.tags == nil && len(tags) > 0 {
		g.tags = map[string]string{}
	}
	maps.Copy(g.tags, aws.StringValueMap(tags))
}

func logTooManyTags() *apiError {
	return refuse(cloudwatchlogs.ErrCodeTooManyTagsException, "The maximum number of tags that can be applied to a resource is 50.")
}

// withARN finds the group that is to be tagged. This one time the ARN must be written without ":*".
func (st *logsState) withARN(arn string) (*logGroup, error) {
	if !strings.HasPrefix(arn, "arn:") || strings.HasSuffix(arn, ":*") {
		return nil, refuse(cloudwatchlogs.ErrCodeInvalidParameterException, "The specified resource ARN is invalid: %s", arn)
	}
	return st.group(arn)
}

// mayTag counts before anything is changed.
func (g *logGroup) mayTag(tags map[string]*string) error {
	all := maps.Clone(g.tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, aws.StringValueMap(tags))
	if len(all) > 50 {
		return logTooManyTags()
	}
	return nil
}

func (s *Sandbox) tagLogs(_ *request, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	g, err := s.logs.withARN(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if err := g.mayTag(in.Tags); err != nil {
		return nil, err
	}
	g.tag(in.Tags)
	return &cloudwatchlogs.TagResourceOutput{}, nil
}

func (s *Sandbox) untagLogs(_ *request, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	g, err := s.logs.withARN(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	untag(g.tags, in.TagKeys)
	return &cloudwatchlogs.UntagResourceOutput{}, nil
}

func (s *Sandbox) listLogTags(_ *request, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	g, err := s.logs.withARN(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: aws.StringMap(g.tags)}, nil
}

func (s *Sandbox) tagLogGroup(_ *request, in *cloudwatchlogs.TagLogGroupInput) (*cloudwatchlogs.TagLogGroupOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if err := g.mayTag(in.Tags); err != nil {
		return nil, err
	}
	g.tag(in.Tags)
	return &cloudwatchlogs.TagLogGroupOutput{}, nil
}

func (s *Sandbox) untagLogGroup(_ *request, in *cloudwatchlogs.UntagLogGroupInput) (*cloudwatchlogs.UntagLogGroupOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	untag(g.tags, in.Tags)
	return &cloudwatchlogs.UntagLogGroupOutput{}, nil
}

func (s *Sandbox) listTagsLogGroup(_ *request, in *cloudwatchlogs.ListTagsLogGroupInput) (*cloudwatchlogs.ListTagsLogGroupOutput, error) {
	g, err := s.logs.group(*in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsLogGroupOutput{Tags: aws.StringMap(g.tags)}, nil
}
