//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	awslogs "github.com/aws/aws-sdk-go/service/cloudwatchlogs"
	awsec2 "github.com/aws/aws-sdk-go/service/ec2"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsiam "github.com/aws/aws-sdk-go/service/iam"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// moto is an AWS that nobody here wrote.
type moto struct {
	url       string
	session   *session.Session
	account   map[string]any
	namespace string
}

func newMoto(t *testing.T) *moto {
	t.Helper()
	if _, err := exec.LookPath("moto_server"); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	_ = listener.Close()
	c := exec.Command("moto_server", "-H", "127.0.0.1", "-p", fmt.Sprint(address.Port))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	m := &moto{url: "http://" + address.String()}
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if w, err := http.Get(m.url + "/moto-api/"); err == nil {
			_ = w.Body.Close()
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatal("moto_server does not serve")
		}
	}
	m.session = session.Must(session.NewSession(&aws.Config{Region: aws.String("us-east-1"), Endpoint: &m.url, Credentials: credentials.NewStaticCredentials("AKID", "SECRET", "")}))
	m.prepare(t)
	return m
}

// prepare makes what an operator has: a network, and a namespace.
func (m *moto) prepare(t *testing.T) {
	t.Helper()
	ec2, discovery := awsec2.New(m.session), awsdiscovery.New(m.session)
	vpcs, err := ec2.DescribeVpcs(&awsec2.DescribeVpcsInput{})
	if err != nil {
		t.Fatal(err)
	}
	subnets, err := ec2.DescribeSubnets(&awsec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	groups, err := ec2.DescribeSecurityGroups(&awsec2.DescribeSecurityGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := discovery.CreatePrivateDnsNamespace(&awsdiscovery.CreatePrivateDnsNamespaceInput{Name: aws.String("moto.local"), Vpc: vpcs.Vpcs[0].VpcId})
	if err != nil {
		t.Fatal(err)
	}
	done, err := discovery.GetOperation(&awsdiscovery.GetOperationInput{OperationId: made.OperationId})
	if err != nil {
		t.Fatal(err)
	}
	m.namespace = aws.StringValue(done.Operation.Targets["NAMESPACE"])
	m.account = map[string]any{"region": "us-east-1", "akid": "AKID", "secret": "SECRET", "defaultSubnets": []string{*subnets.Subnets[0].SubnetId}, "defaultSgs": []string{*groups.SecurityGroups[0].GroupId}}
}

// stands gives which parts of a service of this name, in a cluster of this name, there are.
func (m *moto) stands(t *testing.T, name string) (parts []string) {
	t.Helper()
	found := func(part string, there bool, err error) {
		t.Helper()
		var told awserr.Error
		if errors.As(err, &told) && strings.Contains(told.Code(), "NotFound") || told != nil && told.Code() == awsiam.ErrCodeNoSuchEntityException {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", part, err)
		}
		if there {
			parts = append(parts, part)
		}
	}
	ecs := awsecs.New(m.session)
	clusters, err := ecs.DescribeClusters(&awsecs.DescribeClustersInput{Clusters: []*string{&name}})
	found("cluster", len(clusters.Clusters) == 1 && *clusters.Clusters[0].Status == "ACTIVE", err)
	services, err := ecs.DescribeServices(&awsecs.DescribeServicesInput{Cluster: &name, Services: []*string{&name}})
	found("service", len(services.Services) == 1 && *services.Services[0].Status == "ACTIVE", err)
	definitions, err := ecs.ListTaskDefinitions(&awsecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String(name + "servers"), Status: aws.String("ACTIVE")})
	found("task definition", len(definitions.TaskDefinitionArns) > 0, err)
	if len(definitions.TaskDefinitionArns) > 1 {
		t.Errorf("%s has several revisions: %v", name, aws.StringValueSlice(definitions.TaskDefinitionArns))
	}
	_, err = awsiam.New(m.session).GetRole(&awsiam.GetRoleInput{RoleName: aws.String(name + "-ecsTaskExecution")})
	found("role", err == nil, err)
	groups, err := awslogs.New(m.session).DescribeLogGroups(&awslogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	found("log group", len(groups.LogGroups) > 0, err)
	_, err = awssecrets.New(m.session).DescribeSecret(&awssecrets.DescribeSecretInput{SecretId: aws.String("spinup/myorg/" + name + "/" + name + "-cred")})
	found("secret", err == nil, err)
	registries, err := awsdiscovery.New(m.session).ListServices(&awsdiscovery.ListServicesInput{})
	found("registry", slices.ContainsFunc(registries.Services, func(s *awsdiscovery.ServiceSummary) bool { return *s.Name == name }), err)
	return parts
}

var whole = []string{"cluster", "service", "task definition", "role", "log group", "secret", "registry"}

// through gives the account as it is reached through a proxy, which calls strike before and after every call of the operation target.
func (m *moto) through(t *testing.T, target string, strike func(before bool)) map[string]any {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		named := r.Header.Get("X-Amz-Target")
		if form, err := url.ParseQuery(string(body)); named == "" && err == nil {
			named = form.Get("Action")
		}
		struck := named == target
		if struck {
			strike(true)
		}
		onwards, err := http.NewRequest(r.Method, m.url+r.URL.RequestURI(), bytes.NewReader(body)) // it goes on though its caller dies
		if err != nil {
			return
		}
		onwards.Header = r.Header.Clone()
		answer, err := http.DefaultTransport.RoundTrip(onwards)
		if err != nil {
			return
		}
		defer func() { _ = answer.Body.Close() }()
		if struck {
			strike(false)
		}
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}))
	t.Cleanup(proxy.Close)
	account := maps.Clone(m.account)
	account["endpoint"] = proxy.URL
	return account
}

// TestKilledOnMoto is a dozen points of the kill matrix on moto_server: a create leaves everything or nothing.
func TestKilledOnMoto(t *testing.T) {
	t.Parallel()
	m := newMoto(t)
	const ecs, discovery, secrets, logs = "AmazonEC2ContainerServiceV20141113.", "Route53AutoNaming_v20170314.", "secretsmanager.", "Logs_20140328."
	t.Run("points", func(t *testing.T) {
		for i, target := range []string{ecs + "CreateCluster", "CreateRole", discovery + "CreateService", secrets + "CreateSecret", ecs + "RegisterTaskDefinition", ecs + "CreateService", logs + "CreateLogGroup"} {
			for _, before := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, before %v", target, before), func(t *testing.T) {
					t.Parallel()
					name, dir := fmt.Sprintf("m%d%v", i, before), t.TempDir()
					var p *process
					var once sync.Once
					account := m.through(t, target, func(b bool) {
						if b == before {
							once.Do(func() { p.kill() })
						}
					})
					p = start(t, account, dir)
					status, answer, _ := p.ask("POST", "/main/services", everything(name, name, m.namespace))
					select {
					case <-p.ended:
					case <-time.After(5 * time.Second): // its connection is cut a moment before it has ended
						t.Fatalf("it lives, and answered %d %s", status, answer)
					}
					p = start(t, account, dir)
					p.ready()
					all := p.rested(4 * time.Minute)
					stands := m.stands(t, name)
					switch {
					case len(all) != 1:
						t.Errorf("operations %+v", all)
					case all[0].State == "succeeded" && !slices.Equal(stands, whole), all[0].State == "rolled-back" && len(stands) > 0, all[0].State != "succeeded" && all[0].State != "rolled-back":
						t.Errorf("the operation is %s, and there are %q\n%s", all[0].State, stands, tail(p.log.String()))
					default:
						t.Logf("the operation is %s", all[0].State)
					}
					p.stop()
				})
			}
		}
	})
}
