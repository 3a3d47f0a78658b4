package orchestration

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// maxClusterName leaves room for the suffix of the role's name, of which IAM takes 64 characters.
const maxClusterName = 64 - len(roleSuffix)

func (v *violations) clusterName(pointer, name string) {
	switch {
	case name == "":
		v.add(pointer, "a cluster is required")
	case len(name) > maxClusterName:
		v.add(pointer, "at most %d characters: the name of the execution role is built from it", maxClusterName)
	case !namePattern.MatchString(name):
		v.add(pointer, "letters, digits, - and _ only")
	}
}

// cluster checks a cluster that is to be made.
func (v *violations) cluster(at string, in *awsecs.CreateClusterInput) {
	seen := map[string]bool{}
	for i, provider := range aws.StringValueSlice(in.CapacityProviders) {
		v.provider(item(at+"/CapacityProviders", i), provider)
		v.check(!seen[provider], item(at+"/CapacityProviders", i), "%s stands twice", provider)
		seen[provider] = true
	}
	v.strategy(at+"/DefaultCapacityProviderStrategy", in.DefaultCapacityProviderStrategy)
	if len(in.CapacityProviders) > 0 {
		v.providersOf(at+"/DefaultCapacityProviderStrategy", in.DefaultCapacityProviderStrategy, in.CapacityProviders)
	}
	for i, setting := range in.Settings {
		v.oneOf(item(at+"/Settings", i)+"/Name", setting.Name, awsecs.ClusterSettingNameContainerInsights)
		v.oneOf(item(at+"/Settings", i)+"/Value", setting.Value, "enhanced", "enabled", "disabled")
	}
	if in.Configuration != nil && in.Configuration.ExecuteCommandConfiguration != nil {
		v.oneOf(
			at+"/Configuration/ExecuteCommandConfiguration/Logging",
			in.Configuration.ExecuteCommandConfiguration.Logging,
			awsecs.ExecuteCommandLogging_Values()...)
	}
	v.model(at, in)
}

const (
	onDemand = "FARGATE"
	spot     = "FARGATE_SPOT"
)

// reservedProvider are the names that an account's own capacity providers cannot have. (API reference of CreateCapacityProvider, name.)
var reservedProvider = regexp.MustCompile(`(?i)^(aws|ecs|fargate)`)

func (v *violations) provider(pointer, name string) {
	ours := name == onDemand || name == spot
	v.check(
		ours || namePattern.MatchString(name) && !reservedProvider.MatchString(name),
		pointer,
		"%q is neither %s nor %s nor the name of a capacity provider",
		name,
		onDemand,
		spot,
	)
}

// strategy checks a capacity provider strategy. (API reference of CapacityProviderStrategyItem, and of CreateService,
// capacityProviderStrategy.)
func (v *violations) strategy(at string, strategy []*awsecs.CapacityProviderStrategyItem) {
	v.check(len(strategy) <= 20, at, "at most 20 capacity providers")
	seen, based, weight := map[string]bool{}, false, int64(0)
	for i, one := range strategy {
		name, base := aws.StringValue(one.CapacityProvider), aws.Int64Value(one.Base)
		v.provider(item(at, i)+"/CapacityProvider", name)
		v.check(!seen[name], item(at, i)+"/CapacityProvider", "%s stands twice", name)
		v.within(item(at, i)+"/Base", one.Base, 0, 100000)
		v.within(item(at, i)+"/Weight", one.Weight, 0, 1000)
		v.check(!based || base == 0, item(at, i)+"/Base", "only one capacity provider can have a base")
		seen[name], based, weight = true, based || base > 0, weight|aws.Int64Value(one.Weight)
	}
	v.check(len(strategy) < 2 || weight != 0, at, "at least one capacity provider needs a weight above 0")
}

// providersOf checks that a strategy names only the capacity providers of its cluster.
func (v *violations) providersOf(at string, strategy []*awsecs.CapacityProviderStrategyItem, providers []*string) {
	for i, one := range strategy {
		v.check(slices.Contains(aws.StringValueSlice(providers), aws.StringValue(one.CapacityProvider)), item(at, i)+"/CapacityProvider",
			"%s is not one of the cluster's capacity providers", aws.StringValue(one.CapacityProvider))
	}
}
