package api_test

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"ecs-api/orchestration"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	awstagging "github.com/aws/aws-sdk-go/service/resourcegroupstaggingapi"
)

// space is a cluster with everything that a space can have. All that is in it is named after one word, so that an answer that shows any of
// it shows the word, or one of the ids that AWS made up.
type space struct {
	org, word                       string
	task, run, operation            string   // ids: of a task of the service, of one that was run, of the create
	credential, secret, targetGroup string   // ARNs
	registry, registryARN           string   // the Cloud Map service
	ids                             []string // what shows the space without its word
}

// ghost is a space that never was.
var ghost = &space{org: "theirs", word: "zircon", operation: "3f2b9d6e-0000-4000-8000-000000000009",
	task: strings.Repeat("1a", 16), run: strings.Repeat("2b", 16),
	credential:  "arn:aws:secretsmanager:" + awsHere + "secret:spinup/theirs/zircon/zircon-pull-AbCdEf",
	secret:      "arn:aws:secretsmanager:" + awsHere + "secret:zircon/loose-AbCdEf",
	targetGroup: "arn:aws:elasticloadbalancing:" + awsHere + "targetgroup/zircon-tg/0123456789abcdef",
	registry:    "srv-zirconzirconzirc", registryARN: "arn:aws:servicediscovery:" + awsHere + "service/srv-zirconzirconzirc"}

const awsHere = "us-east-1:001122334455:"

func (s *space) ecs(kind, name string) string { return "arn:aws:ecs:" + awsHere + kind + "/" + name }

// noun is what a path, a query or a body names of a space, in the forms in which a client may write it, the ordinary one first.
type noun struct {
	forms []func(s *space) string
	// across is the answer where it is another space's of the same org; 0 where it is the org's, whatever the space.
	across int
}

var nouns = map[string]noun{
	"cluster": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.word }, func(s *space) string { return s.ecs("cluster", s.word) }}},
	"service": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.word + "-www" }, func(s *space) string { return s.ecs("service", s.word+"/"+s.word+"-www") }}},
	"taskdef": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.word + "-job" }, func(s *space) string { return s.word + "-job:1" },
		func(s *space) string { return s.word + "-poser" },
		func(s *space) string { return s.ecs("task-definition", s.word+"-job:1") }}},
	"task": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.run }, func(s *space) string { return s.word + "/" + s.run },
		func(s *space) string { return s.ecs("task", s.word+"/"+s.run) }}},
	"instance": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.task }, func(s *space) string { return s.word + "/" + s.task }}},
	"secret": {forms: []func(*space) string{
		func(s *space) string { return s.word + "/loose" }, func(s *space) string { return s.secret },
		func(s *space) string { return s.credential }}},
	"prefix": {forms: []func(*space) string{func(s *space) string { return s.word + "-prefix" }}},
	"param":  {forms: []func(*space) string{func(s *space) string { return s.word + "-param" }}},
	"space":  {forms: []func(*space) string{func(s *space) string { return s.word }}},
	"id": {forms: []func(*space) string{
		func(s *space) string { return s.registry }, func(s *space) string { return s.registryARN }}},
	"operation": {forms: []func(*space) string{func(s *space) string { return s.operation }}},
	// What only queries and bodies name.
	"org": {forms: []func(*space) string{func(s *space) string { return s.org }}},
	"family": {across: http.StatusConflict, forms: []func(*space) string{
		func(s *space) string { return s.word + "-web" }}},
	"revision": {across: http.StatusConflict, forms: []func(*space) string{
		func(s *space) string { return s.word + "-web:1" }, func(s *space) string { return s.word + "-web" },
		func(s *space) string { return s.ecs("task-definition", s.word+"-web:1") }}},
	"credential": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.credential }}},
	"value": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return s.credential + ":password::" }, func(s *space) string { return s.credential }}},
	"parameter": {forms: []func(*space) string{
		func(s *space) string {
			return "arn:aws:ssm:" + awsHere + "parameter/" + s.org + "/" + s.word + "-prefix/" + s.word + "-param"
		},
		func(s *space) string { return "/" + s.org + "/" + s.word + "-prefix/" + s.word + "-param" }}},
	"role": {across: http.StatusNotFound, forms: []func(*space) string{
		func(s *space) string { return "arn:aws:iam::001122334455:role/" + s.word + "-ecsTaskExecution" },
		func(s *space) string { return s.word + "-ecsTaskExecution" }}},
	// A cluster's role and its log group, where the cluster is gone.
	"ground": {forms: []func(*space) string{
		func(s *space) string { return s.word + "-role" }, func(s *space) string { return s.word + "-logs" }}},
	"registryarn": {forms: []func(*space) string{func(s *space) string { return s.registryARN }}},
	"targetgroup": {forms: []func(*space) string{func(s *space) string { return s.targetGroup }}},
}

// The requests that make a space.
const (
	spaceService = `{"cluster": {"clustername": "WORD"},
		"taskdefinition": {"family": "WORD-web", "cpu": "256", "memory": "512", "containerdefinitions": [
			{"name": "web", "image": "nginx:alpine", "portmappings": [{"containerport": 80}]}]},
		"credentials": {"web": {"name": "WORD-pull", "secretstring": "{}"}},
		"serviceregistry": {"name": "WORD-www", "dnsconfig": {"namespaceid": "ns-y3uaw6neshhbev3f", "dnsrecords": [{"ttl": 30, "type": "A"}]}},
		"service": {"servicename": "WORD-www", "desiredcount": 1, "loadbalancers": [{"targetgrouparn": "GROUP", "containername": "web", "containerport": 80}]}}`
	spaceJob = `{"cluster": {"clustername": "WORD"}, "taskdefinition": {"family": "WORD-job", "cpu": "256", "memory": "512", "containerdefinitions": [
		{"name": "job", "image": "busybox:1"}]},
		"credentials": {"job": {"secretstring": "{}"}}}`
	spaceSecret    = `{"Name": "WORD/loose", "SecretString": "x", "Tags": [{"Key": "Application", "Value": "WORD"}]}`
	spaceParameter = `{"Name": "WORD-param", "Value": "x"}`
)

// asRealm has the requests of a world come from another org's service on the same AWS account. To our journal it is another account.
func (w *world) asRealm(org string, do func()) {
	ours := w.account
	defer func() { w.account = ours }()
	options := ours.Options
	options.Org, options.Name = org, org
	theirs := orchestration.New(options)
	defer theirs.Close(w.Context())
	w.account = theirs
	do()
}

// space makes a space of the org whose service the world is.
func (w *world) space(word string) *space {
	w.Helper()
	s := &space{org: w.account.Org, word: word}
	of := func(text string) string {
		return strings.NewReplacer("WORD", word, "GROUP", s.targetGroup).Replace(text)
	}
	e := w.elb()
	s.targetGroup = e.group(word+"-tg", spaceTags(s.org, word))
	e.listener(e.balancer(word+"-lb", spaceTags(s.org, word)), "HTTP", 80, forward(s.targetGroup))
	var made struct {
		Credentials             map[string]struct{ ARN string }
		ServiceDiscoveryService struct{ Arn, Id string }
	}
	create := w.must(http.StatusOK, "POST", "/services", of(spaceService))
	create.decode(w, &made)
	s.operation, s.credential = create.header.Get("X-Operation-Id"), made.Credentials["web"].ARN
	s.registry, s.registryARN = made.ServiceDiscoveryService.Id, made.ServiceDiscoveryService.Arn
	w.ended()
	w.must(http.StatusOK, "POST", "/taskdefs", of(spaceJob))
	s.run = w.run("/clusters/"+word+"/taskdefs/"+word+"-job", `{}`).ids()[0]
	var loose struct{ ARN string }
	w.must(http.StatusOK, "POST", "/secrets", of(spaceSecret)).decode(w, &loose)
	s.secret = loose.ARN
	w.must(http.StatusOK, "POST", "/params/"+word+"-prefix", of(spaceParameter))
	w.leftGround(s)
	w.poses(s)
	w.ended()
	var shown struct{ Tasks []string }
	w.must(http.StatusOK, "GET", "/clusters/"+word+"/services/"+word+"-www?all=true", "").decode(w, &shown)
	s.task = strings.TrimPrefix(shown.Tasks[0], word+"/")
	s.ids = []string{s.task, s.run, s.operation, s.registry}
	return s
}

// untag takes the org's tag from something.
func (w *world) untag(arns ...string) {
	w.Helper()
	out, err := awstagging.New(w.account.Session).UntagResources(&awstagging.UntagResourcesInput{
		ResourceARNList: aws.StringSlice(arns), TagKeys: aws.StringSlice([]string{"spinup:org"})})
	if w.elb().no(err); len(out.FailedResourcesMap) > 0 {
		w.Fatal(out.FailedResourcesMap)
	}
}

// leftGround makes a role and a log group of clusters that are gone.
func (w *world) leftGround(s *space) {
	w.Helper()
	_, err := awsiam.New(w.account.Session).CreateRole(&awsiam.CreateRoleInput{RoleName: aws.String(s.word + "-role-ecsTaskExecution"),
		Tags: []*awsiam.Tag{{Key: aws.String("spinup:org"), Value: &s.org}}, AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	w.elb().no(err)
	_, err = awslogs.New(w.account.Session).CreateLogGroup(&awslogs.CreateLogGroupInput{LogGroupName: aws.String(s.word + "-logs"),
		Tags: map[string]*string{"spinup:org": &s.org}})
	w.elb().no(err)
}

// poses makes a family that another org's says is of our space; our own are of their own.
func (w *world) poses(s *space) {
	w.Helper()
	of := s.word
	if s.org != "myorg" {
		of = "amber"
	}
	tag := func(key, value string) *awsecs.Tag { return &awsecs.Tag{Key: &key, Value: &value} }
	_, err := awsecs.New(w.account.Session).RegisterTaskDefinition(&awsecs.RegisterTaskDefinitionInput{
		Family: aws.String(s.word + "-poser"), Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: aws.String("awsvpc"),
		RequiresCompatibilities: aws.StringSlice([]string{"FARGATE"}), ExecutionRoleArn: aws.String("arn:aws:iam::001122334455:role/" + s.word + "-ecsTaskExecution"),
		ContainerDefinitions: []*awsecs.ContainerDefinition{{Name: aws.String("job"), Image: aws.String("busybox:1")}},
		Tags:                 []*awsecs.Tag{tag("spinup:org", s.org), tag("spinup:spaceid", of), tag("spinup:flavor", "task")},
	})
	w.elb().no(err)
}

// withoutOrg takes the org's tag from all that stands in a space, and gives it one of another key, if there is one.
func (w *world) withoutOrg(s *space, key string) {
	w.Helper()
	no := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	tagging := awstagging.New(w.account.Session)
	listed, err := tagging.GetResources(&awstagging.GetResourcesInput{ResourcesPerPage: aws.Int64(100),
		TagFilters: []*awstagging.TagFilter{{Key: aws.String("spinup:org"), Values: aws.StringSlice([]string{s.org})}}})
	no(err)
	var arns []string
	for _, thing := range listed.ResourceTagMappingList {
		if arn := *thing.ResourceARN; strings.Contains(arn, s.word) || strings.Contains(arn, s.registry) || strings.Contains(arn, s.run) {
			arns = append(arns, arn)
		}
	}
	if len(arns) < 8 {
		w.Fatalf("a space has more than %v", arns)
	}
	for some := range slices.Chunk(arns, 20) {
		if key != "" {
			out, err := tagging.TagResources(&awstagging.TagResourcesInput{ResourceARNList: aws.StringSlice(some), Tags: map[string]*string{key: &s.org}})
			if no(err); len(out.FailedResourcesMap) > 0 {
				w.Fatal(out.FailedResourcesMap)
			}
		}
		w.untag(some...)
	}
	client := awsiam.New(w.account.Session)
	for _, role := range []string{s.word + "-ecsTaskExecution", s.word + "-role-ecsTaskExecution"} {
		if key != "" {
			_, err = client.TagRole(&awsiam.TagRoleInput{RoleName: &role, Tags: []*awsiam.Tag{{Key: &key, Value: &s.org}}})
			no(err)
		}
		_, err = client.UntagRole(&awsiam.UntagRoleInput{RoleName: &role, TagKeys: aws.StringSlice([]string{"spinup:org"})})
		no(err)
	}
	time.Sleep(time.Minute)
}

// outsider is a space that the requests of ours may not reach.
type outsider struct {
	*space
	whose string
	ours  bool // of our org, and another space
}

// borderland is an AWS account with two orgs of two spaces each, and a space that is nobody's.
type borderland struct {
	*world
	home      *space
	outsiders []outsider
}

func (w *world) borderland() *borderland {
	w.Helper()
	b := &borderland{world: w, home: w.space("amber")}
	b.outsiders = []outsider{{w.space("beryl"), "our other space's", true}}
	w.asRealm("theirs", func() {
		quartz, onyx, flint := w.space("quartz"), w.space("onyx"), w.space("flint")
		w.withoutOrg(onyx, "yale:org")
		w.withoutOrg(flint, "")
		b.outsiders = append(b.outsiders, outsider{quartz, "another org's", false},
			outsider{onyx, "another org's by the older tag", false}, outsider{flint, "nobody's", false})
	})
	w.ended()
	return b
}
