package api_test

import "strings"

// badInput is a request with one broken rule, and the pointer of what breaks it.
type badInput struct{ name, body, pointer string }

// put gives the request for everything with one text of it replaced.
func put(old, now string) string { return strings.Replace(everything, old, now, 1) }

func inCluster(members string) string {
	return put(`"clustername": "myclu"`, members+`, "clustername": "myclu"`)
}
func inDefinition(members string) string { return put(`"cpu": "256"`, members+`, "cpu": "256"`) }
func inContainer(members string) string {
	return put(`"name": "webserver"`, members+`, "name": "webserver"`)
}
func inService(members string) string { return put(`"desiredcount": 1`, members+`, "desiredcount": 1`) }
func inVPC(members string) string {
	return inService(`"networkconfiguration": {"awsvpcconfiguration": {` + members + `}}`)
}
func inPort(members string) string {
	return put(`{"ContainerPort": 80, "protocol": "tcp"}`, `{`+members+`}`)
}
func inRegistry(members string) string { return put(`"name": "www"`, members) }
func inTags(tag string) string {
	return put(`{"Key": "OS", "Value": "container"}`, tag)
}

// beside adds containers to the request's own.
func beside(containers string) string {
	return put(`"protocol": "tcp"}], "secrets": []}]`, `"protocol": "tcp"}], "secrets": []}, `+containers+`]`)
}

const (
	theContainer  = "/taskdefinition/ContainerDefinitions/0"
	theNext       = "/taskdefinition/ContainerDefinitions/1"
	theVPC        = "/service/NetworkConfiguration/AwsvpcConfiguration"
	theStrategy   = "/service/CapacityProviderStrategy"
	theDefault    = "/cluster/DefaultCapacityProviderStrategy"
	theBalancer   = "/service/LoadBalancers/0"
	theConnection = "/service/ServiceConnectConfiguration"
	theDisk       = "/service/VolumeConfigurations/0"
	aTargetGroup  = `"targetgrouparn": "arn:aws:elasticloadbalancing:us-east-1:001122334455:targetgroup/www/0123456789abcdef"`
	connected     = `"portmappings": [{"containerport": 80, "name": "web"}]`
	aDisk         = `"sizeingib": 10, "rolearn": "arn:aws:iam::001122334455:role/disks"`
)

var badServices = []badInput{
	{"a count that is no number of ours", put(`"desiredcount": 1`, `"desiredcount": 2147483648`), "/service/DesiredCount"},
	{"a bad choice of tags", inService(`"propagatetags": "ALL"`), "/service/PropagateTags"},
	{"daemons", inService(`"schedulingstrategy": "DAEMON"`), "/service/SchedulingStrategy"},
	{"another controller", inService(`"deploymentcontroller": {"type": "CODE_DEPLOY"}`), "/service/DeploymentController/Type"},
	{"a controller of no type", inService(`"deploymentcontroller": {}`), "/service/DeploymentController/Type"},
	{"a role for the service", inService(`"role": "admin"`), "/service/Role"},
	{"a bad platform", inService(`"platformversion": "newest"`), "/service/PlatformVersion"},
	{"a negative grace period", inService(`"healthcheckgraceperiodseconds": -1`), "/service/HealthCheckGracePeriodSeconds"},
	{"placement constraints", inService(`"placementconstraints": [{"type": "distinctInstance"}]`), "/service/PlacementConstraints"},
	{"a placement strategy", inService(`"placementstrategy": [{"type": "random"}]`), "/service/PlacementStrategy"},

	{"many subnets", inVPC(`"subnets": ["subnet-1"` + strings.Repeat(`, "subnet-1"`, 16) + `]`), theVPC + "/Subnets"},
	{"an odd subnet", inVPC(`"subnets": ["subnet-1", "vpc-1"]`), theVPC + "/Subnets/1"},
	{"many security groups", inVPC(`"securitygroups": ["sg-1", "sg-2", "sg-3", "sg-4", "sg-5", "sg-6"]`), theVPC + "/SecurityGroups"},
	{"an odd security group", inVPC(`"securitygroups": ["default"]`), theVPC + "/SecurityGroups/0"},
	{"an odd choice of address", inVPC(`"assignpublicip": "YES"`), theVPC + "/AssignPublicIp"},

	{"too little at most", inService(`"deploymentconfiguration": {"maximumpercent": 99, "minimumhealthypercent": 0}`), "/service/DeploymentConfiguration/MaximumPercent"},
	{"too much at least", inService(`"deploymentconfiguration": {"minimumhealthypercent": 101}`), "/service/DeploymentConfiguration/MinimumHealthyPercent"},
	{"no room to deploy", inService(`"deploymentconfiguration": {"maximumpercent": 100, "minimumhealthypercent": 100}`), "/service/DeploymentConfiguration/MaximumPercent"},
	{"no room to deploy, half given", inService(`"deploymentconfiguration": {"maximumpercent": 100}`), "/service/DeploymentConfiguration/MaximumPercent"},
	{"half a circuit breaker", inService(`"deploymentconfiguration": {"deploymentcircuitbreaker": {"enable": true}}`), "/service/DeploymentConfiguration/DeploymentCircuitBreaker/Rollback"},
	{"alarms without an alarm", inService(`"deploymentconfiguration": {"alarms": {"enable": true, "rollback": true, "alarmnames": []}}`), "/service/DeploymentConfiguration/Alarms/AlarmNames"},

	{"a strategy of nothing", inService(`"capacityproviderstrategy": [{"weight": 1}]`), theStrategy + "/0/CapacityProvider"},
	{"a misspelt provider", inService(`"capacityproviderstrategy": [{"capacityprovider": "fargate"}]`), theStrategy + "/0/CapacityProvider"},
	{"a provider twice", inService(`"capacityproviderstrategy": [{"capacityprovider": "FARGATE", "weight": 1}, {"capacityprovider": "FARGATE", "weight": 2}]`), theStrategy + "/1/CapacityProvider"},
	{"a large base", inService(`"capacityproviderstrategy": [{"capacityprovider": "FARGATE", "base": 100001}]`), theStrategy + "/0/Base"},
	{"a negative weight", inService(`"capacityproviderstrategy": [{"capacityprovider": "FARGATE", "weight": -1}]`), theStrategy + "/0/Weight"},
	{"a large weight", inService(`"capacityproviderstrategy": [{"capacityprovider": "FARGATE", "weight": 1001}]`), theStrategy + "/0/Weight"},
	{"two bases", inService(`"capacityproviderstrategy": [{"capacityprovider": "FARGATE", "base": 1, "weight": 1}, {"capacityprovider": "FARGATE_SPOT", "base": 1}]`), theStrategy + "/1/Base"},
	{"no weight at all", inService(`"capacityproviderstrategy": [{"capacityprovider": "FARGATE", "base": 1}, {"capacityprovider": "FARGATE_SPOT"}]`), theStrategy},

	{"a target group that is none", inService(`"loadbalancers": [{"targetgrouparn": "www", "containername": "webserver", "containerport": 80}]`), theBalancer + "/TargetGroupArn"},
	{"no target group", inService(`"loadbalancers": [{"containername": "webserver", "containerport": 80}]`), theBalancer + "/TargetGroupArn"},
	{"a classic load balancer", inService(`"loadbalancers": [{` + aTargetGroup + `, "loadbalancername": "old", "containername": "webserver", "containerport": 80}]`), theBalancer + "/LoadBalancerName"},
	{"a load balancer of no container", inService(`"loadbalancers": [{` + aTargetGroup + `, "containerport": 80}]`), theBalancer + "/ContainerName"},
	{"a load balancer of an unknown container", inService(`"loadbalancers": [{` + aTargetGroup + `, "containername": "web", "containerport": 80}]`), theBalancer + "/ContainerName"},
	{"a load balancer of no port", inService(`"loadbalancers": [{` + aTargetGroup + `, "containername": "webserver"}]`), theBalancer + "/ContainerPort"},
	{"a load balancer of port 0", inService(`"loadbalancers": [{` + aTargetGroup + `, "containername": "webserver", "containerport": 0}]`), theBalancer + "/ContainerPort"},
	{"a load balancer of an unknown port", inService(`"loadbalancers": [{` + aTargetGroup + `, "containername": "webserver", "containerport": 81}]`), theBalancer + "/ContainerPort"},

	{"a connection without a choice", inService(`"serviceconnectconfiguration": {}`), theConnection + "/Enabled"},
	{"a connection of no port", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{}]}`), theConnection + "/Services/0/PortName"},
	{"a connection of an unknown port", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web"}]}`), theConnection + "/Services/0/PortName"},
	{"a connection of an odd name", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "discoveryname": "-W"}]}`), theConnection + "/Services/0/DiscoveryName"},
	{"a connection that listens nowhere", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "ingressportoverride": 65536}]}`), theConnection + "/Services/0/IngressPortOverride"},
	{"many aliases", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "clientaliases": [{"port": 1}, {"port": 2}]}]}`), theConnection + "/Services/0/ClientAliases"},
	{"an alias of port 0", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "clientaliases": [{"port": 0}]}]}`), theConnection + "/Services/0/ClientAliases/0/Port"},
	{"an odd alias", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "clientaliases": [{"port": 1, "dnsname": "W W"}]}]}`), theConnection + "/Services/0/ClientAliases/0/DnsName"},
	{"a connection with a role that is none", inService(`"serviceconnectconfiguration": {"enabled": true, "services": [{"portname": "web", "tls": {"issuercertificateauthority": {}, "rolearn": "admin"}}]}`), theConnection + "/Services/0/Tls/RoleArn"},
	{"a connection that logs elsewhere", inService(`"serviceconnectconfiguration": {"enabled": true, "logconfiguration": {"logdriver": "syslog"}}`), theConnection + "/LogConfiguration/LogDriver"},
	{"a connection that logs with no secret", inService(`"serviceconnectconfiguration": {"enabled": true, "logconfiguration": {"logdriver": "splunk", "secretoptions": [{"name": "x", "valuefrom": "arn:x"}]}}`), theConnection + "/LogConfiguration/SecretOptions/0/ValueFrom"},

	{"a disk that the definition has not", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {` + aDisk + `}}]`), theDisk + "/Name"},
	{"a disk that is none", inService(`"volumeconfigurations": [{"name": "data"}]`), theDisk + "/ManagedEBSVolume"},
	{"a disk of no role", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"sizeingib": 10}}]`), theDisk + "/ManagedEBSVolume/RoleArn"},
	{"a disk with a role that is none", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"sizeingib": 10, "rolearn": "admin"}}]`), theDisk + "/ManagedEBSVolume/RoleArn"},
	{"a disk of no size", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"rolearn": "arn:aws:iam::001122334455:role/disks"}}]`), theDisk + "/ManagedEBSVolume/SizeInGiB"},
	{"a magnetic disk", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"volumetype": "standard", ` + aDisk + `}}]`), theDisk + "/ManagedEBSVolume/VolumeType"},
	{"a disk without its rate", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"volumetype": "io2", ` + aDisk + `}}]`), theDisk + "/ManagedEBSVolume/Iops"},
	{"a disk with another's rate", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"volumetype": "gp2", "throughput": 100, ` + aDisk + `}}]`), theDisk + "/ManagedEBSVolume/Throughput"},
	{"a disk of an odd file system", inService(`"volumeconfigurations": [{"name": "data", "managedebsvolume": {"filesystemtype": "fat", ` + aDisk + `}}]`), theDisk + "/ManagedEBSVolume/FilesystemType"},
	{"a volume that nobody configures", inDefinition(`"volumes": [{"name": "data", "configuredatlaunch": true}]`), "/service/VolumeConfigurations"},
}

var badDefinitions = []badInput{
	{"a name twice", beside(`{"name": "webserver", "image": "x"}`), theNext + "/Name"},
	{"an odd container name", put(`"name": "webserver"`, `"name": "web/server"`), theContainer + "/Name"},
	{"nothing essential", inContainer(`"essential": false`), "/taskdefinition/ContainerDefinitions"},
	{"little storage", inDefinition(`"ephemeralstorage": {"sizeingib": 20}`), "/taskdefinition/EphemeralStorage/SizeInGiB"},
	{"much storage", inDefinition(`"ephemeralstorage": {"sizeingib": 201}`), "/taskdefinition/EphemeralStorage/SizeInGiB"},
	{"an odd architecture", inDefinition(`"runtimeplatform": {"cpuarchitecture": "MIPS"}`), "/taskdefinition/RuntimePlatform/CpuArchitecture"},
	{"an odd system", inDefinition(`"runtimeplatform": {"operatingsystemfamily": "PLAN9"}`), "/taskdefinition/RuntimePlatform/OperatingSystemFamily"},
	{"Windows on ARM", inDefinition(`"runtimeplatform": {"cpuarchitecture": "ARM64", "operatingsystemfamily": "WINDOWS_SERVER_2022_CORE"}`), "/taskdefinition/RuntimePlatform/CpuArchitecture"},
	{"small Windows", inDefinition(`"runtimeplatform": {"operatingsystemfamily": "WINDOWS_SERVER_2022_CORE"}`), "/taskdefinition/Cpu"},
	{"the host's processes", inDefinition(`"pidmode": "host"`), "/taskdefinition/PidMode"},
	{"the processes of Windows", inDefinition(`"pidmode": "task", "runtimeplatform": {"operatingsystemfamily": "WINDOWS_SERVER_2022_CORE"}`), "/taskdefinition/PidMode"},
	{"shared memory", inDefinition(`"ipcmode": "task"`), "/taskdefinition/IpcMode"},
	{"placement of a definition", inDefinition(`"placementconstraints": [{"type": "memberOf", "expression": "x"}]`), "/taskdefinition/PlacementConstraints"},
	{"accelerators", inDefinition(`"inferenceaccelerators": [{"devicename": "x", "devicetype": "y"}]`), "/taskdefinition/InferenceAccelerators"},
	{"a proxy that is no container", inDefinition(`"proxyconfiguration": {"containername": "envoy"}`), "/taskdefinition/ProxyConfiguration/ContainerName"},
	{"a proxy of an odd type", inDefinition(`"proxyconfiguration": {"containername": "webserver", "type": "NGINX"}`), "/taskdefinition/ProxyConfiguration/Type"},

	{"a volume without a name", inDefinition(`"volumes": [{}]`), "/taskdefinition/Volumes/0/Name"},
	{"a volume twice", inDefinition(`"volumes": [{"name": "a"}, {"name": "a"}]`), "/taskdefinition/Volumes/1/Name"},
	{"two volumes at launch", inDefinition(`"volumes": [{"name": "a", "configuredatlaunch": true}, {"name": "b", "configuredatlaunch": true}]`), "/taskdefinition/Volumes/1/ConfiguredAtLaunch"},
	{"a docker volume", inDefinition(`"volumes": [{"name": "a", "dockervolumeconfiguration": {}}]`), "/taskdefinition/Volumes/0/DockerVolumeConfiguration"},
	{"a path of the host", inDefinition(`"volumes": [{"name": "a", "host": {"sourcepath": "/"}}]`), "/taskdefinition/Volumes/0/Host/SourcePath"},
	{"no file system", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/FileSystemId"},
	{"an odd file system", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {"filesystemid": "x"}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/FileSystemId"},
	{"an odd choice of encryption", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {"filesystemid": "fs-1", "transitencryption": "YES"}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/TransitEncryption"},
	{"an odd port of encryption", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {"filesystemid": "fs-1", "transitencryptionport": 0}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/TransitEncryptionPort"},
	{"an odd choice of IAM", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {"filesystemid": "fs-1", "authorizationconfig": {"iam": "YES"}}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/AuthorizationConfig/Iam"},
	{"IAM in the open", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {"filesystemid": "fs-1", "authorizationconfig": {"iam": "ENABLED"}}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/TransitEncryption"},
	{"an access point and a root", inDefinition(`"volumes": [{"name": "a", "efsvolumeconfiguration": {"filesystemid": "fs-1", "transitencryption": "ENABLED", "rootdirectory": "/x", "authorizationconfig": {"accesspointid": "fsap-1"}}}]`), "/taskdefinition/Volumes/0/EfsVolumeConfiguration/RootDirectory"},
	{"Windows files without a secret", inDefinition(`"volumes": [{"name": "a", "fsxwindowsfileservervolumeconfiguration": {"filesystemid": "fs-1", "rootdirectory": "/", "authorizationconfig": {"domain": "x", "credentialsparameter": "name"}}}]`), "/taskdefinition/Volumes/0/FsxWindowsFileServerVolumeConfiguration/AuthorizationConfig/CredentialsParameter"},
}

var badContainers = []badInput{
	{"containers of more CPU than their task", inContainer(`"cpu": 257`), theContainer + "/Cpu"},
	{"containers of more CPU together", strings.Replace(beside(`{"name": "side", "image": "x", "cpu": 128}`), `"name": "webserver"`, `"cpu": 129, "name": "webserver"`, 1), theNext + "/Cpu"},
	{"negative CPU", inContainer(`"cpu": -1`), theContainer + "/Cpu"},
	{"containers of more memory together", strings.Replace(beside(`{"name": "side", "image": "x", "memory": 256}`), `"name": "webserver"`, `"memory": 257, "name": "webserver"`, 1), theNext + "/Memory"},
	{"no memory", inContainer(`"memory": 0`), theContainer + "/Memory"},
	{"a reservation of nothing", inContainer(`"memoryreservation": 0`), theContainer + "/MemoryReservation"},
	{"more reserved than had", inContainer(`"memory": 128, "memoryreservation": 129`), theContainer + "/MemoryReservation"},
	{"a slow start", inContainer(`"starttimeout": 121`), theContainer + "/StartTimeout"},
	{"a slow stop", inContainer(`"stoptimeout": 121`), theContainer + "/StopTimeout"},

	{"no port", inPort(`"protocol": "tcp"`), theContainer + "/PortMappings/0/ContainerPort"},
	{"port 0", inPort(`"containerport": 0`), theContainer + "/PortMappings/0/ContainerPort"},
	{"a large port", inPort(`"containerport": 65536`), theContainer + "/PortMappings/0/ContainerPort"},
	{"another port of the host", inPort(`"containerport": 80, "hostport": 8080`), theContainer + "/PortMappings/0/HostPort"},
	{"any port of the host", inPort(`"containerport": 80, "hostport": 0`), theContainer + "/PortMappings/0/HostPort"},
	{"an odd protocol", inPort(`"containerport": 80, "protocol": "icmp"`), theContainer + "/PortMappings/0/Protocol"},
	{"an odd protocol above", inPort(`"containerport": 80, "appprotocol": "gopher"`), theContainer + "/PortMappings/0/AppProtocol"},
	{"an odd port name", inPort(`"containerport": 80, "name": "-Web"`), theContainer + "/PortMappings/0/Name"},
	{"a port and a range", inPort(`"containerport": 80, "containerportrange": "80-81"`), theContainer + "/PortMappings/0/ContainerPortRange"},
	{"a range that is none", inPort(`"containerportrange": "90-81"`), theContainer + "/PortMappings/0/ContainerPortRange"},

	{"a variable without a name", put(`{"name": "API_PORT", "value": "1234"}`, `{"value": "1234"}`), theContainer + "/Environment/1/Name"},
	{"a secret without a name", put(`"secrets": []`, `"secrets": [{"valuefrom": "/myorg/myclu/x"}]`), theContainer + "/Secrets/0/Name"},
	{"a secret without a place", put(`"secrets": []`, `"secrets": [{"name": "X"}]`), theContainer + "/Secrets/0/ValueFrom"},
	{"a secret of a variable's name", put(`"secrets": []`, `"secrets": [{"name": "API_HOST", "valuefrom": "/myorg/myclu/x"}]`), theContainer + "/Secrets/0/Name"},
	{"a file of variables elsewhere", inContainer(`"environmentfiles": [{"type": "http", "value": "x"}]`), theContainer + "/EnvironmentFiles/0/Type"},

	{"another log driver", put(`"logDriver": "awslogs"`, `"logDriver": "syslog"`), theContainer + "/LogConfiguration/LogDriver"},
	{"no log driver", put(`"logDriver": "awslogs", `, ``), theContainer + "/LogConfiguration/LogDriver"},
	{"a log option without a secret", put(`"logDriver": "awslogs"`, `"secretoptions": [{"name": "token"}], "logDriver": "splunk"`), theContainer + "/LogConfiguration/SecretOptions/0/ValueFrom"},
	{"an odd log router", inContainer(`"firelensconfiguration": {"type": "logstash"}`), theContainer + "/FirelensConfiguration/Type"},

	{"no health command", inContainer(`"healthcheck": {"command": []}`), theContainer + "/HealthCheck/Command"},
	{"half a health command", inContainer(`"healthcheck": {"command": ["CMD"]}`), theContainer + "/HealthCheck/Command"},
	{"a bare health command", inContainer(`"healthcheck": {"command": ["curl", "localhost"]}`), theContainer + "/HealthCheck/Command"},
	{"an eager health check", inContainer(`"healthcheck": {"command": ["CMD", "x"], "interval": 4}`), theContainer + "/HealthCheck/Interval"},
	{"an impatient health check", inContainer(`"healthcheck": {"command": ["CMD", "x"], "timeout": 1}`), theContainer + "/HealthCheck/Timeout"},
	{"a stubborn health check", inContainer(`"healthcheck": {"command": ["CMD", "x"], "retries": 11}`), theContainer + "/HealthCheck/Retries"},
	{"a late health check", inContainer(`"healthcheck": {"command": ["CMD", "x"], "startperiod": 301}`), theContainer + "/HealthCheck/StartPeriod"},

	{"an odd limit", inContainer(`"ulimits": [{"name": "files", "softlimit": 1, "hardlimit": 1}]`), theContainer + "/Ulimits/0/Name"},
	{"a soft limit over the hard one", inContainer(`"ulimits": [{"name": "nofile", "softlimit": 2, "hardlimit": 1}]`), theContainer + "/Ulimits/0/SoftLimit"},

	{"privileged", inContainer(`"privileged": true`), theContainer + "/Privileged"},
	{"links", inContainer(`"links": ["other"]`), theContainer + "/Links"},
	{"extra hosts", inContainer(`"extrahosts": [{"hostname": "x", "ipaddress": "10.0.0.1"}]`), theContainer + "/ExtraHosts"},
	{"a host name", inContainer(`"hostname": "x"`), theContainer + "/Hostname"},
	{"security options", inContainer(`"dockersecurityoptions": ["no-new-privileges"]`), theContainer + "/DockerSecurityOptions"},
	{"devices", inContainer(`"linuxparameters": {"devices": [{"hostpath": "/dev/x"}]}`), theContainer + "/LinuxParameters/Devices"},
	{"a shared memory size", inContainer(`"linuxparameters": {"sharedmemorysize": 1}`), theContainer + "/LinuxParameters/SharedMemorySize"},
	{"swap", inContainer(`"linuxparameters": {"maxswap": 0}`), theContainer + "/LinuxParameters/MaxSwap"},
	{"swappiness", inContainer(`"linuxparameters": {"swappiness": 1}`), theContainer + "/LinuxParameters/Swappiness"},
	{"a capability", inContainer(`"linuxparameters": {"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}}`), theContainer + "/LinuxParameters/Capabilities/Add/1"},

	{"a mount of no volume", inContainer(`"mountpoints": [{"sourcevolume": "data", "containerpath": "/data"}]`), theContainer + "/MountPoints/0/SourceVolume"},
	{"a mount at no path", inContainer(`"mountpoints": [{"sourcevolume": "data"}]`), theContainer + "/MountPoints/0/ContainerPath"},
	{"volumes of no container", inContainer(`"volumesfrom": [{"sourcecontainer": "other"}]`), theContainer + "/VolumesFrom/0/SourceContainer"},
	{"volumes of its own", inContainer(`"volumesfrom": [{"sourcecontainer": "webserver"}]`), theContainer + "/VolumesFrom/0/SourceContainer"},
	{"a wait for no container", inContainer(`"dependson": [{"containername": "other", "condition": "START"}]`), theContainer + "/DependsOn/0/ContainerName"},
	{"a wait for itself", inContainer(`"dependson": [{"containername": "webserver", "condition": "START"}]`), theContainer + "/DependsOn/0/ContainerName"},
	{"a wait for nothing", inContainer(`"dependson": [{"containername": "webserver"}]`), theContainer + "/DependsOn/0/Condition"},
	{"a wait for an odd thing", beside(`{"name": "side", "image": "x", "dependson": [{"containername": "webserver", "condition": "READY"}]}`), theNext + "/DependsOn/0/Condition"},
	{"a wait for the end of all", beside(`{"name": "side", "image": "x", "dependson": [{"containername": "webserver", "condition": "COMPLETE"}]}`), theNext + "/DependsOn/0/Condition"},
	{"a wait for unknown health", beside(`{"name": "side", "image": "x", "dependson": [{"containername": "webserver", "condition": "HEALTHY"}]}`), theNext + "/DependsOn/0/Condition"},
	{"a wait for each other", strings.Replace(beside(`{"name": "side", "image": "x", "dependson": [{"containername": "webserver", "condition": "START"}]}`),
		`"name": "webserver"`, `"dependson": [{"containername": "side", "condition": "START"}], "name": "webserver"`, 1), theContainer + "/DependsOn"},
}

var badClusters = []badInput{
	{"a cluster of a provider twice", inCluster(`"capacityproviders": ["FARGATE", "FARGATE"]`), "/cluster/CapacityProviders/1"},
	{"a cluster of an odd provider", inCluster(`"capacityproviders": ["FARGATE", ""]`), "/cluster/CapacityProviders/1"},
	{"a cluster of a provider that is reserved", inCluster(`"capacityproviders": ["Fargate-2"]`), "/cluster/CapacityProviders/0"},
	{"a default that the cluster has not", inCluster(`"capacityproviders": ["FARGATE"], "defaultcapacityproviderstrategy": [{"capacityprovider": "FARGATE_SPOT"}]`), theDefault + "/0/CapacityProvider"},
	{"a default of two bases", inCluster(`"defaultcapacityproviderstrategy": [{"capacityprovider": "FARGATE", "base": 1}, {"capacityprovider": "FARGATE_SPOT", "base": 1, "weight": 1}]`), theDefault + "/1/Base"},
	{"an odd setting", inCluster(`"settings": [{"name": "colour", "value": "enabled"}]`), "/cluster/Settings/0/Name"},
	{"an odd value of a setting", inCluster(`"settings": [{"name": "containerInsights", "value": "on"}]`), "/cluster/Settings/0/Value"},
	{"an odd choice of logging", inCluster(`"configuration": {"executecommandconfiguration": {"logging": "ALL"}}`), "/cluster/Configuration/ExecuteCommandConfiguration/Logging"},
}

var badRegistries = []badInput{
	{"a registry without a name", inRegistry(`"name": ""`), "/serviceregistry/Name"},
	{"an odd registry name", inRegistry(`"name": "www_-"`), "/serviceregistry/Name"},
	{"a registry name with an odd dot", inRegistry(`"name": "www..x"`), "/serviceregistry/Name"},
	{"a long registry name", inRegistry(`"name": "` + strings.Repeat("a.", 64) + `a"`), "/serviceregistry/Name"},
	{"a registry with a long label", inRegistry(`"name": "` + strings.Repeat("a", 64) + `"`), "/serviceregistry/Name"},
	{"an odd record", put(`"type": "A"`, `"type": "MX"`), "/serviceregistry/DnsConfig/DnsRecords/0/Type"},
	{"no type of record", put(`, "type": "A"`, ``), "/serviceregistry/DnsConfig/DnsRecords/0/Type"},
	{"no time to live", put(`"ttl": 30, `, ``), "/serviceregistry/DnsConfig/DnsRecords/0/TTL"},
	{"a negative time to live", put(`"ttl": 30`, `"ttl": -1`), "/serviceregistry/DnsConfig/DnsRecords/0/TTL"},
	{"a long time to live", put(`"ttl": 30`, `"ttl": 2147483648`), "/serviceregistry/DnsConfig/DnsRecords/0/TTL"},
	{"no records", put(`[{"ttl": 30, "type": "A"}]`, `[]`), "/serviceregistry/DnsConfig/DnsRecords"},
	{"records that do not go together", put(`[{"ttl": 30, "type": "A"}]`, `[{"ttl": 30, "type": "A"}, {"ttl": 30, "type": "SRV"}]`), "/serviceregistry/DnsConfig/DnsRecords"},
	{"a CNAME of many values", put(`"type": "A"`, `"type": "CNAME"`), "/serviceregistry/DnsConfig/RoutingPolicy"},
	{"an odd routing policy", put(`"dnsrecords"`, `"routingpolicy": "RANDOM", "dnsrecords"`), "/serviceregistry/DnsConfig/RoutingPolicy"},
	{"an odd namespace", inRegistry(`"name": "www", "namespaceid": "internal"`), "/serviceregistry/NamespaceId"},
	{"an odd namespace of DNS", put(`"ns-y3uaw6neshhbev3f"`, `"internal"`), "/serviceregistry/DnsConfig/NamespaceId"},
	{"two namespaces", inRegistry(`"name": "www", "namespaceid": "ns-other"`), "/serviceregistry/DnsConfig/NamespaceId"},
	{"an odd type of registry", inRegistry(`"name": "www", "type": "DNS"`), "/serviceregistry/Type"},
	{"DNS and none", inRegistry(`"name": "www", "type": "HTTP"`), "/serviceregistry/Type"},
	{"two who look after health", inRegistry(`"name": "www", "healthcheckconfig": {"type": "TCP"}, "healthcheckcustomconfig": {}`), "/serviceregistry/HealthCheckConfig"},
	{"an odd look after health", inRegistry(`"name": "www", "healthcheckconfig": {"type": "UDP"}`), "/serviceregistry/HealthCheckConfig/Type"},
	{"a path over TCP", inRegistry(`"name": "www", "healthcheckconfig": {"type": "TCP", "resourcepath": "/"}`), "/serviceregistry/HealthCheckConfig/ResourcePath"},
	{"many failures", inRegistry(`"name": "www", "healthcheckcustomconfig": {"failurethreshold": 11}`), "/serviceregistry/HealthCheckCustomConfig/FailureThreshold"},
	{"SRV of no port", put(`"type": "A"`, `"type": "SRV"`), "/service/ServiceRegistries/0/ContainerName"},
	{"a registry of half a container", inService(`"serviceregistries": [{"containername": "webserver"}]`), "/service/ServiceRegistries/0/ContainerPort"},
	{"a registry of no container", inService(`"serviceregistries": [{"containername": "web", "containerport": 80}]`), "/service/ServiceRegistries/0/ContainerName"},
	{"a registry of no port", inService(`"serviceregistries": [{"containername": "webserver", "containerport": 81}]`), "/service/ServiceRegistries/0/ContainerPort"},
	{"a registry of port and container", inService(`"serviceregistries": [{"containername": "webserver", "containerport": 80, "port": 80}]`), "/service/ServiceRegistries/0/Port"},
	{"two registries named", inService(`"serviceregistries": [{}, {}]`), "/service/ServiceRegistries"},
}

var badTags = []badInput{
	{"a tag of no key", inTags(`{"Value": "x"}`), "/tags/1/Key"},
	{"a key that IAM refuses", inTags(`{"Key": "a*b", "Value": "x"}`), "/tags/1/Key"},
	{"a value that IAM refuses", inTags(`{"Key": "a", "Value": "x;y"}`), "/tags/1/Value"},
	{"a long key", inTags(`{"Key": "` + strings.Repeat("k", 129) + `", "Value": "x"}`), "/tags/1/Key"},
	{"a long value", inTags(`{"Key": "a", "Value": "` + strings.Repeat("v", 257) + `"}`), "/tags/1/Value"},
	{"keys that differ by case", inTags(`{"Key": "createdby", "Value": "x"}`), "/tags/1/Key"},
	{"a key of ours in another case", inTags(`{"Key": "Spinup:Org", "Value": "myorg"}`), "/tags/1/Key"},
	{"a part's key in another case", inService(`"tags": [{"key": "os", "value": "x"}]`), "/service/Tags/0/Key"},
	{"a registry's tag", inRegistry(`"name": "www", "tags": [{"key": "a*", "value": "x"}]`), "/serviceregistry/Tags/0/Key"},
	{"a secret's tag", put(`"Description": "myapp-webserver-cred"`, `"Tags": [{"key": "spinup:org", "value": "theirs"}]`), "/credentials/webserver/Tags/0/Value"},
	{"many tags", inTags(strings.TrimSuffix(strings.Repeat(`{"Key": "k", "Value": "v"}, `, 51), ", ")), "/tags/2/Key"},
}

var badCredentials = []badInput{
	{"an empty secret", body(cluster, definition, service, `"credentials": {"webserver": {"SecretString": ""}}`), "/credentials/webserver/SecretString"},
	{"an empty binary secret", body(cluster, definition, service, `"credentials": {"webserver": {"SecretBinary": ""}}`), "/credentials/webserver/SecretBinary"},
	{"a large secret", body(cluster, definition, service, `"credentials": {"webserver": {"SecretString": "`+strings.Repeat("x", 65537)+`"}}`), "/credentials/webserver/SecretString"},
	{"two values", body(cluster, definition, service, `"credentials": {"webserver": {"SecretString": "x", "SecretBinary": "AAAA"}}`), "/credentials/webserver"},
	{"another key", body(cluster, definition, service, `"credentials": {"webserver": {"SecretString": "x", "KmsKeyId": "other"}}`), "/credentials/webserver/KmsKeyId"},
	{"replicas", body(cluster, definition, service, `"credentials": {"webserver": {"SecretString": "x", "AddReplicaRegions": [{"region": "eu-west-1"}]}}`), "/credentials/webserver/AddReplicaRegions"},
	{"a long description", body(cluster, definition, service, `"credentials": {"webserver": {"SecretString": "x", "Description": "`+strings.Repeat("x", 2049)+`"}}`), "/credentials/webserver/Description"},
	{"credentials and a name of one's own", strings.Replace(everything, `"name": "webserver"`, `"repositorycredentials": {"credentialsparameter": "x"}, "name": "webserver"`, 1), "/credentials/webserver"},
}
