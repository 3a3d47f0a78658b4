package orchestration

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

func TestBuildRunTask(t *testing.T) {
	defaults := network{securityGroups: []string{"sg-1"}, subnets: []string{"subnet-1"}}
	spots := []*awsecs.CapacityProviderStrategyItem{{CapacityProvider: aws.String(spot)}}
	for name, test := range map[string]struct {
		asked      awsecs.RunTaskInput
		launchType string
		count      int64
		subnet     string
		tags       int
	}{
		"nothing":            {awsecs.RunTaskInput{}, "FARGATE", 1, "subnet-1", 0},
		"a strategy":         {awsecs.RunTaskInput{CapacityProviderStrategy: spots, Count: aws.Int64(3)}, "", 3, "subnet-1", 0},
		"a subnet":           {awsecs.RunTaskInput{NetworkConfiguration: inSubnet("subnet-2")}, "FARGATE", 1, "subnet-2", 0},
		"a token of its own": {awsecs.RunTaskInput{ClientToken: aws.String("theirs"), PropagateTags: aws.String("NONE")}, "FARGATE", 1, "subnet-1", 0},
		"tags, ours among them": {awsecs.RunTaskInput{Tags: []*awsecs.Tag{{Key: aws.String("a"), Value: aws.String("b")}, {Key: aws.String("spinup:operation"), Value: aws.String("c")}}},
			"FARGATE", 1, "subnet-1", 1},
	} {
		asked := test.asked
		got := buildRunTask(&asked, "myclu", "arn:x", "token", defaults)
		if aws.StringValue(got.LaunchType) != test.launchType || *got.Count != test.count || len(got.Tags) != test.tags+1 || fromECSTags(got.Tags)["spinup:operation"] != "token" ||
			*got.NetworkConfiguration.AwsvpcConfiguration.Subnets[0] != test.subnet {
			t.Errorf("%s: %v", name, got)
		}
		if *got.Cluster != "myclu" || *got.TaskDefinition != "arn:x" || *got.ClientToken != "token" || *got.PropagateTags != "TASK_DEFINITION" || !*got.EnableECSManagedTags {
			t.Errorf("%s: %v", name, got)
		}
		if asked.Cluster != nil || asked.Count != test.asked.Count || len(asked.Tags) != len(test.asked.Tags) {
			t.Errorf("%s: wrote to the request: %v", name, asked)
		}
	}
}

func inSubnet(subnet string) *awsecs.NetworkConfiguration {
	return &awsecs.NetworkConfiguration{AwsvpcConfiguration: &awsecs.AwsVpcConfiguration{Subnets: []*string{&subnet}}}
}

// A service that moves to another family has tasks, and logs, of both for a while.
func TestLogStreams(t *testing.T) {
	const arn = "arn:aws:ecs:r:1:task-definition/"
	deployments := func(definitions ...string) (all []*awsecs.Deployment) {
		for _, definition := range definitions {
			all = append(all, &awsecs.Deployment{TaskDefinition: aws.String(arn + definition)})
		}
		return all
	}
	for name, test := range map[string]struct {
		service awsecs.Service
		want    []string
	}{
		"family and service": {awsecs.Service{ServiceName: aws.String("www"), TaskDefinition: aws.String(arn + "f:2"), Deployments: deployments("f:2", "f:1")}, []string{"f/c/t", "www/c/t"}},
		"one name for both":  {awsecs.Service{ServiceName: aws.String("f"), TaskDefinition: aws.String(arn + "f:2")}, []string{"f/c/t"}},
		"on the move":        {awsecs.Service{ServiceName: aws.String("www"), TaskDefinition: aws.String(arn + "g:1"), Deployments: deployments("g:1", "f:9")}, []string{"g/c/t", "f/c/t", "www/c/t"}},
	} {
		if got := logStreams(&test.service, "c", "t"); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRevisionOf(t *testing.T) {
	for arn, want := range map[string]int64{"arn:aws:ecs:r:1:task-definition/f:43": 43, "arn:aws:ecs:r:1:task-definition/f": 0, "": 0} {
		if got := revisionOf(arn); got != want {
			t.Errorf("%q: %d", arn, got)
		}
	}
}
