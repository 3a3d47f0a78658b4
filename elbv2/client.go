// Package elbv2 is the API's view of Elastic Load Balancing: load balancers, their listeners and rules, target groups and the health of
// targets. It is read only. It imports common and the SDK, no other wrapper.
package elbv2

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	awselb "github.com/aws/aws-sdk-go/service/elbv2"

	"ecs-api/common"
	"ecs-api/common/awsclient"
)

const (
	// Batch is how many ARNs one call may name.
	Batch = 20
	page  = 400
)

// Client speaks to Elastic Load Balancing as one account. It is safe for concurrent use.
type Client struct {
	api *awselb.ELBV2
}

// New makes a client of the account's session.
func New(sess *session.Session) *Client { return &Client{api: awselb.New(sess)} }

// LoadBalancers gives those of at most Batch load balancers that stand. AWS refuses the whole call if one is absent: then each is asked for
// by itself.
func (c *Client) LoadBalancers(ctx context.Context, arns []string) ([]*awselb.LoadBalancer, error) {
	balancers, err := c.loadBalancers(ctx, arns)
	if common.KindOf(err) != common.NotFound || len(arns) == 1 {
		return balancers, standing(err)
	}
	return awsclient.Batched(ctx, arns, 1, func(ctx context.Context, one []string) ([]*awselb.LoadBalancer, error) {
		balancers, err := c.loadBalancers(ctx, one)
		return balancers, standing(err)
	})
}

func (c *Client) loadBalancers(ctx context.Context, arns []string) ([]*awselb.LoadBalancer, error) {
	var balancers []*awselb.LoadBalancer
	in := &awselb.DescribeLoadBalancersInput{LoadBalancerArns: aws.StringSlice(arns)}
	err := c.api.DescribeLoadBalancersPagesWithContext(ctx, in, func(out *awselb.DescribeLoadBalancersOutput, _ bool) bool {
		balancers = append(balancers, out.LoadBalancers...)
		return true
	})
	return balancers, awsclient.Translate(err)
}

func standing(err error) error {
	if common.KindOf(err) == common.NotFound {
		return nil
	}
	return err
}

// Listeners gives the listeners of a load balancer, all pages. NotFound if it is absent.
func (c *Client) Listeners(ctx context.Context, balancer string) ([]*awselb.Listener, error) {
	var listeners []*awselb.Listener
	in := &awselb.DescribeListenersInput{LoadBalancerArn: &balancer, PageSize: aws.Int64(page)}
	err := c.api.DescribeListenersPagesWithContext(ctx, in, func(out *awselb.DescribeListenersOutput, _ bool) bool {
		listeners = append(listeners, out.Listeners...)
		return true
	})
	return listeners, awsclient.Translate(err)
}

// Rules gives the rules of a listener, all pages. NotFound if the listener is absent.
func (c *Client) Rules(ctx context.Context, listener string) ([]*awselb.Rule, error) {
	var rules []*awselb.Rule
	in := &awselb.DescribeRulesInput{ListenerArn: &listener, PageSize: aws.Int64(page)}
	for { // the SDK has no pages of this one
		out, err := c.api.DescribeRulesWithContext(ctx, in)
		if err != nil {
			return nil, awsclient.Translate(err)
		}
		rules = append(rules, out.Rules...)
		if aws.StringValue(out.NextMarker) == "" {
			return rules, nil
		}
		in = &awselb.DescribeRulesInput{ListenerArn: &listener, PageSize: aws.Int64(page), Marker: out.NextMarker}
	}
}

// TargetGroups gives the target groups that a load balancer forwards to, all pages. NotFound if it is absent.
func (c *Client) TargetGroups(ctx context.Context, balancer string) ([]*awselb.TargetGroup, error) {
	var groups []*awselb.TargetGroup
	in := &awselb.DescribeTargetGroupsInput{LoadBalancerArn: &balancer, PageSize: aws.Int64(page)}
	err := c.api.DescribeTargetGroupsPagesWithContext(ctx, in, func(out *awselb.DescribeTargetGroupsOutput, _ bool) bool {
		groups = append(groups, out.TargetGroups...)
		return true
	})
	return groups, awsclient.Translate(err)
}

// TargetHealth gives the targets of a target group with their health. NotFound if it is absent.
func (c *Client) TargetHealth(ctx context.Context, group string) ([]*awselb.TargetHealthDescription, error) {
	out, err := c.api.DescribeTargetHealthWithContext(ctx, &awselb.DescribeTargetHealthInput{TargetGroupArn: &group})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return out.TargetHealthDescriptions, nil
}

// Tags gives the tags of at most Batch resources. NotFound if one is absent.
func (c *Client) Tags(ctx context.Context, arns []string) ([]*awselb.TagDescription, error) {
	out, err := c.api.DescribeTagsWithContext(ctx, &awselb.DescribeTagsInput{ResourceArns: aws.StringSlice(arns)})
	if err != nil {
		return nil, awsclient.Translate(err)
	}
	return out.TagDescriptions, nil
}
