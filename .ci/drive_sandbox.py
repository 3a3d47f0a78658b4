#!/usr/bin/env python3
"""Drives every operation of a running sandbox with boto3, whose models and serializers nobody here wrote.

    drive_sandbox.py http://127.0.0.1:4566

Checks answers, error codes (which must also be in botocore's models), pages and behaviour in time. Everything it makes
carries a name of its own, so that it can be run again on the same sandbox. Exit status 1 if anything is not as it should be.
"""
import json
import sys
import time
import urllib.request
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

RUN = "drive" + uuid.uuid4().hex[:8]
# boto3's name of a service -> the sandbox's
SERVICES = {"iam": "iam", "sts": "sts", "secretsmanager": "secretsmanager", "servicediscovery": "servicediscovery", "logs": "logs",
            "resourcegroupstaggingapi": "tagging", "ecs": "ecs", "ssm": "ssm", "elbv2": "elbv2"}
# Codes that AWS answers without having them in the model of the operation.
UNMODELLED = {"ValidationError", "ValidationException", "AccessDenied"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


class Drive:
    """The checks of one service, and what was called."""

    def __init__(self, endpoint):
        self.endpoint, self.driven, self.passed, self.failures = endpoint, set(), 0, []

    def client(self, service):
        client = boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="AKID",
                              aws_secret_access_key="SECRET", config=Config(
                                  inject_host_prefix=False, proxies={}, retries={"total_max_attempts": 1}))
        client.meta.events.register(
            "before-call", lambda model, **_: self.driven.add((SERVICES[service], model.name)))
        return client

    def check(self, what, holds, seen=None):
        if holds:
            self.passed += 1
        else:
            self.failures.append(f"{what} (seen: {seen!r})" if seen is not None else what)

    def same(self, what, got, want):
        self.check(f"{what}: wanted {want!r}", got == want, got)

    def refused(self, code, call, status=400, **arguments):
        """The call must fail with the code, which must be one that the operation's model has. Gives the error's answer."""
        what = f"{call.__name__} refused with {code}"
        try:
            call(**arguments)
        except ClientError as error:
            self.same(what, (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
            client = call.__self__
            model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call.__name__])
            modelled = {shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes}
            self.check(f"{what}: the model has this code", code in modelled | UNMODELLED, sorted(modelled))
            return error.response
        self.check(what, False, "it succeeded")
        return {}

    def paged(self, what, call, key, pages, most=None, token=("nextToken", "nextToken"), limit="maxResults", **arguments):
        """Follows the tokens of small pages to the end; checks their number, that no page is too long and nothing comes twice."""
        items, seen = [], 0
        if most:
            arguments[limit] = most
        while seen < 100:
            answer = call(**arguments)
            seen += 1
            self.check(f"{what}: no page over {most}", not most or len(answer[key]) <= most, len(answer[key]))
            items += answer[key]
            if not answer.get(token[0]):
                break
            arguments[token[1]] = answer[token[0]]
        self.same(f"{what}: number of pages", seen, pages)
        names = [json.dumps(item, default=str) for item in items]
        self.check(f"{what}: nothing twice", len(names) == len(set(names)))
        return items

    def comes_true(self, what, question, wanted=True, within=60):
        """Polls until the answer is the wanted one."""
        deadline, answer = time.monotonic() + within, None
        while time.monotonic() < deadline:
            answer = question()
            if answer == wanted:
                break
            time.sleep(0.1)
        self.same(f"{what}, within {within} s", answer, wanted)


def tag_map(tags):
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags}


def drive_iam(d):
    c, role = d.client("iam"), RUN
    made = c.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST, Description="x", Tags=[{"Key": "a", "Value": "1"}])["Role"]
    d.check("role ARN", made["Arn"].endswith(f":role/{role}"), made["Arn"])
    d.refused("EntityAlreadyExists", c.create_role, 409, RoleName=role, AssumeRolePolicyDocument=TRUST)
    d.refused("MalformedPolicyDocument", c.create_role, RoleName=role + "x", AssumeRolePolicyDocument="{")
    d.refused("ValidationError", c.create_role, RoleName="x" * 65, AssumeRolePolicyDocument=TRUST)
    got = c.get_role(RoleName=role)["Role"]
    d.same("trust policy", got["AssumeRolePolicyDocument"], json.loads(TRUST))
    d.same("tags of GetRole", tag_map(got["Tags"]), {"a": "1"})
    d.refused("NoSuchEntity", c.get_role, 404, RoleName="nobody-" + role)
    c.tag_role(RoleName=role, Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}])
    c.untag_role(RoleName=role, TagKeys=["a"])
    tags = d.paged("ListRoleTags", c.list_role_tags, "Tags", 2, 1, ("Marker", "Marker"), "MaxItems", RoleName=role)
    d.same("tags", tag_map(tags), {"b": "2", "c": "3"})
    c.update_assume_role_policy(RoleName=role, PolicyDocument=TRUST.replace("ecs-tasks", "ecs"))
    d.check("new trust policy", "ecs.amazonaws.com" in json.dumps(c.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]))

    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    for name in ("one", "two"):
        c.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    d.refused("MalformedPolicyDocument", c.put_role_policy, RoleName=role, PolicyName="bad", PolicyDocument="no")
    d.same("inline policy", c.get_role_policy(RoleName=role, PolicyName="one")["PolicyDocument"], document)
    d.refused("NoSuchEntity", c.get_role_policy, 404, RoleName=role, PolicyName="three")
    names = d.paged("ListRolePolicies", c.list_role_policies, "PolicyNames", 2, 1, ("Marker", "Marker"), "MaxItems", RoleName=role)
    d.same("inline policies", names, ["one", "two"])
    managed = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    c.attach_role_policy(RoleName=role, PolicyArn=managed)
    d.refused("NoSuchEntity", c.attach_role_policy, 404, RoleName=role, PolicyArn="arn:aws:iam::001122334455:policy/none")
    d.same("attached", c.list_attached_role_policies(RoleName=role)["AttachedPolicies"],
           [{"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": managed}])
    d.same("instance profiles", c.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"], [])
    d.refused("DeleteConflict", c.delete_role, 409, RoleName=role)
    c.detach_role_policy(RoleName=role, PolicyArn=managed)
    d.refused("DeleteConflict", c.delete_role, 409, RoleName=role)
    for name in ("one", "two"):
        c.delete_role_policy(RoleName=role, PolicyName=name)
    path = f"/{RUN}/"
    for i in range(3):
        c.create_role(RoleName=f"{role}-{i}", Path=path, AssumeRolePolicyDocument=TRUST)
    d.paged("ListRoles", c.list_roles, "Roles", 2, 2, ("Marker", "Marker"), "MaxItems", PathPrefix=path)
    for name in [role] + [f"{role}-{i}" for i in range(3)]:
        c.delete_role(RoleName=name)
    d.refused("NoSuchEntity", c.delete_role, 404, RoleName=role)


def drive_sts(d):
    c, iam = d.client("sts"), d.client("iam")
    account = c.get_caller_identity()["Account"]
    d.check("account id", len(account) == 12, account)
    arn = f"arn:aws:iam::{account}:role/{RUN}-assumed"
    d.refused("AccessDenied", c.assume_role, 403, RoleArn=arn, RoleSessionName="drive")
    trust = TRUST.replace('{"Service": "ecs-tasks.amazonaws.com"}', json.dumps({"AWS": account}))
    iam.create_role(RoleName=RUN + "-assumed", AssumeRolePolicyDocument=trust)
    got = c.assume_role(RoleArn=arn, RoleSessionName="drive")
    d.check("session", got["AssumedRoleUser"]["Arn"].endswith(f"assumed-role/{RUN}-assumed/drive"), got["AssumedRoleUser"])
    d.check("expiry", 3500 < got["Credentials"]["Expiration"].timestamp() - time.time() < 3700)
    iam.delete_role(RoleName=RUN + "-assumed")


def drive_secretsmanager(d):
    c, name, token = d.client("secretsmanager"), f"spinup/{RUN}/one", str(uuid.uuid4())
    ask = dict(Name=name, SecretString="v1", Description="x", ClientRequestToken=token, Tags=[{"Key": "run", "Value": RUN}])
    made = c.create_secret(**ask)
    d.same("version id", made["VersionId"], token)
    d.same("the same request's answer", c.create_secret(**ask)["ARN"], made["ARN"])
    d.refused("ResourceExistsException", c.create_secret, Name=name, SecretString="v1")
    for way in (name, made["ARN"], made["ARN"][:-7]):
        d.same(f"value by {way}", c.get_secret_value(SecretId=way)["SecretString"], "v1")
    d.refused("ResourceNotFoundException", c.get_secret_value, SecretId=name + "/none")
    second = c.put_secret_value(SecretId=name, SecretString="v2")["VersionId"]
    stages = c.describe_secret(SecretId=name)["VersionIdsToStages"]
    d.same("stages", stages, {token: ["AWSPREVIOUS"], second: ["AWSCURRENT"]})
    d.refused("InvalidParameterException", c.update_secret_version_stage, SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=token)
    c.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", RemoveFromVersionId=second, MoveToVersionId=token)
    d.same("value moved back", c.get_secret_value(SecretId=name)["SecretString"], "v1")
    d.same("value by stage", c.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"], "v2")
    c.update_secret(SecretId=name, Description="y", SecretBinary=b"\x00\x01")
    d.same("binary value", c.get_secret_value(SecretId=name)["SecretBinary"], b"\x00\x01")
    c.tag_resource(SecretId=name, Tags=[{"Key": "more", "Value": "1"}, {"Key": "gone", "Value": "1"}])
    c.untag_resource(SecretId=name, TagKeys=["gone"])
    got = c.describe_secret(SecretId=made["ARN"])
    d.same("description and tags", (got["Description"], tag_map(got["Tags"])), ("y", {"run": RUN, "more": "1"}))

    for i in range(2):
        c.create_secret(Name=f"spinup/{RUN}/more{i}", SecretString="v", Tags=[{"Key": "run", "Value": RUN}])
    listed = d.paged("ListSecrets", c.list_secrets, "SecretList", 2, 2, ("NextToken", "NextToken"), "MaxResults",
                     Filters=[{"Key": "tag-key", "Values": ["run"]}, {"Key": "tag-value", "Values": [RUN]}])
    d.same("secrets by tag", {x["Name"] for x in listed}, {name, f"spinup/{RUN}/more0", f"spinup/{RUN}/more1"})
    d.same("secrets by name", len(c.list_secrets(Filters=[{"Key": "name", "Values": [f"spinup/{RUN}/more"]}])["SecretList"]), 2)
    d.same("secrets by word", len(c.list_secrets(Filters=[{"Key": "all", "Values": [f"{RUN} MORE1"]}])["SecretList"]), 1)
    d.refused("InvalidNextTokenException", c.list_secrets, NextToken="made-up")

    d.refused("InvalidParameterException", c.delete_secret, SecretId=name, RecoveryWindowInDays=6)
    going = c.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    d.check("window", 6.9 < (going["DeletionDate"].timestamp() - time.time()) / 86400 < 7.1, going["DeletionDate"])
    d.refused("InvalidRequestException", c.get_secret_value, SecretId=name)
    error = d.refused("InvalidRequestException", c.create_secret, Name=name, SecretString="v")
    d.check("text of a held name", "already scheduled for deletion" in error.get("Error", {}).get("Message", ""), error)
    d.check("deleted date", "DeletedDate" in c.describe_secret(SecretId=name))
    c.restore_secret(SecretId=name)
    for gone in (name, f"spinup/{RUN}/more0", f"spinup/{RUN}/more1", f"spinup/{RUN}/never-was"):
        c.delete_secret(SecretId=gone, ForceDeleteWithoutRecovery=True)
    d.refused("ResourceNotFoundException", c.delete_secret, SecretId=name)

    def free():
        try:
            c.create_secret(Name=name, SecretString="v")
            return True
        except c.exceptions.InvalidRequestException:
            return False
    d.comes_true("a name is free again after a forced delete", free)
    d.check("a new ARN", c.describe_secret(SecretId=name)["ARN"] != made["ARN"])
    c.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def drive_servicediscovery(d):
    c = d.client("servicediscovery")
    status = lambda operation: c.get_operation(OperationId=operation)["Operation"]["Status"]
    succeeds = lambda what, operation: d.comes_true(what, lambda: status(operation), "SUCCESS")
    # The second request must come while the first is under way. On a busy machine it may not: another name, another try.
    for name in [f"{RUN}{i}.local" for i in range(5)]:
        wanted = c.create_private_dns_namespace(Name=name, Vpc="vpc-1", CreatorRequestId="a")
        try:
            c.create_private_dns_namespace(Name=name, Vpc="vpc-1", CreatorRequestId="b")
        except c.exceptions.DuplicateRequest as duplicate:
            d.same("the operation to wait for", duplicate.response.get("DuplicateOperationId"), wanted["OperationId"])
            break
        except c.exceptions.NamespaceAlreadyExists:
            continue
    else:
        d.check("a request for what is under way is refused with DuplicateRequest", False)
    succeeds("a private namespace is made", wanted["OperationId"])
    private = c.get_operation(OperationId=wanted["OperationId"])["Operation"]["Targets"]["NAMESPACE"]
    error = d.refused("NamespaceAlreadyExists", c.create_private_dns_namespace, Name=name, Vpc="vpc-1", CreatorRequestId="b")
    d.same("whose name it is", (error.get("NamespaceId"), error.get("CreatorRequestId")), (private, "a"))
    http = c.create_http_namespace(Name=RUN)["OperationId"]
    succeeds("an HTTP namespace is made", http)
    http = c.get_operation(OperationId=http)["Operation"]["Targets"]["NAMESPACE"]
    d.refused("OperationNotFound", c.get_operation, OperationId="none")
    space = c.get_namespace(Id=private)["Namespace"]
    d.same("namespace", (space["Name"], space["Type"], space["ServiceCount"]), (name, "DNS_PRIVATE", 0))
    d.refused("NamespaceNotFound", c.get_namespace, Id="ns-none")
    mine = [{"Name": "NAME", "Values": [RUN], "Condition": "BEGINS_WITH"}]
    spaces = [x["Id"] for x in c.list_namespaces(Filters=mine)["Namespaces"]]
    d.check("namespaces", {private, http} <= set(spaces), spaces)
    d.paged("ListNamespaces", c.list_namespaces, "Namespaces", len(spaces), 1, ("NextToken", "NextToken"), "MaxResults", Filters=mine)

    dns = {"NamespaceId": private, "DnsRecords": [{"Type": "A", "TTL": 30}]}
    ask = dict(Name="web", DnsConfig=dns, CreatorRequestId="a", HealthCheckCustomConfig={"FailureThreshold": 1}, Tags=[{"Key": "run", "Value": RUN}])
    made = c.create_service(**ask)["Service"]
    d.check("service id", made["Id"].startswith("srv-") and len(made["Id"]) == 20, made["Id"])
    d.same("the same request's answer", c.create_service(**ask)["Service"]["Id"], made["Id"])
    error = d.refused("ServiceAlreadyExists", c.create_service, Name="web", DnsConfig=dns, CreatorRequestId="b")
    d.same("whose name it is", (error.get("ServiceId"), error.get("CreatorRequestId")), (made["Id"], "a"))
    d.refused("NamespaceNotFound", c.create_service, Name="web", NamespaceId="ns-none")
    succeeds("a service is updated", c.update_service(Id=made["Id"], Service={"Description": "y", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 10}]}})["OperationId"])
    got = c.get_service(Id=made["Id"])["Service"]
    d.same("service", (got["Description"], got["DnsConfig"]["DnsRecords"][0]["TTL"], got["CreatorRequestId"], got["InstanceCount"]), ("y", 10, "a", 0))
    d.refused("ServiceNotFound", c.get_service, Id="srv-none")
    other = c.create_service(Name="api", NamespaceId=http)["Service"]
    everything = c.list_services()["Services"]
    listed = d.paged("ListServices", c.list_services, "Services", len(everything), 1, ("NextToken", "NextToken"), "MaxResults",
                     Filters=[{"Name": "NAMESPACE_ID", "Values": [http]}])
    d.same("services of a namespace, over pages that may be empty", [x["Id"] for x in listed], [other["Id"]])

    d.refused("InvalidInput", c.register_instance, ServiceId=made["Id"], InstanceId="i0", Attributes={"x": "y"})
    operations = [c.register_instance(ServiceId=made["Id"], InstanceId=i, Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1", "x": i})["OperationId"] for i in ("i1", "i2")]
    for operation in operations:
        succeeds("an instance is registered", operation)
    d.same("instance", c.get_instance(ServiceId=made["Id"], InstanceId="i1")["Instance"]["Attributes"]["AWS_INSTANCE_IPV4"], "10.0.0.1")
    d.refused("InstanceNotFound", c.get_instance, ServiceId=made["Id"], InstanceId="none")
    d.paged("ListInstances", c.list_instances, "Instances", 2, 1, ("NextToken", "NextToken"), "MaxResults", ServiceId=made["Id"])
    seen = c.discover_instances(NamespaceName=name, ServiceName="web", QueryParameters={"x": "i2"})["Instances"]
    d.same("discovered", [(x["InstanceId"], x["HealthStatus"]) for x in seen], [("i2", "HEALTHY")])
    d.refused("ResourceInUse", c.delete_service, Id=made["Id"])
    for i in ("i1", "i2"):
        succeeds("an instance is deregistered", c.deregister_instance(ServiceId=made["Id"], InstanceId=i)["OperationId"])
    d.refused("InstanceNotFound", c.deregister_instance, ServiceId=made["Id"], InstanceId="i1")

    c.tag_resource(ResourceARN=made["Arn"], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    c.untag_resource(ResourceARN=made["Arn"], TagKeys=["a"])
    d.same("tags", tag_map(c.list_tags_for_resource(ResourceARN=made["Arn"])["Tags"]), {"run": RUN, "b": "2"})
    d.refused("ResourceNotFoundException", c.list_tags_for_resource, ResourceARN=made["Arn"] + "x")
    d.refused("ResourceInUse", c.delete_namespace, Id=private)
    for service in (made, other):
        c.delete_service(Id=service["Id"])
    d.refused("ServiceNotFound", c.delete_service, Id=made["Id"])
    for namespace in spaces:
        succeeds("a namespace is deleted", c.delete_namespace(Id=namespace)["OperationId"])


def drive_logs(d):
    c, group = d.client("logs"), f"/{RUN}/a"
    c.create_log_group(logGroupName=group, tags={"run": RUN})
    d.refused("ResourceAlreadyExistsException", c.create_log_group, logGroupName=group)
    d.refused("InvalidParameterException", c.create_log_group, logGroupName="aws/mine")
    c.create_log_group(logGroupName=f"/{RUN}/b")
    found = d.paged("DescribeLogGroups", c.describe_log_groups, "logGroups", 2, 1, limit="limit", logGroupNamePrefix=f"/{RUN}/")
    d.same("groups", [x["logGroupName"] for x in found], [group, f"/{RUN}/b"])
    arn = found[0]["logGroupArn"]
    d.same("arn", found[0]["arn"], arn + ":*")
    c.put_retention_policy(logGroupName=group, retentionInDays=365)
    d.same("retention", c.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0].get("retentionInDays"), 365)
    d.refused("InvalidParameterException", c.put_retention_policy, logGroupName=group, retentionInDays=2)
    c.delete_retention_policy(logGroupName=group)
    d.check("no retention", "retentionInDays" not in c.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0])
    c.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    c.untag_resource(resourceArn=arn, tagKeys=["a"])
    d.same("tags", c.list_tags_for_resource(resourceArn=arn)["tags"], {"run": RUN, "b": "2"})
    c.tag_log_group(logGroupName=group, tags={"c": "3"})
    c.untag_log_group(logGroupName=group, tags=["b"])
    d.same("tags, the older way", c.list_tags_log_group(logGroupName=group)["tags"], {"run": RUN, "c": "3"})

    for stream in ("s", "t"):
        c.create_log_stream(logGroupName=group, logStreamName=stream)
    d.refused("ResourceAlreadyExistsException", c.create_log_stream, logGroupName=group, logStreamName="s")
    d.paged("DescribeLogStreams", c.describe_log_streams, "logStreams", 2, 1, limit="limit", logGroupName=group)
    now = int(time.time() * 1000)
    old = now - 20 * 86400000
    answer = c.put_log_events(logGroupName=group, logStreamName="t", logEvents=[{"timestamp": old, "message": "too old"}])
    d.same("rejected", answer.get("rejectedLogEventsInfo"), {"tooOldLogEventEndIndex": 1})
    c.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now + i, "message": f"line {i}"} for i in range(5)])
    read = dict(logGroupName=group, logStreamName="s", limit=2)
    d.same("tail", [e["message"] for e in c.get_log_events(**read)["events"]], ["line 3", "line 4"])
    lines, token, turns = [], None, 0
    while turns < 10:
        page = c.get_log_events(startFromHead=True, **read, **({"nextToken": token} if token else {}))
        lines, turns = lines + [e["message"] for e in page["events"]], turns + 1
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    d.same("forward, until the token comes back", (lines, turns), ([f"line {i}" for i in range(5)], 4))
    d.same("between two times", [e["message"] for e in c.get_log_events(startTime=now + 1, endTime=now + 3, **read)["events"]], ["line 1", "line 2"])
    d.refused("ResourceNotFoundException", c.get_log_events, logGroupName=group, logStreamName="none")
    found = d.paged("FilterLogEvents", c.filter_log_events, "events", 2, 1, limit="limit", logGroupName=group, filterPattern="?3 ?4")
    d.same("filtered", [e["message"] for e in found], ["line 3", "line 4"])
    for name in (group, f"/{RUN}/b"):
        c.delete_log_group(logGroupName=name)
    d.refused("ResourceNotFoundException", c.delete_log_group, logGroupName=group)


def drive_tagging(d):
    c, logs, secrets, iam = (d.client(s) for s in ("resourcegroupstaggingapi", "logs", "secretsmanager", "iam"))
    group = RUN + "-tagged"
    logs.create_log_group(logGroupName=group, tags={"tagged": RUN})
    group_arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    secret = secrets.create_secret(Name=RUN + "-tagged", SecretString="v", Tags=[{"Key": "tagged", "Value": RUN}, {"Key": "kind", "Value": "x"}])["ARN"]
    role = iam.create_role(RoleName=RUN + "-tagged", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "tagged", "Value": RUN}])["Role"]["Arn"]
    mine = {"Key": "tagged", "Values": [RUN]}
    token = ("PaginationToken", "PaginationToken")
    found = d.paged("GetResources", c.get_resources, "ResourceTagMappingList", 2, 1, token, "ResourcesPerPage", TagFilters=[mine])
    d.same("resources, no role among them", {x["ResourceARN"] for x in found}, {group_arn, secret})
    d.same("the last token", c.get_resources(TagFilters=[mine])["PaginationToken"], "")
    arns = lambda **arguments: [x["ResourceARN"] for x in c.get_resources(**arguments)["ResourceTagMappingList"]]
    d.same("by two tags", arns(TagFilters=[mine, {"Key": "kind"}]), [secret])
    d.same("by type", arns(TagFilters=[mine], ResourceTypeFilters=["logs:log-group"]), [group_arn])
    d.same("by ARN", arns(ResourceARNList=[secret]), [secret])
    d.refused("InvalidParameterException", c.get_resources, ResourceARNList=[secret], TagFilters=[mine])
    failed = c.tag_resources(ResourceARNList=[group_arn, role], Tags={RUN: "1"})["FailedResourcesMap"]
    d.same("what could not be tagged", list(failed), [role])
    d.check("tag keys", RUN in c.get_tag_keys()["TagKeys"])
    d.same("tag values", c.get_tag_values(Key=RUN)["TagValues"], ["1"])
    d.same("untagged", c.untag_resources(ResourceARNList=[group_arn], TagKeys=[RUN, "tagged"])["FailedResourcesMap"], {})
    d.same("tagged once", [x["Tags"] for x in c.get_resources(ResourceARNList=[group_arn])["ResourceTagMappingList"]], [[]])
    d.refused("InvalidParameterException", c.untag_resources, ResourceARNList=[group_arn] * 21, TagKeys=["a"])
    logs.delete_log_group(logGroupName=group)
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    iam.delete_role(RoleName=RUN + "-tagged")


def drive_ssm(d):
    c, path = d.client("ssm"), f"/{RUN}/space"
    name = path + "/one"
    ask = dict(Name=name, Value="v1", Type="SecureString", KeyId="mykey", Description="x", Tags=[{"Key": "run", "Value": RUN}])
    made = c.put_parameter(**ask)
    d.same("version and tier", (made["Version"], made["Tier"]), (1, "Standard"))
    d.refused("ParameterAlreadyExists", c.put_parameter, **ask)
    d.refused("ValidationException", c.put_parameter, Overwrite=True, **ask)
    d.refused("ValidationException", c.put_parameter, Name=path + "/two", Value="v")
    d.refused("ValidationException", c.put_parameter, Name=path + "/two", Value="v" * 4097, Type="String")
    d.refused("ValidationException", c.put_parameter, Name="aws-" + RUN, Value="v", Type="String")
    d.refused("HierarchyLevelLimitExceededException", c.put_parameter, Name="/a" * 16, Value="v", Type="String")
    d.refused("ParameterPatternMismatchException", c.put_parameter, Name=path + "/two", Value="v", Type="String", AllowedPattern="^[0-9]+$")
    d.refused("HierarchyTypeMismatchException", c.put_parameter, Name=name, Value="v2", Type="String", Overwrite=True)
    d.check("encrypted", c.get_parameter(Name=name)["Parameter"]["Value"] != "v1")
    got = c.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    d.same("value", (got["Value"], got["ARN"].split(":")[-1]), ("v1", "parameter" + name))
    d.same("second version", c.put_parameter(Name=name, Value="v2", Overwrite=True)["Version"], 2)
    d.same("value of a version", c.get_parameter(Name=name + ":1", WithDecryption=True)["Parameter"]["Value"], "v1")
    d.refused("ParameterVersionNotFound", c.get_parameter, Name=name + ":3")
    d.refused("ParameterNotFound", c.get_parameter, Name=name + "x")
    kept = c.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}])["Parameters"]
    d.same("what a version without a key is encrypted with", [(x["Version"], x["KeyId"]) for x in kept], [(2, "alias/aws/ssm")])
    both = c.get_parameters(Names=[name, name + "x"], WithDecryption=True)
    d.same("some", ([x["Value"] for x in both["Parameters"]], both["InvalidParameters"]), (["v2"], [name + "x"]))

    c.put_parameter(Name=path + "/large", Value="v" * 5000, Type="String", Tier="Advanced")
    c.put_parameter(Name=path + "/deep/er", Value="v", Type="String")
    token = ("NextToken", "NextToken")
    listed = d.paged("GetParametersByPath", c.get_parameters_by_path, "Parameters", 2, 1, token, "MaxResults", Path=path)
    d.same("by path", [x["Name"] for x in listed], [path + "/large", name])
    d.same("all below a path", len(c.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]), 3)
    d.refused("ValidationException", c.get_parameters_by_path, Path=path, MaxResults=11)
    d.refused("InvalidFilterKey", c.get_parameters_by_path, Path=path, ParameterFilters=[{"Key": "Name", "Values": [name]}])
    one_level = [{"Key": "Path", "Option": "OneLevel", "Values": [path]}]
    d.paged("DescribeParameters", c.describe_parameters, "Parameters", 2, 1, token, "MaxResults", ParameterFilters=one_level)
    d.refused("InvalidNextToken", c.describe_parameters, NextToken="made-up")
    d.refused("ValidationException", c.describe_parameters, MaxResults=51)

    tags = dict(ResourceType="Parameter", ResourceId=name)
    c.add_tags_to_resource(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], **tags)
    c.remove_tags_from_resource(TagKeys=["a"], **tags)
    d.same("tags", tag_map(c.list_tags_for_resource(**tags)["TagList"]), {"run": RUN, "b": "2"})
    d.refused("InvalidResourceId", c.list_tags_for_resource, ResourceType="Parameter", ResourceId=name + "x")

    d.refused("ValidationException", c.delete_parameters, Names=[f"{name}{i}" for i in range(11)])
    gone = c.delete_parameters(Names=[path + "/large", path + "/deep/er", name + "x"])
    d.same("deleted", (len(gone["DeletedParameters"]), gone["InvalidParameters"]), (2, [name + "x"]))
    c.delete_parameter(Name=name)
    d.refused("ParameterNotFound", c.delete_parameter, Name=name)


def drive_ecs_clusters(d, c):
    """Makes the cluster that the rest is done in, and gives its ARN."""
    strategy = [{"capacityProvider": "FARGATE", "base": 1, "weight": 0}, {"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    ask = dict(clusterName=RUN, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy, tags=[{"key": "run", "value": RUN}])
    made = c.create_cluster(**ask)["cluster"]
    d.same("cluster", (made["clusterName"], made["status"]), (RUN, "ACTIVE"))
    d.same("the same request's answer", c.create_cluster(**ask)["cluster"]["clusterArn"], made["clusterArn"])
    d.refused("InvalidParameterException", c.create_cluster, clusterName=RUN, capacityProviders=["FARGATE"])
    answer = c.describe_clusters(clusters=[RUN, RUN + "-none"], include=["TAGS"])
    d.same("described", [tag_map(x["tags"]) for x in answer["clusters"]], [{"run": RUN}])
    d.same("described, missing", [x["reason"] for x in answer["failures"]], ["MISSING"])
    d.same("tags only where asked for", c.describe_clusters(clusters=[RUN])["clusters"][0]["tags"], [])
    c.update_cluster(cluster=RUN, settings=[{"name": "containerInsights", "value": "enabled"}])
    got = c.describe_clusters(clusters=[RUN], include=["SETTINGS"])["clusters"][0]
    d.same("settings", got["settings"], [{"name": "containerInsights", "value": "enabled"}])
    c.create_cluster(clusterName=RUN + "-b")
    got = c.put_cluster_capacity_providers(cluster=RUN + "-b", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[])["cluster"]
    d.same("providers", got["capacityProviders"], ["FARGATE"])
    everything = c.list_clusters()["clusterArns"]
    d.paged("ListClusters", c.list_clusters, "clusterArns", len(everything), 1)
    d.same("deleted", c.delete_cluster(cluster=RUN + "-b")["cluster"]["status"], "INACTIVE")
    d.refused("ClusterNotFoundException", c.delete_cluster, cluster=RUN + "-none")
    return made["clusterArn"]


def definition(family, image="nginx:1", **more):
    return dict(family=family, cpu="256", memory="512", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], containerDefinitions=[
        {"name": "web", "image": image, "portMappings": [{"containerPort": 80}], "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": RUN, "awslogs-region": "us-east-1", "awslogs-stream-prefix": family}}}], **more)


def drive_ecs_definitions(d, c, role):
    roles = dict(executionRoleArn=role, taskRoleArn=role)
    first = c.register_task_definition(**definition(RUN, **roles, tags=[{"key": "run", "value": RUN}]))["taskDefinition"]
    d.same("first revision", (first["revision"], first["status"]), (1, "ACTIVE"))
    for _ in range(2):
        last = c.register_task_definition(**definition(RUN, **roles))["taskDefinition"]
    c.register_task_definition(**definition(RUN + "-longer", **roles))
    d.refused("ClientException", c.register_task_definition, **dict(definition(RUN), memory="768"))
    d.refused("ClientException", c.register_task_definition, **definition("a family"))
    got = c.describe_task_definition(taskDefinition=f"{RUN}:1", include=["TAGS"])
    d.same("tags of a revision", tag_map(got["tags"]), {"run": RUN})
    d.same("a bare family is its newest", c.describe_task_definition(taskDefinition=RUN)["taskDefinition"]["revision"], 3)
    d.refused("ClientException", c.describe_task_definition, taskDefinition=RUN + "-none")
    listed = d.paged("ListTaskDefinitions", c.list_task_definitions, "taskDefinitionArns", 2, 2, familyPrefix=RUN, sort="DESC")
    d.same("newest first, of exactly this family", [arn.rsplit(":")[-1] for arn in listed], ["3", "2", "1"])
    d.paged("ListTaskDefinitionFamilies", c.list_task_definition_families, "families", 2, 1, familyPrefix=RUN)
    one = first["taskDefinitionArn"]
    d.same("deleted while ACTIVE", len(c.delete_task_definitions(taskDefinitions=[one])["failures"]), 1)
    d.same("deregistered", c.deregister_task_definition(taskDefinition=one)["taskDefinition"]["status"], "INACTIVE")
    d.same("inactive ones", c.list_task_definitions(familyPrefix=RUN, status="INACTIVE")["taskDefinitionArns"], [one])
    d.same("deleted", c.delete_task_definitions(taskDefinitions=[one])["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS")
    d.refused("InvalidParameterException", c.delete_task_definitions, taskDefinitions=[one] * 11)
    return last["taskDefinitionArn"]


def drive_ecs_services(d, c, registry, role):
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60718"], "securityGroups": ["sg-0c3d4e5f607182930"]}}
    ask = dict(cluster=RUN, serviceName="web", taskDefinition=RUN, desiredCount=2, networkConfiguration=network, clientToken=RUN,
               serviceRegistries=[{"registryArn": registry["Arn"]}], propagateTags="SERVICE", tags=[{"key": "run", "value": RUN}])
    made = c.create_service(**ask)["service"]
    d.same("the same request's answer", c.create_service(**ask)["service"]["serviceArn"], made["serviceArn"])
    d.refused("InvalidParameterException", c.create_service, **dict(ask, clientToken="other"))
    d.refused("ClusterNotFoundException", c.create_service, **dict(ask, cluster=RUN + "-none"))
    d.refused("InvalidParameterException", c.create_service, **{k: v for k, v in ask.items() if k != "networkConfiguration"} | {"serviceName": "b"})
    describe = lambda: c.describe_services(cluster=RUN, services=["web"], include=["TAGS"])["services"][0]
    rollout = lambda: [(x["status"], x["rolloutState"], x["runningCount"]) for x in describe()["deployments"]]
    d.comes_true("two tasks run", rollout, [("PRIMARY", "COMPLETED", 2)])
    d.same("tags", tag_map(describe()["tags"]), {"run": RUN})
    d.check("a steady event", any("steady state" in e["message"] for e in describe()["events"]), describe()["events"][:3])
    cloudmap = d.client("servicediscovery")
    d.comes_true("both are registered", lambda: cloudmap.get_service(Id=registry["Id"])["Service"]["InstanceCount"], 2)
    answer = c.describe_services(cluster=RUN, services=["web", "none"])
    d.same("missing", [x["reason"] for x in answer["failures"]], ["MISSING"])
    d.refused("InvalidParameterException", c.describe_services, cluster=RUN, services=[f"s{i}" for i in range(11)])
    d.refused("ClusterNotFoundException", c.describe_services, cluster=RUN + "-none", services=["web"])

    arns = c.list_tasks(cluster=RUN, serviceName="web")["taskArns"]
    d.same("tasks of the service", len(arns), 2)
    tasks = c.describe_tasks(cluster=RUN, tasks=arns + ["0" * 32], include=["TAGS"])
    d.same("tags of its tasks", [tag_map(t["tags"]).get("run") for t in tasks["tasks"]], [RUN, RUN])
    d.same("missing", [x["reason"] for x in tasks["failures"]], ["MISSING"])
    logs, task = d.client("logs"), arns[0].rsplit("/")[-1]
    d.comes_true("a container writes", lambda: len(logs.describe_log_streams(logGroupName=RUN, logStreamNamePrefix=f"{RUN}/web/{task}")["logStreams"]), 1)

    c.register_task_definition(**definition(RUN + "-fails", "nginx:fail", executionRoleArn=role))
    c.create_service(cluster=RUN, serviceName="fails", taskDefinition=RUN + "-fails", desiredCount=1, networkConfiguration=network,
                     deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    for i in range(10):
        c.create_service(cluster=RUN, serviceName=f"idle{i}", taskDefinition=RUN, desiredCount=0, networkConfiguration=network)
    d.paged("ListServices", c.list_services, "serviceArns", 2, cluster=RUN)
    state = lambda: c.describe_services(cluster=RUN, services=["fails"])["services"][0]["deployments"][0]["rolloutState"]
    d.comes_true("the circuit breaker trips", state, "FAILED")
    stopped = c.list_tasks(cluster=RUN, serviceName="fails", desiredStatus="STOPPED")["taskArns"]
    reasons = [t.get("stoppedReason", "") for t in c.describe_tasks(cluster=RUN, tasks=stopped)["tasks"]]
    d.check("why its tasks stopped", reasons and all("CannotPullContainerError" in r for r in reasons), reasons)

    c.update_service(cluster=RUN, service="web", desiredCount=1, forceNewDeployment=True)
    d.comes_true("a new deployment with one task", rollout, [("PRIMARY", "COMPLETED", 1)])
    d.refused("ServiceNotFoundException", c.update_service, cluster=RUN, service="none", desiredCount=1)
    d.refused("InvalidParameterException", c.delete_service, cluster=RUN, service="web")
    return made["serviceArn"]


def drive_ecs_tasks(d, c):
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60718"]}}
    ask = dict(cluster=RUN, taskDefinition=RUN, count=2, networkConfiguration=network, clientToken=RUN, startedBy=RUN)
    made = c.run_task(**ask)
    arns = sorted(t["taskArn"] for t in made["tasks"])
    d.same("started", (len(arns), made["failures"]), (2, []))
    d.same("the same request's answer", sorted(t["taskArn"] for t in c.run_task(**ask)["tasks"]), arns)
    error = d.refused("ConflictException", c.run_task, **dict(ask, count=1))
    d.same("what the token made", sorted(error.get("resourceIds", [])), arns)
    d.refused("InvalidParameterException", c.run_task, **dict(ask, count=11, clientToken="x"))
    d.refused("ClusterNotFoundException", c.run_task, **dict(ask, cluster=RUN + "-none"))
    status = lambda: {t["lastStatus"] for t in c.describe_tasks(cluster=RUN, tasks=arns)["tasks"]}
    d.comes_true("they run", status, {"RUNNING"})
    d.same("listed", sorted(d.paged("ListTasks", c.list_tasks, "taskArns", 2, 1, cluster=RUN, startedBy=RUN)), arns)
    d.refused("InvalidParameterException", c.describe_tasks, cluster=RUN, tasks=[])
    d.refused("InvalidParameterException", c.stop_task, cluster=RUN, task="0" * 32)
    d.refused("ClusterContainsServicesException", c.delete_cluster, cluster=RUN)
    for arn in arns:
        c.stop_task(cluster=RUN, task=arn, reason="enough")
    d.comes_true("they stop", status, {"STOPPED"})
    got = c.describe_tasks(cluster=RUN, tasks=arns)["tasks"]
    d.same("why", {(t["stopCode"], t["stoppedReason"]) for t in got}, {("UserInitiated", "enough")})


def drive_ecs(d):
    c, iam, logs, cloudmap = (d.client(s) for s in ("ecs", "iam", "logs", "servicediscovery"))
    role = iam.create_role(RoleName=RUN + "-ecs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    logs.create_log_group(logGroupName=RUN)
    space = [n["Id"] for n in cloudmap.list_namespaces()["Namespaces"] if n["Type"] == "DNS_PRIVATE"][0]
    registry = cloudmap.create_service(Name=RUN, DnsConfig={"NamespaceId": space, "DnsRecords": [{"Type": "A", "TTL": 30}]})["Service"]
    cluster = drive_ecs_clusters(d, c)
    drive_ecs_definitions(d, c, role)
    service = drive_ecs_services(d, c, registry, role)
    drive_ecs_tasks(d, c)
    for arn in (cluster, service):
        c.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        c.untag_resource(resourceArn=arn, tagKeys=["a"])
        d.same("tags", tag_map(c.list_tags_for_resource(resourceArn=arn)["tags"]), {"run": RUN, "b": "2"})
    d.refused("InvalidParameterException", c.tag_resource, resourceArn=service.replace(f"/{RUN}/", "/"), tags=[{"key": "a", "value": "1"}])

    names = [arn.rsplit("/")[-1] for arn in d.paged("ListServices", c.list_services, "serviceArns", 3, 5, cluster=RUN)]
    for name in names:
        d.same("draining", c.delete_service(cluster=RUN, service=name, force=True)["service"]["status"], "DRAINING")
    d.same("hidden while draining", c.list_services(cluster=RUN)["serviceArns"], [])
    d.refused("ServiceNotActiveException", c.update_service, cluster=RUN, service="web", desiredCount=1)
    status = lambda: c.describe_services(cluster=RUN, services=["web"])["services"][0]["status"]
    d.comes_true("drained", status, "INACTIVE")
    # The deregistration lags behind the service's end, as it does at AWS.
    d.comes_true("its instances are gone", lambda: cloudmap.get_service(Id=registry["Id"])["Service"]["InstanceCount"], 0)

    def deleted():
        try:
            return c.delete_cluster(cluster=RUN)["cluster"]["status"]
        except (c.exceptions.ClusterContainsServicesException, c.exceptions.ClusterContainsTasksException):
            return None
    d.comes_true("the empty cluster goes", deleted, "INACTIVE")
    cloudmap.delete_service(Id=registry["Id"])
    for arn in [a for f in (RUN, RUN + "-longer", RUN + "-fails") for a in c.list_task_definitions(familyPrefix=f)["taskDefinitionArns"]]:
        c.deregister_task_definition(taskDefinition=arn)
    logs.delete_log_group(logGroupName=RUN)
    iam.delete_role(RoleName=RUN + "-ecs")


def drive_elbv2(d):
    c, tagging = d.client("elbv2"), d.client("resourcegroupstaggingapi")
    tags = [{"Key": "run", "Value": RUN}]
    ask = dict(Name=RUN, Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip", Tags=tags)
    group = c.create_target_group(**ask)["TargetGroups"][0]["TargetGroupArn"]
    d.same("the same request's group", c.create_target_group(**ask)["TargetGroups"][0]["TargetGroupArn"], group)
    d.refused("DuplicateTargetGroupName", c.create_target_group, **dict(ask, Port=81))
    other = c.create_target_group(**dict(ask, Name=RUN + "-b"))["TargetGroups"][0]["TargetGroupArn"]
    ask = dict(Name=RUN, Subnets=["subnet-1"], Scheme="internal", Tags=tags)
    balancer = c.create_load_balancer(**ask)["LoadBalancers"][0]
    d.check("DNS name", balancer["DNSName"].startswith(f"internal-{RUN}-"), balancer["DNSName"])
    balancer = balancer["LoadBalancerArn"]
    d.same("the same request's balancer", c.create_load_balancer(**ask)["LoadBalancers"][0]["LoadBalancerArn"], balancer)
    d.refused("DuplicateLoadBalancerName", c.create_load_balancer, **dict(ask, Scheme="internet-facing"))
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    ask = dict(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    listener = c.create_listener(**ask)["Listeners"][0]["ListenerArn"]
    d.same("the same request's listener", c.create_listener(**ask)["Listeners"][0]["ListenerArn"], listener)
    d.refused("DuplicateListener", c.create_listener, **dict(ask, DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]))
    second = c.create_listener(**dict(ask, Port=81, DefaultActions=[{"Type": "redirect", "RedirectConfig": {"Port": "80", "StatusCode": "HTTP_301"}}]))
    redirect = second["Listeners"][0]["DefaultActions"][0]["RedirectConfig"]
    d.same("a redirect is whole", (redirect["Host"], redirect["Path"], redirect["Query"]), ("#{host}", "/#{path}", "#{query}"))
    d.paged("DescribeListeners", c.describe_listeners, "Listeners", 2, 1, ("NextMarker", "Marker"), "PageSize", LoadBalancerArn=balancer)
    host = [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com", "b.example.com"]}}]
    ask = dict(ListenerArn=listener, Priority=5, Conditions=host, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": group, "Weight": 1}, {"TargetGroupArn": other, "Weight": 2}]}}])
    rule = c.create_rule(**ask)["Rules"][0]["RuleArn"]
    d.refused("PriorityInUse", c.create_rule, **ask)
    rules = d.paged("DescribeRules", c.describe_rules, "Rules", 2, 1, ("NextMarker", "Marker"), "PageSize", ListenerArn=listener)
    d.same("rules", [(x["Priority"], x["IsDefault"]) for x in rules], [("5", False), ("default", True)])
    d.same("hosts", rules[0]["Conditions"][0]["Values"], ["a.example.com", "b.example.com"])
    d.refused("OperationNotPermitted", c.delete_rule, RuleArn=rules[1]["RuleArn"])
    mine = d.paged("DescribeTargetGroups", c.describe_target_groups, "TargetGroups", 2, 1, ("NextMarker", "Marker"), "PageSize", LoadBalancerArn=balancer)
    d.same("groups of a balancer", {x["TargetGroupArn"] for x in mine}, {group, other})
    d.same("balancers of a group", mine[0]["LoadBalancerArns"], [balancer])
    d.refused("TargetGroupNotFound", c.describe_target_groups, Names=[RUN, RUN + "-none"])
    d.refused("ValidationError", c.describe_target_groups, Names=[f"{RUN}-{i}" for i in range(21)])
    d.same("balancer by name", c.describe_load_balancers(Names=[RUN])["LoadBalancers"][0]["State"], {"Code": "active"})
    d.refused("LoadBalancerNotFound", c.describe_load_balancers, LoadBalancerArns=[balancer, balancer + "0"])

    c.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}])
    health = lambda: [(x["Target"]["Id"], x["Target"]["Port"], x["TargetHealth"]["State"]) for x in
                      c.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]]
    d.comes_true("a target becomes healthy", health, [("10.0.0.1", 80, "healthy")])
    c.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}])
    d.comes_true("a target drains and goes", health, [])
    d.refused("TargetGroupNotFound", c.register_targets, TargetGroupArn=group + "0", Targets=[{"Id": "10.0.0.1"}])

    c.add_tags(ResourceArns=[balancer, group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    c.remove_tags(ResourceArns=[balancer, group], TagKeys=["a"])
    got = c.describe_tags(ResourceArns=[balancer, group])["TagDescriptions"]
    d.same("tags", [tag_map(x["Tags"]) for x in got], [{"run": RUN, "b": "2"}] * 2)
    d.refused("LoadBalancerNotFound", c.describe_tags, ResourceArns=[balancer + "0"])
    found = tagging.get_resources(TagFilters=[{"Key": "run", "Values": [RUN]}],
                                  ResourceTypeFilters=["elasticloadbalancing:loadbalancer", "elasticloadbalancing:targetgroup"])
    d.same("by tag", {x["ResourceARN"] for x in found["ResourceTagMappingList"]}, {balancer, group, other})

    d.refused("ResourceInUse", c.delete_target_group, TargetGroupArn=group)
    c.delete_rule(RuleArn=rule)
    d.refused("RuleNotFound", c.delete_rule, RuleArn=rule)
    c.delete_listener(ListenerArn=listener)
    d.refused("ListenerNotFound", c.delete_listener, ListenerArn=listener)
    for _ in range(2):  # what is gone is deleted already
        c.delete_load_balancer(LoadBalancerArn=balancer)
        for arn in (group, other):
            c.delete_target_group(TargetGroupArn=arn)
    d.refused("LoadBalancerNotFound", c.describe_listeners, LoadBalancerArn=balancer)


DRIVES = {"iam": drive_iam, "sts": drive_sts, "secretsmanager": drive_secretsmanager, "servicediscovery": drive_servicediscovery,
          "logs": drive_logs, "tagging": drive_tagging, "ecs": drive_ecs, "ssm": drive_ssm, "elbv2": drive_elbv2}


def main(endpoint):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(endpoint.rstrip("/") + "/_sandbox/operations", timeout=10) as answer:
        registered = {service: set(names) for service, names in json.load(answer).items()}
    drives = {service: Drive(endpoint) for service in sorted(set(registered) | set(DRIVES))}
    for service, d in drives.items():
        try:
            if service in DRIVES:
                DRIVES[service](d)
        except Exception as error:  # one service that cannot be driven must not hide the others
            d.check(f"driven to the end: {type(error).__name__}: {error}", False)
    driven = set().union(*(d.driven for d in drives.values()))
    for service, d in drives.items():
        for name in sorted(registered.get(service, set())):
            d.check(f"{name} was driven", (service, name) in driven)
        print(f"{service}: {len(registered.get(service, ()))} operations, {d.passed} passed, {len(d.failures)} failed")
        for failure in d.failures:
            print(f"    {failure}")
    failed = sum(len(d.failures) for d in drives.values())
    print(f"{sum(d.passed for d in drives.values())} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
