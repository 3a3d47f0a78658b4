package sandbox

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// placement is on what tasks run.
type placement struct {
	launchType      *string // nil when a strategy decides
	strategy        []*ecs.CapacityProviderStrategyItem
	platformVersion *string
	platformFamily  *string
}

// placementOf decides on what tasks run: as asked, or by the cluster's default strategy, or else on EC2.
func placementOf(c *ecsCluster, launchType *string, strategy []*ecs.CapacityProviderStrategyItem, platform *string, d *taskDefinition) (placement, error) {
	p := placement{launchType: launchType, strategy: strategy, platformVersion: platform}
	if launchType != nil && len(strategy) > 0 {
		return p, invalidParameter("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	}
	if err := checkStrategy(c.doc.CapacityProviders, strategy); err != nil {
		return p, err
	}
	if launchType == nil && len(strategy) == 0 {
		p.strategy = cloneList(c.doc.DefaultCapacityProviderStrategy)
		if len(p.strategy) == 0 {
			p.launchType = aws.String(ecs.LaunchTypeEc2)
		}
	}
	if !p.fargate() {
		if !slices.Contains(aws.StringValueSlice(d.doc.Compatibilities), ecs.CompatibilityEc2) || onlyFargate(d.doc) {
			return p, invalidParameter("Task definition does not support launch_type %s.", aws.StringValue(p.launchType))
		}
		return p, nil
	}
	if !slices.Contains(aws.StringValueSlice(d.doc.Compatibilities), ecs.CompatibilityFargate) {
		return p, invalidParameter("Task definition does not support launch_type FARGATE.")
	}
	if platform == nil {
		p.platformVersion = aws.String("LATEST")
	}
	if !slices.Contains([]string{"LATEST", "1.4.0", "1.3.0"}, *p.platformVersion) {
		return p, refuse(ecs.ErrCodePlatformUnknownException, "The specified platform does not exist.")
	}
	p.platformFamily = aws.String("Linux")
	return p, nil
}

func (p placement) fargate() bool {
	return p.launchType == nil || *p.launchType == ecs.LaunchTypeFargate
}

func onlyFargate(doc *ecs.TaskDefinition) bool {
	return len(doc.RequiresCompatibilities) > 0 && !requires(doc, ecs.CompatibilityEc2)
}

// launchable finds a definition that new tasks may be made from.
func (s *Sandbox) launchable(ref *string) (*taskDefinition, error) {
	if aws.StringValue(ref) == "" {
		return nil, invalidParameter("TaskDefinition can not be blank.")
	}
	family, _, _ := strings.Cut(afterSlash(*ref), ":")
	if !ecsName.MatchString(family) {
		return nil, clientError("Family contains invalid characters.")
	}
	d := s.definition(*ref)
	if d == nil {
		return nil, clientError("TaskDefinition not found.")
	}
	if d.status() != ecs.TaskDefinitionStatusActive {
		return nil, clientError("TaskDefinition is inactive")
	}
	return d, nil
}

func checkNetwork(d *taskDefinition, network *ecs.NetworkConfiguration) error {
	given := network != nil && network.AwsvpcConfiguration != nil
	switch awsvpc := aws.StringValue(d.doc.NetworkMode) == ecs.NetworkModeAwsvpc; {
	case awsvpc && !given:
		return invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case !awsvpc && given:
		return invalidParameter("Network Configuration is not valid for the given networkMode of this task definition.")
	case given && len(network.AwsvpcConfiguration.Subnets) == 0:
		return invalidParameter("subnets can not be empty.")
	}
	return nil
}

// nextProvider is the capacity provider of one more task: bases are filled first, then tasks are shared out by weight.
func nextProvider(strategy []*ecs.CapacityProviderStrategyItem, running map[string]int) string {
	for _, item := range strategy {
		if running[*item.CapacityProvider] < int(aws.Int64Value(item.Base)) {
			return *item.CapacityProvider
		}
	}
	best, share := "", 0.0
	for _, item := range strategy {
		weight := aws.Int64Value(item.Weight)
		if weight == 0 {
			continue
		}
		filled := float64(running[*item.CapacityProvider]-int(aws.Int64Value(item.Base))) / float64(weight)
		if best == "" || filled < share {
			best, share = *item.CapacityProvider, filled
		}
	}
	if best == "" && len(strategy) > 0 {
		best = *strategy[0].CapacityProvider // a single provider may have neither base nor weight
	}
	return best
}
