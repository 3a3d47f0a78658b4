// What the types must refuse. It is checked, and never run: an expected error that is none is an error.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

const api = createClient<paths>({ baseUrl: "" });
type Schemas = components["schemas"];

// @ts-expect-error: there is no such path
void api.GET("/{account}/nowhere", { params: { path: { account: "a" } } });
// @ts-expect-error: a secret is not patched
void api.PATCH("/{account}/secrets/{secret}", { params: { path: { account: "a", secret: "b" } } });
// @ts-expect-error: the account is missing
void api.GET("/{account}/secrets", { params: { path: {} } });
// @ts-expect-error: the query parameter space is required
void api.GET("/{account}/lbs", { params: { path: { account: "a" } } });
// @ts-expect-error: no operation has this state
void api.GET("/{account}/operations", { params: { path: { account: "a" }, query: { state: "bored" } } });

// @ts-expect-error: a service needs a count
export const service: Schemas["ecs.CreateServiceInput"] = { ServiceName: "www" };
// @ts-expect-error: a count is a number
export const count: Schemas["ecs.CreateServiceInput"] = { ServiceName: "www", DesiredCount: "1" };
// @ts-expect-error: a service is required
export const create: Schemas["CreateServiceInput"] = { cluster: { ClusterName: "myclu" } };
// @ts-expect-error: null in a list is refused
export const tags: Schemas["CreateServiceInput"]["tags"] = [null];
// A member may be left out or null.
export const named: Schemas["CreateServiceInput"] = { service: { ServiceName: "www", DesiredCount: 1 }, cluster: null };

export function answered(output: Schemas["CreateServiceOutput"], problem: Schemas["Problem"]): unknown[] {
  return [
    // @ts-expect-error: the service may be null
    output.Service.ServiceName,
    // @ts-expect-error: an answer has no such member
    output.Services,
    // @ts-expect-error: the rollback is told after a failed operation only
    problem.rollback.complete,
    output.Service?.ServiceName,
    problem.rollback?.complete,
  ];
}
