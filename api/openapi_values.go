package api

import (
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
	awsdiscovery "github.com/aws/aws-sdk-go/service/servicediscovery"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"
)

// knownValues are what the SDK knows for its fields that are tagged `enum:"…"`, or the API takes of that. AWS's lists grow, and new values
// are passed on: so they are told as examples, not as all there are. An empty list stands for what the API does not take.
var knownValues = map[string][]string{
	"ApplicationProtocol":                   awsecs.ApplicationProtocol_Values(),
	"AssignPublicIp":                        awsecs.AssignPublicIp_Values(),
	"CPUArchitecture":                       awsecs.CPUArchitecture_Values(),
	"ClusterSettingName":                    awsecs.ClusterSettingName_Values(),
	"Compatibility":                         {awsecs.CompatibilityFargate},
	"ContainerCondition":                    awsecs.ContainerCondition_Values(),
	"DeploymentControllerType":              {awsecs.DeploymentControllerTypeEcs},
	"DeviceCgroupPermission":                awsecs.DeviceCgroupPermission_Values(),
	"EBSResourceType":                       awsecs.EBSResourceType_Values(),
	"EFSAuthorizationConfigIAM":             awsecs.EFSAuthorizationConfigIAM_Values(),
	"EFSTransitEncryption":                  awsecs.EFSTransitEncryption_Values(),
	"EnvironmentFileType":                   awsecs.EnvironmentFileType_Values(),
	"ExecuteCommandLogging":                 awsecs.ExecuteCommandLogging_Values(),
	"FirelensConfigurationType":             awsecs.FirelensConfigurationType_Values(),
	"HealthCheckType":                       awsdiscovery.HealthCheckType_Values(),
	"IpcMode":                               {},
	"LaunchType":                            {awsecs.LaunchTypeFargate},
	"LogDriver":                             {awsecs.LogDriverAwslogs, awsecs.LogDriverAwsfirelens, awsecs.LogDriverSplunk},
	"NetworkMode":                           {awsecs.NetworkModeAwsvpc},
	"OSFamily":                              awsecs.OSFamily_Values(),
	"ParameterTier":                         awsssm.ParameterTier_Values(),
	"ParameterType":                         awsssm.ParameterType_Values(),
	"PidMode":                               {awsecs.PidModeTask},
	"PlacementConstraintType":               {},
	"PlacementStrategyType":                 {},
	"PropagateTags":                         awsecs.PropagateTags_Values(),
	"ProxyConfigurationType":                awsecs.ProxyConfigurationType_Values(),
	"RecordType":                            awsdiscovery.RecordType_Values(),
	"ResourceType":                          {},
	"RoutingPolicy":                         awsdiscovery.RoutingPolicy_Values(),
	"SchedulingStrategy":                    {awsecs.SchedulingStrategyReplica},
	"Scope":                                 awsecs.Scope_Values(),
	"ServiceTypeOption":                     awsdiscovery.ServiceTypeOption_Values(),
	"TaskDefinitionPlacementConstraintType": {},
	"TaskFilesystemType":                    awsecs.TaskFilesystemType_Values(),
	"TransportProtocol":                     awsecs.TransportProtocol_Values(),
	"UlimitName":                            awsecs.UlimitName_Values(),
}
