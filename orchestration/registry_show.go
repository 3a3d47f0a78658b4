package orchestration

import (
	"context"
	"regexp"

	"ecs-api/common"
	"ecs-api/common/awsclient"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
)

// ListRegistriesInput has no members.
type ListRegistriesInput struct{}

// ListRegistries gives the org's service registries, as Cloud Map sums them up.
//
// Cloud Map lists them without their tags, and the tagging API tells whose they are: it learns late, by a moment, of what is new. So nothing
// is asked of each.
func (a *Account) ListRegistries(ctx context.Context, _ *ListRegistriesInput) ([]*awsdiscovery.ServiceSummary, error) {
	var listed []*awsdiscovery.ServiceSummary
	var ours map[string]bool
	err := look(ctx,
		func(ctx context.Context) (err error) {
			listed, err = a.discovery.ListServices(ctx, "")
			return err
		},
		func(ctx context.Context) (err error) {
			ours, err = a.tagged(ctx, "servicediscovery:service")
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	registries := []*awsdiscovery.ServiceSummary{}
	for _, registry := range listed {
		if registry != nil && ours[aws.StringValue(registry.Arn)] {
			registries = append(registries, registry)
		}
	}
	return registries, nil
}

// tagged gives the ARNs of the org's resources of a type, as the tagging API knows them, whichever tag says whose they are.
func (a *Account) tagged(ctx context.Context, kind string) (map[string]bool, error) {
	keys := []string{common.TagOrg, common.TagOrgLegacy}
	listed := make([]map[string]bool, len(keys))
	var reads []func(context.Context) error
	for i, key := range keys {
		reads = append(reads, func(ctx context.Context) error {
			found, err := a.tagging.Resources(ctx, []string{kind}, map[string]string{key: a.Org})
			listed[i] = map[string]bool{}
			for _, one := range found {
				if a.owns(fromTaggingTags(one.Tags)) {
					listed[i][aws.StringValue(one.ResourceARN)] = true
				}
			}
			return err
		})
	}
	err := look(ctx, reads...)
	for name := range listed[1] {
		listed[0][name] = true
	}
	return listed[0], err
}

// registryID is what Cloud Map names a service by.
var registryID = regexp.MustCompile(`^srv-[a-z0-9]{1,60}$`)

// ShowRegistryInput names a service registry.
type ShowRegistryInput struct {
	ID string `json:"-" path:"id"`
}

// Validate gives the rules that the input breaks.
func (in *ShowRegistryInput) Validate() []common.Violation {
	var v violations
	v.check(registryID.MatchString(in.ID), "/path/id", "%q is no id of a service registry: srv-...", in.ID)
	return v
}

// ShowRegistry gives a service registry. NotFound if it is absent or another org's.
func (a *Account) ShowRegistry(ctx context.Context, in *ShowRegistryInput) (*awsdiscovery.Service, error) {
	return a.ownRegistry(ctx, in.ID)
}

// ownRegistry gives a service registry of ours. NotFound if it is absent or another org's.
func (a *Account) ownRegistry(ctx context.Context, id string) (*awsdiscovery.Service, error) {
	in, err := a.Identity(ctx)
	if err != nil {
		return nil, err
	}
	registry, tags, err := a.readRegistry(ctx, nameRegistry(in, id))
	if err == nil && !a.owns(tags) {
		err = notOurs("service registry", id)
	}
	if err != nil {
		return nil, notThere("service registry", id, err)
	}
	return registry, nil
}

func nameRegistry(in awsclient.Account, id string) string {
	return arn.ARN{Partition: in.Partition, Service: "servicediscovery", Region: in.Region, AccountID: in.ID, Resource: "service/" + id}.String()
}
