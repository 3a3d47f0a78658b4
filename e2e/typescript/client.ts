// A client whose types are made from the document: it creates, shows and deletes a service, and ends with 1 at the first surprise.
//
//   node generated/client.js URL TOKEN
import createClient from "openapi-fetch";
import type { paths } from "./generated/api.js";

declare const process: { argv: string[]; exit(code: number): never };

const [url = "", token = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
let passed = 0;

function check(what: string, holds: boolean, seen?: unknown): asserts holds {
  console.log(`${holds ? "ok   " : "FAIL "} ${what}`);
  if (!holds) {
    console.log(`      ${JSON.stringify(seen).slice(0, 1000)}`);
    console.log(`${passed} passed, 1 failed`);
    process.exit(1);
  }
  passed++;
}

const account = "sandbox";
const cluster = "typed";
const service = { params: { path: { account, cluster, service: "www" } } };

const version = await api.GET("/version");
check("the version, without a token", version.data !== undefined && version.data.version.length > 0, version);

const created = await api.POST("/{account}/services", {
  params: { path: { account } },
  body: {
    cluster: { ClusterName: cluster },
    taskdefinition: {
      Family: "typed-www",
      Cpu: "256",
      Memory: "512",
      ContainerDefinitions: [{ Name: "webserver", Image: "nginx:alpine", PortMappings: [{ ContainerPort: 80, Protocol: "tcp" }] }],
    },
    service: { ServiceName: "www", DesiredCount: 1 },
    tags: [{ Key: "CreatedBy", Value: "a typed client" }],
  },
});
check("a service is made", created.response.status === 200 && created.data !== undefined && "Service" in created.data, created.error);
const made = created.data.Service;
check("it is active", made?.ServiceName === "www" && made.Status === "ACTIVE", made);
check("its definition is the one that was made", made.TaskDefinition === created.data.TaskDefinition?.TaskDefinitionArn, created.data);
check("what was not asked for is null", created.data.ServiceDiscoveryService === null, created.data.ServiceDiscoveryService);
const operation = created.response.headers.get("X-Operation-Id") ?? "";
const told = await api.GET("/{account}/operations/{operation}", { params: { path: { account, operation } } });
check("its operation is told", told.data?.verb === "CreateService" && told.data.steps !== null && told.data.steps.length > 0, told);

const again = await api.POST("/{account}/services", {
  params: { path: { account } },
  body: { service: { Cluster: cluster, ServiceName: "www", DesiredCount: 1, TaskDefinition: "typed-www" } },
});
check("the name is taken: a problem", again.error?.status === 409 && again.error.detail.includes("www"), again);

const shown = await api.GET("/{account}/clusters/{cluster}/services/{service}", service);
check("it is shown", shown.data?.ServiceArn === made.ServiceArn && shown.data?.DesiredCount === 1, shown);
const whole = await api.GET("/{account}/clusters/{cluster}/services/{service}", {
  params: { path: service.params.path, query: { all: true } },
});
check("with what it stands on", whole.data !== undefined && "ServiceEndpoint" in whole.data, whole);
check("its cluster is an object", whole.data.Cluster?.ClusterName === cluster, whole.data.Cluster);

const deleted = await api.DELETE("/{account}/clusters/{cluster}/services/{service}", {
  params: { path: service.params.path, query: { recursive: true } },
});
check("it is deleted", deleted.data !== undefined && "Service" in deleted.data && deleted.data.Service?.Status === "DRAINING", deleted);
let gone = false;
for (let i = 0; i < 120 && !gone; i++) {
  const listed = await api.GET("/{account}/clusters/{cluster}/services", { params: { path: { account, cluster } } });
  gone = listed.error?.status === 404;
  if (!gone) await new Promise((resolve) => setTimeout(resolve, 250));
}
check("with its cluster", gone);

const secret = `spinup/sandbox/${cluster}/deep-cred`;
const kept = await api.POST("/{account}/secrets", {
  params: { path: { account } },
  body: { Name: secret, SecretString: "kept", Tags: [{ Key: "CreatedBy", Value: "a typed client" }] },
});
check("a secret is made, whose name has slashes", kept.data !== undefined && "ARN" in kept.data && kept.data.Name === secret, kept);
const arn = kept.data.ARN ?? "";
const known = await api.GET("/{account}/secrets/{secret}", { params: { path: { account, secret } } });
check("it is shown: the client escapes the name by itself", known.data?.ARN === arn, known);
const byTag = async (value: string) =>
  await api.GET("/{account}/secrets", {
    params: { path: { account }, query: { tags: { CreatedBy: value } } },
    querySerializer: { object: { style: "form", explode: true } },
  });
const mine = await byTag("a typed client");
check("it is found by its tag", mine.data?.length === 1 && mine.data[0] === arn, mine);
const others = await byTag("somebody else");
check("and by that tag alone", others.data?.length === 0, others);
const forgotten = await api.DELETE("/{account}/secrets/{secret}", { params: { path: { account, secret: arn }, query: { window: 0 } } });
check("it is deleted by its ARN", forgotten.data?.Name === secret, forgotten);
console.log(`${passed} passed, 0 failed`);
