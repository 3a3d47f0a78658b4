package api

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// remark is what is said of an action beside its line's summary.
type remark struct {
	brief string // goes on where the summary ends, in the README's table and in the OpenAPI document; may point to the README's sections
	more  string // sentences for who has the document alone: what the README's sections have of it
}

var (
	pointing = regexp.MustCompile(`(?:[,;] )?see \[[^\]]+\]\(#[^)]+\)`)
	linked   = regexp.MustCompile(`\[([^\]]+)\]\(#[^)]+\)`)
)

// description tells of the action where there is no README to point to.
func (r remark) description() string {
	brief := linked.ReplaceAllString(pointing.ReplaceAllString(r.brief, ""), "$1")
	if brief != "" {
		first, size := utf8.DecodeRuneInString(brief)
		brief = string(unicode.ToUpper(first)) + brief[size:] + "."
	}
	return strings.TrimSpace(brief + "\n\n" + r.more)
}

// remarks are by action, in the order of the README.
var remarks = map[string]remark{
	"CreateService": {"see [Create](#create)",
		"`service` is required, with `ServiceName` and `DesiredCount`. What is given of the other parts is made; what `service` only names (`Cluster`, " +
			"`TaskDefinition`, `ServiceRegistries`) must exist. A cluster of the given name that is active and the org's is used as it is.\n\n" +
			"With a task definition come a role and a log group, once a cluster; the awslogs configuration of every container is replaced by that group. An entry " +
			"of `credentials` becomes the secret `spinup/{org}/{cluster}/{Name}`, and the repository credentials of the container that is its key.\n\n" +
			"If a step fails, what had been made is taken back, and the problem tells what became of it. In the answer a part that was not asked for has its " +
			"current value, or null."},
	"ListServices": {brief: "their ARNs, or with `?all=true` the services themselves"},
	"ShowService": {brief: "with its tags; with `?all=true` also `Cluster` and `TaskDefinition` as objects, " +
		"`ServiceEndpoint` (`name.namespace`, null without a registry) and `Tasks` (running and stopped, `cluster/id`)"},
	"ServiceEvents": {brief: "newest first"},
	"ServiceLogs": {"a page, of `?container=` in `?task=`, see [Logs](#logs)",
		"The most recent events, or those from `start` on and before `end`. `seq` takes either token of an answer and reads on in its direction. A page may be " +
			"empty while there is more: the end is where the token that was sent comes back."},
	"UpdateNamedService": {"it is `Service.Service`; the rest as with the service in the path",
		"See UpdateService for what the parts do."},
	"UpdateService": {"any of `Service` (UpdateServiceInput), `TaskDefinition`, `Credentials`, `Tags`, " +
		"`ForceNewDeployment` (or `ForceRedeploy`), see [Update](#update)",
		"What is left out stays. A `TaskDefinition` is registered as in a create, and the service moved to it. `Tags` are merged into those that stand, and " +
			"remove none. In `Service` a `CapacityProviderStrategy` forces a new deployment, and an empty one means unchanged; `DesiredCount` is sent only if it is " +
			"given; `LoadBalancers` and `ServiceRegistries` replace what is there, and an empty list removes it.\n\n" +
			"`Credentials` are by container. An entry overwrites the secret that the container has, or the one that a new `TaskDefinition` names for it; where there is " +
			"neither, a new secret is made. A container of a new `TaskDefinition` that names no secret and has no entry goes without. A secret that is replaced is " +
			"deleted once the deployment has ended and no definition in use names it.\n\n" +
			"Until the service itself is changed, which comes last, a failure puts all back."},
	"DeleteService": {"`{\"Service\": …}`, draining; what only it uses goes with `?recursive=true`, after the answer, see [below](#delete-recursively)",
		"That is, once the service has drained: its registry, the revisions of its family that belong to this cluster, and their secrets, at once and without a " +
			"window, where no other service or task uses them. Then, if no service, task or managed task definition is left in the cluster, the cluster, its role " +
			"and its log group. The operation tells when it is done."},

	"CreateTaskDef": {"`cluster`, `taskdefinition`, `credentials`, `tags`, as in [a create](#create) of a service, " +
		"or itself a RegisterTaskDefinitionInput, see [Ad hoc](#ad-hoc)",
		"A managed definition is one that tasks are run of, in its cluster: `cluster` and `taskdefinition` are given, and what it stands on is made as with " +
			"CreateService.\n\n" +
			"A body with a `Family` and no `taskdefinition` is a definition by itself: awsvpc and FARGATE are filled in, and its log configuration is as it came. It " +
			"may name the role of one space, and belongs to that space then."},
	"ListTaskDefs": {brief: "the families of flavor `task` with an active revision, sorted"},
	"ShowTaskDef":  {brief: "`{\"Cluster\": …, \"TaskDefinition\": …, \"Tags\": …}` of the newest active revision"},
	"UpdateTaskDef": {"any of `TaskDefinition`, `Credentials`, `Tags`; the answer is that of an update without `Service`",
		"The definition must be a managed one, and no service's. What is left out stays; `Tags` are merged into those that stand; `Credentials`, by container, " +
			"overwrite the secret that the container has, or make one. Tasks that run stay as they are: the next ones are run of the newest revision."},
	"DeleteTaskDef": {"202 `{\"Cluster\", \"TaskDefinition\", \"Tasks\"}`: all its revisions in the cluster and the secrets that " +
		"only they use go; tasks that run are a 409, unless `?force=true` stops them; `?recursive=true` also takes down the space when nothing else is in it",
		"The space is the cluster, its role and its log group. The answer comes before the end: the operation tells when it is done."},
	"RunTasks": {"1 to 10 (RunTaskInput); the answer is `{\"Tasks\": …, \"Failures\": …}`, see [Run a task](#run-a-task)",
		"The newest active revision of the family is run, on Fargate unless `CapacityProviderStrategy` is given, in the account's subnets and security groups " +
			"unless others are. `Overrides` name containers of the definition; a role in them must be the cluster's own or in `allowedArns`. `Cluster` and `TaskDefinition` come from the path: " +
			"others in the body are 400. What found no place is in `Failures`, with status 200. What was started is not taken back."},
	"ListTasks": {brief: "as `cluster/id`: those that are to run, with `?status=STOPPED` those that have been stopped, or both; `&startedBy=` narrows"},
	"ShowTaskOfTaskDef": {"`{\"Tasks\": [task with its Revision], \"Failures\": []}`",
		"A stopped task is shown for about an hour."},
	"StopTaskOfTaskDef": {"the answer is `\"OK\"`; the `?reason=` (up to 255 characters) is shown with the stopped task",
		"One that has stopped stays so."},
	"ListFamilies": {"of services, of managed definitions and of those by themselves",
		"What was made a moment ago may not be on the list yet."},
	"ShowDefinition": {brief: "`family`, `family:revision` or ARN: `{\"TaskDefinition\": …, \"Tags\": …}`"},
	"DeleteDefinition": {"`{\"TaskDefinition\": …, \"Tags\": …}` of the newest as it was; what is in use is a 409, see [Ad hoc](#ad-hoc)",
		"A service, in any of its deployments, or a task that is to run keeps a revision. The secrets that it names are left alone. After the first is deregistered " +
			"there is no way back."},

	"ListClusters": {brief: "their ARNs"},
	"CreateCluster": {"a CreateClusterInput; the answer is the cluster",
		"It is made alone, with no role and no log group. One of the org's that stands is answered as it is."},
	"ShowCluster": {more: "Its counts, capacity providers and tags."},
	"DeleteCluster": {"one that is in use is a 409",
		"It is in use while a service, a task that is to run or a managed task definition is in it, a service drains, or another request is at work in it. " +
			"When it goes, the role and the log group of its space go after it."},
	"ListTasksOfCluster": {"as `cluster/id`, with `?status=` and `&startedBy=` as for a definition's",
		"Tasks that are to run, or with `?status=STOPPED` those that have been stopped, or both. They may be of any definition."},
	"RunTasksInCluster": {"it is `TaskDefinition`; the rest as for the definition in the path",
		"It is named by family, `family:revision` or ARN, and is the cluster's or no space's. See RunTasks for the rest."},
	"ShowTask": {"`{\"Tasks\": [task with its Revision], \"Failures\": []}`",
		"A stopped task is shown for about an hour."},
	"StopTask": {"the answer is `\"OK\"`, and the `?reason=` as for a definition's",
		"The reason is shown with the stopped task. One that has stopped stays so."},

	"ListRegistries": {"their summaries",
		"What was made a moment ago may not be on the list yet."},
	"CreateRegistry": {"Cloud Map's CreateServiceInput; the answer is the service",
		"It belongs to no space, and goes with none. Services name it in `ServiceRegistries`."},
	"ShowRegistry": {brief: "a Cloud Map service, by its id"},
	"DeleteRegistry": {more: "It is in use, and a 409, while a service in any cluster of the org names it or an instance of anything that lives is in it. " +
		"The answer is the registry as it was."},

	"ListSecrets": {"their ARNs; `?key=value…`: of those that carry all these tags",
		"Every query parameter is the key of a tag and its value."},
	"CreateSecret": {"a CreateSecretInput; the answer is `{\"ARN\", \"Name\", \"VersionId\"}`",
		"Without a `KmsKeyId` it is encrypted with the account's key. Its name may be any; tasks of a cluster may read those below `spinup/{org}/{cluster}/`."},
	"ShowSecret": {brief: "by name or ARN; in a URL that is written by hand, with `%2F` for slashes"},
	"UpdateSecret": {"`Secret`, `Tags` or both, and then both or neither are changed; the answer is `{\"ARN\", \"Name\", \"VersionId\"}`, " +
		"or an empty 200 when only tags came",
		"`Secret` is the new value. `Tags` are merged into those that stand, and remove none."},
	"DeleteSecret": {"after 7 days, `?window=` 7 to 30, or 0 for at once: `{\"ARN\", \"Name\", \"DeletionDate\"}`",
		"The window is the days in which AWS can restore it. Until it is over, the name is taken."},

	"CreateParameter": {"a PutParameterInput becomes `/{org}/{prefix}/{Name}`, a SecureString under the account's key unless it says otherwise; " +
		"the answer is `{\"Tier\", \"Version\", \"VersionId\"}`",
		"A name that stands is a 409. Tasks of the cluster whose name the prefix is may read it."},
	"ListParameters":   {brief: "the last level of each, in order"},
	"DeleteParameters": {brief: "`{\"Message\": \"OK\", \"Deleted\": n}`"},
	"ShowParameter":    {brief: "`{\"ARN\", \"Name\", \"Description\", \"KeyId\", \"Type\", \"Tags\", \"LastModifiedDate\", \"Version\"}`"},
	"UpdateParameter": {"`Value` with what else PutParameterInput has, or `Tags`, or both; the answer is `\"OK\"`. What is not given stays. If the value " +
		"fails the tags are put back, and the error says so",
		"`Tags` are merged into those that stand, and remove none."},
	"DeleteParameter": {brief: "the answer is `\"OK\"`"},

	"ListTargetGroups": {"the one that `?space=` names: `{name: ARN}`",
		"A target group is a space's by its tags. The tagging API is asked, which knows a change some minutes late."},
	"ShowLoadBalancers": {"listeners, rules in words, target groups, targets and their health, see [Load balancers](#load-balancers)",
		"A load balancer is a space's by its tags. Rules stand in the order in which they are tried, the default rule last. A target group that is another org's is " +
			"no more than its name in `Then`."},

	"ListOperations": {"oldest first; `?state=` running, succeeded, rolling-back, rolled-back, failed; `?cluster=`",
		"Those of the last 30 days, with a journal on a disk."},
	"ShowOperation": {"`{id, verb, account, cluster, service, state, steps, result, problem, startedAt, endedAt, caller}`; each step with its " +
		"name, state, times and resource",
		"The id is that of `X-Operation-Id`, and of the answer 202. `failed` means that something is left, and is tried again."},
	"Leftovers": {"`[{resource, id, operation, reason}]`",
		"It reads, and removes nothing. What was made within the last minutes may be missing."},

	"CheckImage": {"the one that `?image=` names, see [Images](#images)",
		"200 where the registry has the image, 404 where it has not or wants other credentials. The image is named as in a task definition. A host at an address " +
			"that is not public is 400, unless the configuration lists it."},
	"ShowImage": {"the one that `?image=` names: `{image, digest, mediaType, platforms}`, see [Images](#images)",
		"The image is named as in a task definition. `platforms` are those of an index, or the image's own, such as `linux/arm64/v8`."},

	"ShowDocs":      {more: "This document, in Swagger UI."},
	"Ping":          {brief: "as plain text"},
	"ShowVersion":   {brief: "`{version, githash, buildstamp}`"},
	"ShowHealth":    {"see [Watching it](#watching-it)", "200 while the process lives."},
	"ShowReadiness": {"see [Watching it](#watching-it)", "200 once the journal is read and one account has said who it is, else 503."},
	"ShowMetrics":   {"see [Watching it](#watching-it)", "Counters, gauges and histograms whose names begin with `ecs_api_`, and those of Go and of the process."},
	"ShowOpenAPI":   {more: "This document. It is made from the table that the requests are routed by."},
}
