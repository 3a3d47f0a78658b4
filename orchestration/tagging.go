package orchestration

import (
	"context"
	"encoding/json"
	"strings"

	"ecs-api/common"
	"ecs-api/orchestration/plan"

	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// tagsSuffix makes the kind of a resource the kind of its tags.
const tagsSuffix = " tags"

// tagger writes the tags of one kind of resource, with its service's own call: the tagging API allows five writes a second.
type tagger struct {
	add    func(ctx context.Context, id string, tags common.Tags) error
	remove func(ctx context.Context, id string, keys []string) error
}

func (a *Account) taggers() map[string]tagger {
	ofECS := tagger{
		add: func(ctx context.Context, arn string, tags common.Tags) error {
			return a.ecs.TagResource(ctx, arn, ecsTags(tags))
		},
		remove: a.ecs.UntagResource,
	}
	return map[string]tagger{
		kindCluster:        ofECS,
		kindService:        ofECS,
		kindTaskDefinition: ofECS,
		kindParameter:      a.parameterTagger(),
		kindRole: {
			add: func(ctx context.Context, name string, tags common.Tags) error {
				return a.iam.TagRole(ctx, name, iamTags(tags))
			},
			remove: a.iam.UntagRole,
		},
		kindLogGroup: {
			add: func(ctx context.Context, arn string, tags common.Tags) error {
				return a.logs.TagResource(ctx, arn, tags)
			},
			remove: a.logs.UntagResource,
		},
		kindSecret: {
			add: func(ctx context.Context, arn string, tags common.Tags) error {
				return a.secrets.TagResource(ctx, arn, secretTags(tags))
			},
			remove: a.secrets.UntagResource,
		},
	}
}

// tagsNode merges tags into those that a resource has; the ID of the resource is what its service tags it by. There is no node where
// nothing would change.
func (op *operation) tagsNode(p *plan.Plan, r plan.Resource, ground bool, present, wanted common.Tags) {
	before, after := map[string]*string{}, common.Tags{}
	for key, value := range wanted {
		if was, has := present[key]; !has || was != value {
			after[key], before[key] = value, nil
			if has {
				before[key] = &was
			}
		}
	}
	if len(after) == 0 {
		return
	}
	kind, a := r.Kind, op.account
	r.Kind += tagsSuffix
	plan.Add(p, plan.Node[struct{}]{
		Name:   r.Kind,
		Effect: plan.Effect{Change: plan.Changed, Resource: r, Ground: ground, Before: raw(before), After: raw(after)},
		Call: func(ctx context.Context, _ plan.Inputs) (struct{}, error) {
			return struct{}{}, a.taggers()[kind].add(ctx, r.ID, after)
		},
	})
}

// restoreTags gives the touched keys their old values, or takes them away, where they have what the change wrote.
func (a *Account) restoreTags(ctx context.Context, e plan.Effect) error {
	var before map[string]*string
	var after common.Tags
	if err := json.Unmarshal(e.Before, &before); err != nil {
		return err
	}
	if err := json.Unmarshal(e.After, &after); err != nil {
		return err
	}
	r := e.Resource
	r.Kind = strings.TrimSuffix(r.Kind, tagsSuffix)
	present, err := a.tagsOf(ctx, r)
	if err != nil {
		return absent(err)
	}
	put, remove, theirs := common.Tags{}, []string(nil), false
	for key, was := range before {
		value, has := present[key]
		switch {
		case has && was != nil && value == *was, !has && was == nil:
		case !has || value != after[key]:
			theirs = true
		case was == nil:
			remove = append(remove, key)
		default:
			put[key] = *was
		}
	}
	if len(put) > 0 {
		err = a.taggers()[r.Kind].add(ctx, r.ID, put)
	}
	if err == nil && len(remove) > 0 {
		err = a.taggers()[r.Kind].remove(ctx, r.ID, remove)
	}
	if err == nil && theirs {
		return changedSince()
	}
	return absent(err)
}

// askedTags are the tags of a request without those that say whose something is: they are the service's own to set.
func askedTags(tags []*awsecs.Tag) common.Tags { return withoutOurs(fromECSTags(tags)) }

func withoutOurs(tags common.Tags) common.Tags {
	asked := tags.Merge()
	for key := range ourTags {
		delete(asked, key)
	}
	return asked
}
