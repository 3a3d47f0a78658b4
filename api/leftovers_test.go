package api_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"ecs-api/common"
	"ecs-api/journal"
	"ecs-api/orchestration"

	"github.com/aws/aws-sdk-go/aws"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// plant makes one thing of each kind in the space name, as a create would: org and operation are their marks, "" for none.
func (w *world) plant(name, org, operation string) {
	w.Helper()
	session := w.account.Session
	tags := common.Tags{common.TagSpace: name}
	if org != "" {
		tags[common.TagOrg] = org
	}
	if operation != "" {
		tags[common.TagOperation] = operation
	}
	var (
		ofECS       []*awsecs.Tag
		ofIAM       []*awsiam.Tag
		ofSecrets   []*awssecrets.Tag
		ofDiscovery []*awsdiscovery.Tag
	)
	for _, key := range tags.Keys() {
		k, v := aws.String(key), aws.String(tags[key])
		ofECS, ofIAM = append(ofECS, &awsecs.Tag{Key: k, Value: v}), append(ofIAM, &awsiam.Tag{Key: k, Value: v})
		ofSecrets, ofDiscovery = append(ofSecrets, &awssecrets.Tag{Key: k, Value: v}), append(ofDiscovery, &awsdiscovery.Tag{Key: k, Value: v})
	}
	done := func(_ any, err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	ecs := awsecs.New(session)
	done(ecs.CreateCluster(&awsecs.CreateClusterInput{ClusterName: &name, Tags: ofECS}))
	role, err := awsiam.New(session).CreateRole(&awsiam.CreateRoleInput{RoleName: aws.String(name + "-ecsTaskExecution"), Tags: ofIAM,
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	done(role, err)
	done(awslogs.New(session).CreateLogGroup(&awslogs.CreateLogGroupInput{LogGroupName: &name, Tags: aws.StringMap(tags)}))
	done(awssecrets.New(session).CreateSecret(&awssecrets.CreateSecretInput{Name: aws.String("spinup/myorg/" + name + "/cred"), SecretString: aws.String("x"), Tags: ofSecrets}))
	done(awsdiscovery.New(session).CreateService(&awsdiscovery.CreateServiceInput{Name: &name, NamespaceId: aws.String(w.aws.Defaults().NamespaceID), Tags: ofDiscovery,
		DnsConfig: &awsdiscovery.DnsConfig{DnsRecords: []*awsdiscovery.DnsRecord{{Type: aws.String("A"), TTL: aws.Int64(30)}}}}))
	done(ecs.RegisterTaskDefinition(&awsecs.RegisterTaskDefinitionInput{Family: &name, NetworkMode: aws.String("awsvpc"), Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: aws.StringSlice([]string{"FARGATE"}), ExecutionRoleArn: role.Role.Arn, Tags: ofECS,
		ContainerDefinitions: []*awsecs.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("nginx")}}}))
	// In a cluster of its own: ground on which a service stands is nobody's leftover.
	done(ecs.CreateCluster(&awsecs.CreateClusterInput{ClusterName: aws.String(name + "-busy")}))
	stands := w.aws.Defaults()
	done(ecs.CreateService(&awsecs.CreateServiceInput{Cluster: aws.String(name + "-busy"), ServiceName: &name, TaskDefinition: &name, DesiredCount: aws.Int64(0), Tags: ofECS,
		LaunchType: aws.String("FARGATE"), NetworkConfiguration: &awsecs.NetworkConfiguration{AwsvpcConfiguration: &awsecs.AwsVpcConfiguration{
			Subnets: aws.StringSlice(stands.Subnets), SecurityGroups: aws.StringSlice(stands.SecurityGroups)}}}))
}

func (w *world) leftovers() (found []orchestration.Leftover) {
	w.Helper()
	w.must(http.StatusOK, "GET", "/leftovers", "").decode(w, &found)
	return found
}

// What carries the mark of an operation that nobody knows is told, whatever its kind; what carries none, another org's, and what a known
// operation made, never.
func TestOrphansOfEveryKindAreFound(t *testing.T) {
	const unknown = "3f2b9d6e-0000-4000-8000-000000000001"
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", everything)
		w.ended()
		w.plant("unmarked", "myorg", "")
		w.plant("foreign", "another", unknown)
		w.plant("nobodys", "", unknown)
		if found := w.leftovers(); len(found) != 0 {
			w.Errorf("found %+v", found)
		}
		w.plant("orphan", "myorg", unknown)
		var resources []string
		for _, one := range w.leftovers() {
			if one.Operation != unknown || one.Reason != "its operation is not known" || one.ID == "" {
				w.Errorf("found %+v", one)
			}
			resources = append(resources, one.Resource)
		}
		for _, kind := range []string{"cluster orphan", "role orphan-ecsTaskExecution", "log group orphan", "secret spinup/myorg/orphan/cred", "service registry ", "task definition orphan", "service orphan-busy/orphan"} {
			if !slices.ContainsFunc(resources, func(r string) bool { return strings.HasPrefix(r, kind) }) {
				w.Errorf("no %q in %q", kind, resources)
			}
		}
		if len(resources) != 7 {
			w.Errorf("found %q", resources)
		}
	})
}

// What a living operation has made so far is not left over, nor is what stands once it has ended.
func TestALivingOperationLeavesNothingOver(t *testing.T) {
	inWorld(t, func(w *world) {
		told := make(chan answer, 1)
		go func() { told <- w.send("POST", "/services", everything) }()
		for alive := true; alive; {
			select {
			case a := <-told:
				if alive = false; a.status != http.StatusOK {
					w.Errorf("%d %s", a.status, a.body)
				}
			default:
			}
			if found := w.leftovers(); len(found) > 0 {
				w.Fatalf("found %+v", found)
			}
		}
	})
}

// Without a journal that lasts, an operation whose service stands was not cut off.
func TestWithoutADurableJournalWhatHasItsServiceIsWhole(t *testing.T) {
	const earlier = "3f2b9d6e-0000-4000-8000-000000000002"
	inWorld(t, func(w *world) {
		w.plant("whole", "myorg", earlier)
		if found := w.leftovers(); len(found) != 0 {
			w.Errorf("found %+v", found)
		}
	}, func(o *orchestration.Options) { o.Durable = false })
}

// So was none that made one thing by itself, which stands.
func TestWithoutADurableJournalWhatWasMadeByItselfIsWhole(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/clusters", bareCluster)
		w.must(http.StatusOK, "POST", registriesPath, bareRegistry)
		w.must(http.StatusOK, "POST", "/taskdefs", bareDefinition)
		w.must(http.StatusOK, "POST", "/secrets", madeSecret)
		w.ended()
		w.start(journal.NewMemory(), nil) // which knows nothing of them
		if found := w.leftovers(); len(found) != 0 {
			w.Errorf("found %+v", found)
		}
	}, func(o *orchestration.Options) { o.Durable = false })
}

// Who asks at the same time shares one sweep; who asks later has one of their own.
func TestLeftoversAreSweptOnceForAllWhoAsk(t *testing.T) {
	inWorld(t, func(w *world) {
		w.plant("orphan", "myorg", "3f2b9d6e-0000-4000-8000-000000000001")
		w.aws.ResetCalls()
		w.leftovers()
		alone := len(w.aws.Calls())
		w.aws.ResetCalls()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if found := w.leftovers(); len(found) != 7 {
					w.Errorf("found %+v", found)
				}
			})
		}
		all.Wait()
		if calls := len(w.aws.Calls()); calls != alone {
			w.Errorf("%d calls for five, %d for one", calls, alone)
		}
		w.plant("another", "myorg", "3f2b9d6e-0000-4000-8000-000000000002")
		if found := w.leftovers(); len(found) != 14 {
			w.Errorf("found %+v", found)
		}
	})
}
