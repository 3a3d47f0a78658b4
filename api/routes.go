package api

import (
	"net/http"

	"ecs-api/orchestration"
)

// Account is what the actions of the table are methods of.
type Account = *orchestration.Account

// table is every route there is. The router is made from it, and so is all that lists the routes.
func table(o Options) []Route[Account] {
	return append(publicRoutes[Account](o),
		route("POST", "/{account}/services",
			"Build a service and what it stands on", http.StatusOK, Account.CreateService),
		route("GET", "/{account}/clusters/{cluster}/services",
			"List the services of a cluster", http.StatusOK, Account.ListServices),
		route("GET", "/{account}/clusters/{cluster}/services/{service}",
			"Show a service", http.StatusOK, Account.ShowService),
		route("PUT", "/{account}/clusters/{cluster}/services",
			"Change the service that the body names", http.StatusOK, Account.UpdateService),
		route("PUT", "/{account}/clusters/{cluster}/services/{service}",
			"Change a service", http.StatusOK, Account.UpdateService),
		route("DELETE", "/{account}/clusters/{cluster}/services/{service}",
			"Delete a service, and what only it uses", http.StatusOK, Account.DeleteService),
		route("GET", "/{account}/clusters/{cluster}/services/{service}/events",
			"List the events of a service", http.StatusOK, Account.ServiceEvents),
		route("GET", "/{account}/operations",
			"List operations", http.StatusOK, Account.ListOperations),
		route("GET", "/{account}/operations/{operation}",
			"Show an operation", http.StatusOK, Account.ShowOperation),
		route("GET", "/{account}/leftovers",
			"List what no operation asked for, or one could not release", http.StatusOK, Account.Leftovers),
	)
}
