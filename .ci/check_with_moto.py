#!/usr/bin/env python3
"""Runs the built binary against moto_server, an AWS that nobody here wrote, and looks with boto3 at what it has made there.

    check_with_moto.py BINARY http://127.0.0.1:5000

Between the two stands a recorder that passes everything on: what moto takes and forgets (a service's deployment configuration) is seen there. One line a
check; the last is "N passed, N failed", and the exit status is 1 if one failed. What moto does otherwise than AWS is said where it matters.
"""
import json
import os
import sys
import tempfile
import time

from botocore.exceptions import ClientError

sys.dont_write_bytecode = True  # its neighbours are no packages
from mend_moto import Recorder
from program import API, AWS, KEY, ORG, ROLE, TOKEN, example, tag_map

POLICY = "ECSTaskAccessPolicy"
OUTPUT = ["Cluster", "Credentials", "TaskDefinition", "Service", "ServiceDiscoveryService"]

passed = failed = 0


def check(what, holds, seen=None):
    global passed, failed
    if holds:
        passed += 1
        print(f"ok    {what}", flush=True)
    else:
        failed += 1
        print(f"FAIL  {what}" + ("" if seen is None else f"\n      seen: {json.dumps(seen, default=str)[:2000]}"), flush=True)


def same(what, got, want):
    check(what, got == want, {"got": got, "wanted": want})


def comes_true(what, look, want, patience=15):
    deadline = time.monotonic() + patience
    while (got := look()) != want and time.monotonic() < deadline:
        time.sleep(0.3)
    same(what, got, want)


def first_request(api, aws, recorder, account, namespace):
    """The first example of the API's documentation, as it is written there but for the namespace."""
    body = example("create").replace("ns-y3uaw6neshhbev3f", namespace)
    status, made, headers = api.ask("POST", "/moto/services", body.encode())
    same("create everything: 200", status, 200)
    if status != 200:
        check("create everything: the answer", False, made)
        return None
    same("create everything: all five parts", [part for part in OUTPUT if made.get(part)], OUTPUT)
    same("create everything: no other part", sorted(made), sorted(OUTPUT))
    operation = headers.get("X-Operation-Id")
    check("create everything: X-Operation-Id and X-Request-Id", operation and headers.get("X-Request-Id"), dict(headers))
    ours = {"CreatedBy": "netid", "OS": "container", "spinup:org": ORG, "spinup:spaceid": "myclu", "spinup:type": "container",
            "spinup:flavor": "service", "spinup:operation": operation}

    cluster = aws.cluster()
    same("cluster: ACTIVE", cluster["status"], "ACTIVE")
    same("cluster: tags", tag_map(cluster["tags"]), ours)
    same("cluster: capacity providers", sorted(cluster["capacityProviders"]), ["FARGATE", "FARGATE_SPOT"])
    strategy = {i["capacityProvider"]: (i.get("base", 0), i.get("weight", 0)) for i in cluster["defaultCapacityProviderStrategy"]}
    same("cluster: default strategy, one on demand and the rest on spot", strategy, {"FARGATE": (1, 0), "FARGATE_SPOT": (0, 1)})

    check_role(aws, ours)

    groups = {g["logGroupName"]: g.get("retentionInDays") for g in aws.logs.describe_log_groups()["logGroups"]}
    same("log group: one, kept 365 days", groups, {"myclu": 365})
    same("log group: tags", aws.logs.list_tags_for_resource(resourceArn=aws.arn("logs", "log-group:myclu"))["tags"], ours)

    secrets = aws.secrets.list_secrets()["SecretList"]
    same("secret: one, under the space's path", [s["Name"] for s in secrets], [f"spinup/{ORG}/myclu/myapp-webserver-cred"])
    secret = secrets[0] if secrets else {}
    same("secret: tags", tag_map(secret.get("Tags", [])), ours)
    same("secret: the account's key", secret.get("KmsKeyId"), KEY)
    same("secret: description", secret.get("Description"), "myapp-webserver-cred")
    same("secret: its value", aws.secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"], json.loads(body)["credentials"]["webserver"]["SecretString"])
    same("secret: the answer names it", {k: made["Credentials"]["webserver"][k] for k in ("ARN", "Name")}, {k: secret[k] for k in ("ARN", "Name")})
    check("secret: its value is in no answer", "dontkryptonitemebro" not in json.dumps(made))

    check_definition(aws, ours, secret, made)

    registries = aws.registries()
    same("registry: one", [r["Name"] for r in registries], ["www"])
    registry = aws.discovery.get_service(Id=registries[0]["Id"])["Service"]
    same("registry: in the namespace, A records", (registry["DnsConfig"]["NamespaceId"], registry["DnsConfig"]["DnsRecords"]), (namespace, [{"Type": "A", "TTL": 30}]))
    same("registry: tags", tag_map(aws.discovery.list_tags_for_resource(ResourceARN=registry["Arn"])["Tags"]), ours)

    service = aws.service("www")
    same("service: ACTIVE, one task, its definition", (service["status"], service["desiredCount"], service["taskDefinition"]),
         ("ACTIVE", 1, made["TaskDefinition"]["TaskDefinitionArn"]))
    same("service: tags", tag_map(service["tags"]), ours)
    same("service: registry", [r["registryArn"] for r in service["serviceRegistries"]], [registry["Arn"]])
    same("service: the account's network, no public address", service["networkConfiguration"]["awsvpcConfiguration"],
         {"subnets": account["defaultSubnets"], "securityGroups": account["defaultSgs"], "assignPublicIp": "DISABLED"})
    same("service: tags go to its tasks", service["propagateTags"], "SERVICE")
    asked = recorder.last("CreateService")
    same("service: circuit breaker with rollback", asked.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker"), {"enable": True, "rollback": True})
    same("service: the cluster's strategy decides", (asked.get("launchType"), asked.get("capacityProviderStrategy")), (None, None))
    return made


def check_role(aws, ours):
    role = aws.iam.get_role(RoleName=ROLE)["Role"]
    same("role: path", role["Path"], "/")
    same("role: trusted by ECS tasks", [(s["Effect"], s["Principal"], s["Action"]) for s in role["AssumeRolePolicyDocument"]["Statement"]],
         [("Allow", {"Service": "ecs-tasks.amazonaws.com"}, ["sts:AssumeRole"])])
    same("role: tags", tag_map(role["Tags"]), ours)
    same("role: one inline policy", aws.iam.list_role_policies(RoleName=ROLE)["PolicyNames"], [POLICY])
    statements = aws.iam.get_role_policy(RoleName=ROLE, PolicyName=POLICY)["PolicyDocument"]["Statement"]
    same("policy: everything in it is allowed", {s["Effect"] for s in statements}, {"Allow"})
    allowed = {action: s for s in statements for action in s["Action"]}

    def may(what, actions, resource, condition=None):
        for action in actions:
            found = allowed.pop(action, {})
            check(f"policy: {what}: {action}", resource in found.get("Resource", []) and found.get("Condition") == condition, found)
    may("write logs", ["logs:CreateLogStream", "logs:PutLogEvents"], aws.arn("logs", "log-group:myclu:*"))
    may("pull images", ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], "*")
    may("the space's secrets", ["secretsmanager:GetSecretValue"], aws.arn("secretsmanager", f"secret:spinup/{ORG}/myclu/*"))
    may("the space's parameters", ["ssm:GetParameters"], aws.arn("ssm", f"parameter/{ORG}/myclu/*"))
    may("the account's key", ["kms:Decrypt"], aws.arn("kms", f"key/{KEY}"))
    may("file systems", [f"elasticfilesystem:Client{verb}" for verb in ("Mount", "Write", "RootAccess")], aws.arn("elasticfilesystem", "file-system/*"), {
        "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
        "StringEquals": {f"aws:ResourceTag/{tag}": f"${{aws:PrincipalTag/{tag}}}" for tag in ("spinup:org", "spinup:spaceid")}})
    same("policy: nothing else", sorted(allowed), [])


def check_definition(aws, ours, secret, made):
    answer = aws.ecs.describe_task_definition(taskDefinition="webservers", include=["TAGS"])
    definition, role = answer["taskDefinition"], aws.arn("iam", "role/" + ROLE, region="")
    same("definition: the one that was answered", definition["taskDefinitionArn"], made["TaskDefinition"]["TaskDefinitionArn"])
    same("definition: tags", tag_map(answer["tags"]), ours)
    same("definition: awsvpc on Fargate", (definition["networkMode"], definition["requiresCompatibilities"], definition["cpu"], definition["memory"]),
         ("awsvpc", ["FARGATE"], "256", "512"))
    same("definition: both roles", (definition["executionRoleArn"], definition["taskRoleArn"]), (role, role))
    container = definition["containerDefinitions"][0]
    same("definition: repository credentials", container.get("repositoryCredentials"), {"credentialsParameter": secret["ARN"]})
    same("definition: log configuration replaced whole", container.get("logConfiguration"), {"logDriver": "awslogs", "options": {
        "awslogs-group": "myclu", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "webservers"}})
    same("definition: environment", tag_map({"Key": e["name"], "Value": e["value"]} for e in container["environment"]), {"API_HOST": "localhost", "API_PORT": "1234"})
    same("definition: port", [(m["containerPort"], m["protocol"]) for m in container["portMappings"]], [(80, "tcp")])


def reads(api, made):
    path = "/moto/clusters/myclu/services"
    status, service, _ = api.ask("GET", path + "/www")
    same("show: 200 and the service", (status, service.get("ServiceArn")), (200, made["Service"]["ServiceArn"]))
    same("show: with its tags", tag_map(service.get("Tags") or []).get("spinup:org"), ORG)
    status, service, _ = api.ask("GET", path + "/www?all=true")
    same("show all: 200 and the endpoint", (status, service.get("ServiceEndpoint")), (200, "www.moto.local"))
    same("show all: cluster and definition are objects", (service["Cluster"].get("ClusterName"), service["TaskDefinition"].get("Family")), ("myclu", "webservers"))
    # moto starts no task for a service; the sandbox does.
    same("show all: no tasks is a list", service["Tasks"], [])
    status, listed, _ = api.ask("GET", path)
    same("list: the ARN", (status, listed), (200, [made["Service"]["ServiceArn"]]))
    status, listed, _ = api.ask("GET", path + "?all=true")
    same("list all: the service", (status, [s["ServiceName"] for s in listed]), (200, ["www"]))
    status, events, _ = api.ask("GET", path + "/www/events")
    same("events: 200 and a list", (status, type(events)), (200, list))


def refusals(api, aws):
    for what, method, path, token, want in (
            ("ping needs no token", "GET", "/ping", None, 200), ("without a token: 403", "GET", "/moto/clusters/myclu/services", None, 403),
            ("with a wrong one: 403", "GET", "/moto/clusters/myclu/services", "wrong-token", 403), ("unknown account: 404", "GET", "/none/clusters/myclu/services", TOKEN, 404),
            ("unknown cluster: 404", "GET", "/moto/clusters/none/services/www", TOKEN, 404), ("unknown service: 404", "GET", "/moto/clusters/myclu/services/none", TOKEN, 404),
            ("other method: 405", "PATCH", "/moto/services", TOKEN, 405), ("ready", "GET", "/readyz", None, 200)):
        status, answer, _ = api.ask(method, path, token=token)
        check(f"{what}", status == want, (status, answer))
    # A cluster of another org, with a service in it, is not there: neither to read nor to delete nor to build in.
    aws.ecs.create_cluster(clusterName="foreign", tags=[{"key": "spinup:org", "value": "another"}])
    for method, path, body in (("GET", "/moto/clusters/foreign/services", None), ("DELETE", "/moto/clusters/foreign/services/www", None),
                               ("POST", "/moto/services", b'{"service":{"cluster":"foreign","servicename":"www","desiredcount":1,"taskdefinition":"webservers"}}')):
        status, answer, _ = api.ask(method, path, body)
        check(f"another org's cluster: 404 to {method}", status == 404, (status, answer))
    before = aws.ecs.list_task_definitions()["taskDefinitionArns"]
    status, answer, _ = api.ask("POST", "/moto/services", b'{"cluster":{"clustername":"myclu"},"taskdefinition":{"family":"x y","cpu":"256","memory":"100","containerdefinitions":[]},'
                                b'"service":{"servicename":"bad name"}}')
    same("an invalid create: 400", status, 400)
    broken = {e["pointer"] for e in answer.get("errors", [])}
    wanted = {"/taskdefinition/Family", "/taskdefinition/Memory", "/taskdefinition/ContainerDefinitions", "/service/ServiceName", "/service/DesiredCount"}
    check("an invalid create: every broken rule in one answer", wanted <= broken, answer)
    same("an invalid create: nothing registered", aws.ecs.list_task_definitions()["taskDefinitionArns"], before)
    status, answer, _ = api.ask("POST", "/moto/services", b'{"service":{"cluster":"myclu","servicename":"www","desiredcount":1,"taskdefinition":"webservers"}}')
    same("a name that is taken: 409", (status, answer.get("status")), (409, 409))


def existing_parts(api, aws, made):
    """The second example: only the service is new. Its definition and its registry are those of the first request."""
    body = json.loads(example("create-existing"))
    body["service"]["taskdefinition"] = "webservers:1"
    body["service"]["serviceregistries"][0]["registryarn"] = made["ServiceDiscoveryService"]["Arn"]
    before = aws.ecs.list_task_definitions()["taskDefinitionArns"]
    status, answer, _ = api.ask("POST", "/moto/services", json.dumps(body).encode())
    same("existing parts: 200", status, 200)
    if status != 200:
        check("existing parts: the answer", False, answer)
        return
    same("existing parts: their current values", (answer["Cluster"]["ClusterName"], answer["TaskDefinition"]["TaskDefinitionArn"], answer["ServiceDiscoveryService"]["Arn"]),
         ("myclu", made["TaskDefinition"]["TaskDefinitionArn"], made["ServiceDiscoveryService"]["Arn"]))
    same("existing parts: no credentials", answer["Credentials"], None)
    service = aws.service("webapp")
    same("existing parts: the service", (service["status"], service["taskDefinition"], [r["registryArn"] for r in service["serviceRegistries"]]),
         ("ACTIVE", made["TaskDefinition"]["TaskDefinitionArn"], [made["ServiceDiscoveryService"]["Arn"]]))
    same("existing parts: nothing else made", (aws.ecs.list_task_definitions()["taskDefinitionArns"], len(aws.registries()), len(aws.secrets.list_secrets()["SecretList"])), (before, 1, 1))


def deletes(api, aws):
    path = "/moto/clusters/myclu/services"
    status, answer, _ = api.ask("DELETE", path + "/webapp")
    same("delete: 200 and the service", (status, answer.get("Service", {}).get("ServiceName")), (200, "webapp"))
    same("delete: it is gone", aws.service("webapp")["status"], "INACTIVE")
    same("delete: what it stood on is not", (aws.cluster()["status"], len(aws.registries()), aws.service("www")["status"]), ("ACTIVE", 1, "ACTIVE"))
    status, answer, _ = api.ask("DELETE", path + "/webapp")
    same("delete again: 404", status, 404)
    # moto still lists a service that is gone, so that for it the space is never empty: of a recursive delete only the registry can be seen to go. The
    # sandbox shows the rest.
    status, answer, _ = api.ask("DELETE", path + "/www?recursive=true")
    same("delete recursively: 200 and the service", (status, answer.get("Service", {}).get("ServiceName")), (200, "www"))
    comes_true("delete recursively: the registry goes", lambda: [r["Name"] for r in aws.registries()], [])
    comes_true("delete recursively: the service is gone", lambda: aws.service("www")["status"], "INACTIVE")
    try:
        aws.iam.get_role(RoleName=ROLE)
        kept = True
    except ClientError:
        kept = False
    check("delete recursively: the role stays while the cluster does", kept == (aws.cluster()["status"] == "ACTIVE"), kept)


def main(binary, endpoint):
    aws, recorder = AWS(endpoint), Recorder(endpoint)
    account, namespace = aws.prepare()
    with tempfile.TemporaryDirectory() as directory:
        api = API(os.path.abspath(binary), directory, accounts={"moto": dict(account, endpoint=recorder.url())}, stateDir=os.path.join(directory, "state"))
        try:
            made = first_request(api, aws, recorder, account, namespace)
            if made:
                reads(api, made)
                refusals(api, aws)
                existing_parts(api, aws, made)
                deletes(api, aws)
        except Exception as error:  # what follows could not be checked
            check(f"checked to the end: {type(error).__name__}: {error}", False)
        same("SIGTERM: exit status 0", api.stop(), 0)
        log = "".join(open(api.log.name))
        check("the log has neither the token nor the secret", TOKEN not in log and "dontkryptonitemebro" not in log)
        check("the log has no panic and no internal error", "panic" not in log and "internal error" not in log, [l for l in log.splitlines() if "panic" in l])
        if failed:
            print("the binary's log:\n" + log[-6000:])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
