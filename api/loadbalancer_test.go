package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"ecs-api/orchestration"
	"ecs-api/sandbox"

	"github.com/aws/aws-sdk-go/aws"
	awselb "github.com/aws/aws-sdk-go/service/elbv2"
)

// elb makes what an operator would have made: load balancers, listeners, rules and target groups.
type elb struct {
	*world
	c *awselb.ELBV2
}

func (w *world) elb() elb { return elb{w, awselb.New(w.account.Session)} }

func (e elb) no(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// spaceTags are the tags of what is an org's and a space's; no org and no space leave theirs out.
func spaceTags(org, space string) []*awselb.Tag {
	tags := []*awselb.Tag{{Key: aws.String("made"), Value: aws.String("by hand")}}
	for key, value := range map[string]string{"spinup:org": org, "spinup:spaceid": space} {
		if value != "" {
			tags = append(tags, &awselb.Tag{Key: aws.String(key), Value: aws.String(value)})
		}
	}
	return tags
}

func (e elb) group(name string, tags []*awselb.Tag) string {
	e.Helper()
	out, err := e.c.CreateTargetGroup(&awselb.CreateTargetGroupInput{Name: &name, Protocol: aws.String("HTTP"), Port: aws.Int64(443), VpcId: aws.String("vpc-1"),
		TargetType: aws.String("ip"), Tags: tags})
	e.no(err)
	return *out.TargetGroups[0].TargetGroupArn
}

func (e elb) balancer(name string, tags []*awselb.Tag) *awselb.LoadBalancer {
	e.Helper()
	out, err := e.c.CreateLoadBalancer(&awselb.CreateLoadBalancerInput{Name: &name, Scheme: aws.String("internal"), Subnets: aws.StringSlice([]string{"subnet-1"}), Tags: tags})
	e.no(err)
	return out.LoadBalancers[0]
}

func (e elb) listener(balancer *awselb.LoadBalancer, protocol string, port int64, actions ...*awselb.Action) string {
	e.Helper()
	in := &awselb.CreateListenerInput{LoadBalancerArn: balancer.LoadBalancerArn, Protocol: &protocol, Port: &port, DefaultActions: actions}
	if protocol == "HTTPS" {
		in.SslPolicy = aws.String("ELBSecurityPolicy-TLS-1-2-2017-01")
		in.Certificates = []*awselb.Certificate{{CertificateArn: aws.String("arn:aws:acm:us-east-1:001122334455:certificate/1")}}
	}
	out, err := e.c.CreateListener(in)
	e.no(err)
	return *out.Listeners[0].ListenerArn
}

func (e elb) rule(listener string, priority int64, action *awselb.Action, conditions ...*awselb.RuleCondition) {
	e.Helper()
	_, err := e.c.CreateRule(&awselb.CreateRuleInput{ListenerArn: &listener, Priority: &priority, Actions: []*awselb.Action{action}, Conditions: conditions})
	e.no(err)
}

func (e elb) target(group, id string) {
	e.Helper()
	_, err := e.c.RegisterTargets(&awselb.RegisterTargetsInput{TargetGroupArn: &group, Targets: []*awselb.TargetDescription{{Id: &id}}})
	e.no(err)
}

func forward(groups ...string) *awselb.Action {
	config := &awselb.ForwardActionConfig{}
	for _, group := range groups {
		config.TargetGroups = append(config.TargetGroups, &awselb.TargetGroupTuple{TargetGroupArn: aws.String(group)})
	}
	return &awselb.Action{Type: aws.String("forward"), ForwardConfig: config}
}

func fixed(code string) *awselb.Action {
	return &awselb.Action{Type: aws.String("fixed-response"), FixedResponseConfig: &awselb.FixedResponseActionConfig{StatusCode: &code}}
}

func redirect(to awselb.RedirectActionConfig) *awselb.Action {
	to.StatusCode = aws.String("HTTP_301")
	return &awselb.Action{Type: aws.String("redirect"), RedirectConfig: &to}
}

func host(values ...string) *awselb.RuleCondition {
	return &awselb.RuleCondition{Field: aws.String("host-header"), HostHeaderConfig: &awselb.HostHeaderConditionConfig{Values: aws.StringSlice(values)}}
}

// The example of the source document, member by member.
func TestLoadBalancersOfASpace(t *testing.T) {
	inWorld(t, func(w *world) {
		e := w.elb()
		group := e.group("tf-2021", spaceTags("myorg", "special"))
		balancer := e.balancer("zee-special-alb", spaceTags("myorg", "special"))
		plain := e.listener(balancer, "HTTP", 80, redirect(awselb.RedirectActionConfig{Protocol: aws.String("HTTPS"), Port: aws.String("443")}))
		secure := e.listener(balancer, "HTTPS", 443, fixed("412"))
		e.rule(secure, 10, forward(group), host("special.internal.example.com"))
		e.target(group, "10.20.30.40")
		time.Sleep(time.Minute)

		a, trips := w.measured("GET", "/lbs/special", "")
		if a.status != http.StatusOK || trips != 3 {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
		rules := func(listener string) (arns []any) {
			out, err := e.c.DescribeRules(&awselb.DescribeRulesInput{ListenerArn: &listener})
			e.no(err)
			for _, rule := range out.Rules {
				arns = append(arns, *rule.RuleArn)
			}
			return arns
		}
		type object = map[string]any
		want := []any{object{
			"LoadBalancerArn": *balancer.LoadBalancerArn, "LoadBalancerName": "zee-special-alb", "LoadBalancerType": "application", "DNSName": *balancer.DNSName,
			"Listeners": []any{
				object{"ListenerArn": plain, "ListenerName": "HTTP:80", "Rules": []any{
					object{"RuleArn": rules(plain)[0], "If": "Default", "Then": "redirect to HTTPS://#{host}:443/#{path}?#{query}"}}},
				object{"ListenerArn": secure, "ListenerName": "HTTPS:443", "SslPolicy": "ELBSecurityPolicy-TLS-1-2-2017-01", "Rules": []any{
					object{"RuleArn": rules(secure)[0], "If": "host-header: special.internal.example.com", "Then": "forward to tf-2021",
						"TargetGroups": []any{object{"TargetGroupArn": group, "TargetGroupName": "tf-2021", "TargetType": "ip",
							"Targets": []any{object{"Id": "10.20.30.40", "Port": "443", "State": "healthy", "Reason": ""}}}}},
					object{"RuleArn": rules(secure)[1], "If": "Default", "Then": "fixed response: status code 412"}}},
			},
		}}
		var got []any
		a.decode(w, &got)
		if !reflect.DeepEqual(got, want) {
			wanted, _ := json.Marshal(want)
			w.Errorf("got  %s\nwant %s", a.body, wanted)
		}
		a, trips = w.measured("GET", "/lbs?space=special", "")
		if want := fmt.Sprintf(`{"tf-2021":"%s"}`, group); a.status != http.StatusOK || strings.TrimSpace(string(a.body)) != want || trips != 1 {
			w.Errorf("%d %s in %d round trips, want %s", a.status, a.body, trips, want)
		}
	})
}

// described is as much of the answer as most tests look at.
type described []struct {
	LoadBalancerName string
	Listeners        []struct {
		ListenerName string
		Rules        []struct {
			If, Then     string
			TargetGroups []struct {
				TargetGroupName string
				Targets         []struct{ Id, State, Reason string }
			}
		}
	}
}

func TestRulesInWords(t *testing.T) {
	inWorld(t, func(w *world) {
		e := w.elb()
		tags := spaceTags("myorg", "words")
		one, two := e.group("one", tags), e.group("two", tags)
		listener := e.listener(e.balancer("words", tags), "HTTP", 80, forward(one))
		e.rule(listener, 9, forward(one, two), host("a.example.com", "b.example.com"), &awselb.RuleCondition{Field: aws.String("path-pattern"), Values: aws.StringSlice([]string{"/a/*"})})
		e.rule(listener, 10, redirect(awselb.RedirectActionConfig{Host: aws.String("x.org"), Path: aws.String("/y"), Query: aws.String("")}),
			&awselb.RuleCondition{Field: aws.String("http-header"), HttpHeaderConfig: &awselb.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-Env"), Values: aws.StringSlice([]string{"dev", "test"})}})
		e.rule(listener, 100, fixed("503"),
			&awselb.RuleCondition{Field: aws.String("http-request-method"), HttpRequestMethodConfig: &awselb.HttpRequestMethodConditionConfig{Values: aws.StringSlice([]string{"PUT", "POST"})}},
			&awselb.RuleCondition{Field: aws.String("source-ip"), SourceIpConfig: &awselb.SourceIpConditionConfig{Values: aws.StringSlice([]string{"10.0.0.0/8"})}},
			&awselb.RuleCondition{Field: aws.String("query-string"), QueryStringConfig: &awselb.QueryStringConditionConfig{Values: []*awselb.QueryStringKeyValuePair{
				{Key: aws.String("v"), Value: aws.String("1")}, {Value: aws.String("any")}}}})
		var got described
		w.must(http.StatusOK, "GET", "/lbs/words", "").decode(w, &got)
		want := []string{
			"host-header: a.example.com or b.example.com and path-pattern: /a/* > forward to one, two",
			"http-header X-Env: dev or test > redirect to #{protocol}://x.org:#{port}/y",
			"http-request-method: PUT or POST and source-ip: 10.0.0.0/8 and query-string: v=1 or any > fixed response: status code 503",
			"Default > forward to one",
		}
		var told []string
		for _, rule := range got[0].Listeners[0].Rules {
			told = append(told, rule.If+" > "+rule.Then)
		}
		if !reflect.DeepEqual(told, want) {
			w.Errorf("got  %q\nwant %q", told, want)
		}
		if groups := got[0].Listeners[0].Rules[0].TargetGroups; len(groups) != 2 || groups[1].TargetGroupName != "two" {
			w.Errorf("%+v", groups)
		}
	})
}

// What is another org's or another space's is not listed; of what a rule of ours forwards to, only our org's targets are shown.
func TestLoadBalancersOfOthersAreNotThere(t *testing.T) {
	inWorld(t, func(w *world) {
		e := w.elb()
		old := []*awselb.Tag{{Key: aws.String("yale:org"), Value: aws.String("myorg")}, {Key: aws.String("spinup:spaceid"), Value: aws.String("s")}}
		older := e.group("older", old)
		elsewhere, theirs := e.group("elsewhere", spaceTags("myorg", "other")), e.group("theirs", spaceTags("theirs", "s"))
		e.group("nobodys", spaceTags("", "s"))
		e.target(elsewhere, "10.0.0.1")
		e.target(theirs, "10.0.0.2")
		e.listener(e.balancer("b-ours", old), "HTTP", 80, forward(older, elsewhere, theirs))
		e.balancer("a-ours", spaceTags("myorg", "s"))
		for name, tags := range map[string][]*awselb.Tag{"theirs": spaceTags("theirs", "s"), "nobodys": spaceTags("", "s"), "elsewhere": spaceTags("myorg", "other")} {
			e.balancer(name, tags)
		}
		a, trips := w.measured("GET", "/lbs/s", "")
		var got described
		a.decode(w, &got)
		if len(got) != 2 || got[0].LoadBalancerName != "a-ours" || got[1].LoadBalancerName != "b-ours" || trips != 3 {
			w.Fatalf("%s in %d round trips", a.body, trips)
		}
		groups := got[1].Listeners[0].Rules[0].TargetGroups
		if len(groups) != 2 || groups[0].TargetGroupName != "older" || groups[1].TargetGroupName != "elsewhere" || len(groups[1].Targets) != 1 {
			w.Errorf("%s", a.body)
		}
		if strings.Contains(string(a.body), "10.0.0.2") {
			w.Errorf("their targets are shown: %s", a.body)
		}
		var listed map[string]string
		w.must(http.StatusOK, "GET", `/lbs?space="s"`, "").decode(w, &listed)
		if !reflect.DeepEqual(listed, map[string]string{"older": older}) {
			w.Errorf("%v", listed)
		}
	})
}

func TestASpaceWithoutLoadBalancers(t *testing.T) {
	inWorld(t, func(w *world) {
		for path, want := range map[string]string{"/lbs?space=none": "{}", "/lbs/none": "[]"} {
			if a := w.must(http.StatusOK, "GET", path, ""); strings.TrimSpace(string(a.body)) != want {
				w.Errorf("%s: %s", path, a.body)
			}
		}
		for _, path := range []string{"/lbs", "/lbs?space=", `/lbs?space=""`, "/lbs?space=%00", "/lbs?space=" + strings.Repeat("x", 257)} {
			if p := w.must(http.StatusBadRequest, "GET", path, "").problem(w); len(p.Errors) != 1 || p.Errors[0].Pointer != "/query/space" {
				w.Errorf("%s: %+v", path, p)
			}
		}
	})
}

// However many listeners there are, each thing is asked for once.
func TestLoadBalancersAreReadOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		e := w.elb()
		tags := spaceTags("myorg", "many")
		shared := e.group("shared", tags)
		balancer := e.balancer("many", tags)
		for i := range int64(20) {
			listener := e.listener(balancer, "HTTP", 8000+i, forward(shared))
			e.rule(listener, 1, forward(shared), host("a"))
		}
		a, trips := w.measured("GET", "/lbs/many", "")
		calls := map[string]int{}
		for _, call := range w.aws.Calls() {
			calls[call.Operation]++
		}
		want := map[string]int{"GetResources": 1, "DescribeLoadBalancers": 1, "DescribeListeners": 1, "DescribeTargetGroups": 1, "DescribeRules": 20, "DescribeTargetHealth": 1}
		if a.status != http.StatusOK || trips != 3 || !reflect.DeepEqual(calls, want) {
			w.Errorf("%d in %d round trips, %v", a.status, trips, calls)
		}
	})
}

// What the tagging API still lists may be gone.
func TestLoadBalancersThatAreGone(t *testing.T) {
	inWorld(t, func(w *world) {
		e := w.elb()
		e.balancer("gone", spaceTags("myorg", "s"))
		stays := e.balancer("stays", spaceTags("myorg", "s"))
		e.listener(stays, "HTTP", 80, fixed("200"))
		gone, err := e.c.DescribeLoadBalancers(&awselb.DescribeLoadBalancersInput{Names: aws.StringSlice([]string{"gone"})})
		e.no(err)
		w.aws.OnCall(func(call sandbox.Call, before bool) {
			if call.Operation == "GetResources" && !before {
				w.aws.OnCall(nil)
				_, _ = e.c.DeleteLoadBalancer(&awselb.DeleteLoadBalancerInput{LoadBalancerArn: gone.LoadBalancers[0].LoadBalancerArn})
			}
		})
		var got described
		w.must(http.StatusOK, "GET", "/lbs/s", "").decode(w, &got)
		if len(got) != 1 || got[0].LoadBalancerName != "stays" || len(got[0].Listeners) != 1 {
			w.Errorf("%+v", got)
		}
		w.aws.Inject(sandbox.Fault{Service: "elbv2", Operation: "DescribeListeners", Kind: sandbox.Refused, Code: "AccessDenied", Message: "no"})
		w.must(http.StatusForbidden, "GET", "/lbs/s", "")
	})
}

// A service's target group must be our org's, or allowed; to ask costs no round trip of its own.
func TestTargetGroupsOfAServiceMustBeOurs(t *testing.T) {
	behind := func(group string) string {
		return body(cluster, definition, strings.Replace(service, `"servicename"`,
			`"loadbalancers": [{"targetgrouparn": "`+group+`", "containername": "webserver", "containerport": 80}], "servicename"`, 1))
	}
	inWorld(t, func(w *world) {
		e := w.elb()
		before := w.aws.Inventory()
		for name, group := range map[string]string{
			"another org's": e.group("theirs", spaceTags("theirs", "myclu")), "nobody's": e.group("nobodys", nil),
			"none":              "arn:aws:elasticloadbalancing:us-east-1:001122334455:targetgroup/none/0123456789abcdef",
			"another account's": "arn:aws:elasticloadbalancing:us-east-1:999999999999:targetgroup/www/0123456789abcdef",
		} {
			if a := w.send("POST", "/services", behind(group)); a.status != http.StatusNotFound {
				w.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		w.ended()
		delete(before, "target group")
		after := w.aws.Inventory()
		delete(after, "target group")
		if diff := sandbox.Diff(before, after); diff != "" {
			w.Error(diff)
		}
		if a, trips := w.measured("POST", "/services", behind(e.group("ours", spaceTags("myorg", "myclu")))); a.status != http.StatusOK || trips != 4 {
			w.Errorf("%d in %d round trips: %s", a.status, trips, a.body)
		}
	})
	inWorld(t, func(w *world) {
		w.must(http.StatusOK, "POST", "/services", behind(w.elb().group("allowed-1", spaceTags("theirs", "myclu"))))
	}, func(o *orchestration.Options) {
		o.AllowedARNs = []string{"arn:aws:elasticloadbalancing:us-east-1:001122334455:targetgroup/allowed-*"}
	})
}

// A space is what a tag's value can be: 256 characters, however many bytes they take.
func TestWhatASpaceCanBe(t *testing.T) {
	inWorld(t, func(w *world) {
		for space, status := range map[string]int{
			strings.Repeat("%C3%A9", 256): http.StatusOK, strings.Repeat("a", 257): http.StatusBadRequest, "": http.StatusBadRequest, "a%21": http.StatusBadRequest,
		} {
			w.must(status, "GET", "/lbs?space="+space, "")
		}
	})
}
