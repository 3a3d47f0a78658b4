package api

import (
	"net/http"
	"reflect"
	"slices"

	"ecs-api/orchestration"

	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// Account is what the actions of the table are methods of.
type Account = *orchestration.Account

// table is every route there is. The router is made from it, and so is all that lists the routes.
func table(o Options) []Route[Account] {
	return described(o.Version, slices.Concat(publicRoutes[Account](o), imageRoutes(o),
		serviceRoutes(), taskDefRoutes(), secretRoutes(), networkRoutes(), operationRoutes()))
}

// imageRoutes ask registries of images, and need no account.
func imageRoutes(o Options) []Route[Account] {
	return []Route[Account]{
		unowned[Account]("HEAD", "/images", "Tell whether an image exists", checkImage(o.Images)).named("CheckImage"),
		unowned[Account]("GET", "/images", "Show the digest and the platforms of an image", showImage(o.Images)).named("ShowImage"),
	}
}

// serviceRoutes are those of clusters, their services and their tasks.
func serviceRoutes() []Route[Account] {
	return []Route[Account]{
		route("POST", "/{account}/services",
			"Build a service and what it stands on", http.StatusOK, Account.CreateService),
		route("GET", "/{account}/clusters",
			"List the clusters of the org", http.StatusOK, Account.ListClusters),
		route("POST", "/{account}/clusters",
			"Make a cluster by itself", http.StatusOK, Account.CreateCluster),
		route("GET", "/{account}/clusters/{cluster}",
			"Show a cluster", http.StatusOK, Account.ShowCluster),
		route("DELETE", "/{account}/clusters/{cluster}",
			"Delete a cluster that nothing is in", http.StatusOK, Account.DeleteCluster),
		route("GET", "/{account}/clusters/{cluster}/tasks",
			"List the tasks of a cluster", http.StatusOK, Account.ListTasks).named("ListTasksOfCluster"),
		route("POST", "/{account}/clusters/{cluster}/tasks",
			"Run tasks of a task definition that the body names", http.StatusOK, Account.RunTasks).named("RunTasksInCluster"),
		route("GET", "/{account}/clusters/{cluster}/services",
			"List the services of a cluster", http.StatusOK, Account.ListServices).
			gives(reflect.TypeFor[[]string](), reflect.TypeFor[[]*awsecs.Service]()),
		route("GET", "/{account}/clusters/{cluster}/services/{service}",
			"Show a service", http.StatusOK, Account.ShowService).
			gives(reflect.TypeFor[*awsecs.Service](), reflect.TypeFor[*orchestration.ServiceDetails]()),
		route("PUT", "/{account}/clusters/{cluster}/services",
			"Change the service that the body names", http.StatusOK, Account.UpdateService).named("UpdateNamedService"),
		route("PUT", "/{account}/clusters/{cluster}/services/{service}",
			"Change a service", http.StatusOK, Account.UpdateService),
		route("DELETE", "/{account}/clusters/{cluster}/services/{service}",
			"Delete a service, and what only it uses", http.StatusOK, Account.DeleteService),
		route("GET", "/{account}/clusters/{cluster}/services/{service}/events",
			"List the events of a service", http.StatusOK, Account.ServiceEvents),
		route("GET", "/{account}/clusters/{cluster}/services/{service}/logs",
			"Read the log of a container of a service's task", http.StatusOK, Account.ServiceLogs),
		route("GET", "/{account}/clusters/{cluster}/tasks/{task}",
			"Show a task", http.StatusOK, Account.ShowTask),
		route("DELETE", "/{account}/clusters/{cluster}/tasks/{task}",
			"Stop a task", http.StatusOK, Account.StopTask),
	}
}

// taskDefRoutes are those of task definitions, managed or by themselves.
func taskDefRoutes() []Route[Account] {
	return []Route[Account]{
		route("GET", "/{account}/clusters/{cluster}/taskdefs",
			"List the managed task definitions of a cluster", http.StatusOK, Account.ListTaskDefs),
		route("GET", "/{account}/clusters/{cluster}/taskdefs/{taskdef}",
			"Show a task definition", http.StatusOK, Account.ShowTaskDef),
		route("GET", "/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks",
			"List the tasks of a task definition", http.StatusOK, Account.ListTasks),
		route("POST", "/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks",
			"Run tasks of a task definition", http.StatusOK, Account.RunTasks),
		route("GET", "/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}",
			"Show a task of a task definition", http.StatusOK, Account.ShowTask).named("ShowTaskOfTaskDef"),
		route("DELETE", "/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}",
			"Stop a task of a task definition", http.StatusOK, Account.StopTask).named("StopTaskOfTaskDef"),
		route("POST", "/{account}/taskdefs",
			"Build a managed task definition and what it stands on", http.StatusOK, Account.CreateTaskDef),
		route("GET", "/{account}/taskdefs",
			"List the families of the org", http.StatusOK, Account.ListFamilies),
		route("GET", "/{account}/taskdefs/{taskdef}",
			"Show a family's newest revision, or the one named", http.StatusOK, Account.ShowDefinition),
		route("DELETE", "/{account}/taskdefs/{taskdef}",
			"Delete all revisions of a family, or the one named", http.StatusOK, Account.DeleteDefinition),
		route("PUT", "/{account}/clusters/{cluster}/taskdefs/{taskdef}",
			"Change a managed task definition", http.StatusOK, Account.UpdateTaskDef),
		route("DELETE", "/{account}/clusters/{cluster}/taskdefs/{taskdef}",
			"Delete a managed task definition", http.StatusAccepted, Account.DeleteTaskDef),
	}
}

// secretRoutes are those of secrets and parameters.
func secretRoutes() []Route[Account] {
	return []Route[Account]{
		route("GET", "/{account}/secrets",
			"List the secrets of the org", http.StatusOK, Account.ListSecrets),
		route("POST", "/{account}/secrets",
			"Make a secret", http.StatusOK, Account.CreateSecret),
		route("GET", "/{account}/secrets/{secret}",
			"Show what is known of a secret, never its value", http.StatusOK, Account.ShowSecret),
		route("PUT", "/{account}/secrets/{secret}",
			"Give a secret a new value or tags", http.StatusOK, Account.UpdateSecret).
			gives(reflect.TypeFor[*orchestration.SecretOutput](), reflect.TypeFor[orchestration.Nothing]()),
		route("DELETE", "/{account}/secrets/{secret}",
			"Delete a secret", http.StatusOK, Account.DeleteSecret),
		route("POST", "/{account}/params/{prefix}",
			"Make a parameter", http.StatusOK, Account.CreateParameter),
		route("GET", "/{account}/params/{prefix}",
			"List the names of the parameters of a prefix", http.StatusOK, Account.ListParameters),
		route("DELETE", "/{account}/params/{prefix}",
			"Delete all parameters of a prefix", http.StatusOK, Account.DeleteParameters),
		route("GET", "/{account}/params/{prefix}/{param}",
			"Show what is known of a parameter, never its value", http.StatusOK, Account.ShowParameter),
		route("PUT", "/{account}/params/{prefix}/{param}",
			"Give a parameter a new value or tags", http.StatusOK, Account.UpdateParameter).
			gives(reflect.TypeFor[orchestration.OK]()),
		route("DELETE", "/{account}/params/{prefix}/{param}",
			"Delete a parameter", http.StatusOK, Account.DeleteParameter),
	}
}

// networkRoutes are those of load balancers and service registries.
func networkRoutes() []Route[Account] {
	return []Route[Account]{
		route("GET", "/{account}/lbs",
			"List the target groups of a space", http.StatusOK, Account.ListTargetGroups),
		route("GET", "/{account}/lbs/{space}",
			"Describe the load balancers of a space", http.StatusOK, Account.ShowLoadBalancers),
		route("GET", "/{account}/servicediscovery/services",
			"List the service registries of the org", http.StatusOK, Account.ListRegistries),
		route("POST", "/{account}/servicediscovery/services",
			"Make a service registry by itself", http.StatusOK, Account.CreateRegistry),
		route("GET", "/{account}/servicediscovery/services/{id}",
			"Show a service registry", http.StatusOK, Account.ShowRegistry),
		route("DELETE", "/{account}/servicediscovery/services/{id}",
			"Delete a service registry that nothing uses", http.StatusOK, Account.DeleteRegistry),
	}
}

// operationRoutes tell what was done, and what is left.
func operationRoutes() []Route[Account] {
	return []Route[Account]{
		route("GET", "/{account}/operations",
			"List operations", http.StatusOK, Account.ListOperations),
		route("GET", "/{account}/operations/{operation}",
			"Show an operation", http.StatusOK, Account.ShowOperation),
		route("GET", "/{account}/leftovers",
			"List what no operation asked for, or one could not release", http.StatusOK, Account.Leftovers),
	}
}
