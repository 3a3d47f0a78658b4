#!/usr/bin/env python3
"""Sends every request of the API's documentation, of its newest edition and of the one before, and every route there is, as it is written there: quotes, case,
repeated slashes, singular collections. The built binary is asked on its sandbox and on moto_server; what stands behind is looked at with boto3.

    send_seeds.py BINARY http://127.0.0.1:5000

What bodies of updates, tasks and logs do in depth is check_updates.py's. What moto does otherwise than AWS is said in the line of the check, or mended on the
way (mend_moto.py). One line a check; the last is "N passed, N failed", and the exit status is 1 if one failed.
"""
import base64
import datetime
import hashlib
import json
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.exceptions import ClientError

sys.dont_write_bytecode = True  # its neighbours are no packages
from program import KEY, ORG, ROLE, TOKEN, Run, example, on_both, tag_map

# What stands in brackets may be left out: each line is sent without it and with all of it.
NEWEST = """
GET /v1/ecs/ping
GET /v1/ecs/version
HEAD /v1/ecs/images?image={image}
POST /v1/ecs/{account}/services
GET /v1/ecs/{account}/clusters/{cluster}/services[?all=true]
PUT /v1/ecs/{account}/clusters/{cluster}/services
DELETE /v1/ecs/{account}/clusters/{cluster}/services/{service}[?recursive=true]
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/events
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?task="{task}"&container="{container}[&limit={limit}][&seq={seq}][&start={start}&end={end}]"
GET /v1/ecs/{account}/clusters/{cluster}/tasks/{task}
DELETE /v1/ecs/{account}/clusters/{cluster}/tasks/{task}
POST /v1/ecs/{account}/taskdefs
GET /v1/ecs/{account}/clusters/{cluster}/taskdefs
DELETE /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}[?recursive=true][&force=true]
GET /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}
POST /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks
GET /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks
GET /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}
DELETE /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}/tasks/{task}[?reason={reason}]
GET /v1/ecs/{account}/secrets
POST /v1/ecs/{account}/secrets
GET /v1/ecs/{account}/secrets/{secret}
PUT /v1/ecs/{account}/secrets/{secret}
DELETE /v1/ecs/{account}/secrets/{secret}
POST /v1/ecs/{account}/params/{prefix}
GET /v1/ecs/{account}/params/{prefix}
DELETE /v1/ecs/{account}/params/{prefix}
GET /v1/ecs/{account}/params/{prefix}/{param}
DELETE /v1/ecs/{account}/params/{prefix}/{param}
PUT /v1/ecs//{account}/params/{prefix}/{param}
GET /v1/ecs/{account}/lbs?space={space}
PUT /v1/ecs/{account}/clusters/{cluster}/services/{service}
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?task="{task}"&container="{container}"
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?task="{task}"&container="{container}"&limit="{limit}"
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?task="{task}"&container="{container}"&limit="{limit}"&seq="{seq}"
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?task="{task}"&container="{container}"&start="{start}"&end="{end}"
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?task="{task}"&container="{container}"&start="{start}"&end="{end}"&limit="{limit}"&seq="{seq}"
DELETE /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}
GET /v1/ecs/{account}/cluster/{cluster}/taskdefs
GET /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}
POST /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}/tasks
GET /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}/tasks[?status=RUNNING][&status=STOPPED][&startedBy={starter}]
GET /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}/tasks/{task}
DELETE /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}/tasks/{task}
PUT /v1/ecs/{account}/params/{prefix}/{param}
GET /v1/ecs/{account}/secrets[?key1=value1[&key2=value2&key3=value3]]
GET /v1/ecs/{account}/secret/{secret}
DELETE /v1/ecs/{account}/secret/{secret}[?window={window}]
GET /v1/ecs/{account}/lbs/{space}
"""
# Of the edition before: what the newest has not.
OLDER = """
GET /v1/ecs/{account}/clusters
POST /v1/ecs/{account}/clusters
GET /v1/ecs/{account}/clusters/{cluster}
DELETE /v1/ecs/{account}/clusters/{cluster}
GET /v1/ecs/{account}/clusters/{cluster}/tasks
POST /v1/ecs/{account}/clusters/{cluster}/tasks
GET /v1/ecs/{account}/taskdefs
GET /v1/ecs/{account}/taskdefs/{taskdef}
DELETE /v1/ecs/{account}/taskdefs/{taskdef}
GET /v1/ecs/{account}/servicediscovery/services
POST /v1/ecs/{account}/servicediscovery/services
GET /v1/ecs/{account}/servicediscovery/services/{id}
DELETE /v1/ecs/{account}/servicediscovery/services/{id}
"""
# Of neither: what the API has beside it.
OURS = """
GET /v1/ecs/healthz
GET /v1/ecs/readyz
GET /v1/ecs/metrics
GET /v1/ecs/images?image={image}
PUT /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}
GET /v1/ecs/{account}/operations[?state={state}&cluster={cluster}]
GET /v1/ecs/{account}/operations/{operation}
GET /v1/ecs/{account}/leftovers
"""
LINES = [line for part in (NEWEST, OLDER, OURS) for line in part.split("\n") if line]


def valid(body):
    """The documentation's bodies have commas that JSON has not."""
    return re.sub(r",(\s*[\]}])", r"\1", body)


def tags_of(**tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class Registry(ThreadingHTTPServer):
    """An image registry with one image, nginx:alpine."""
    daemon_threads = True
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}).encode()
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Asked)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def has(self, image):
        return f"127.0.0.1:{self.server_port}/{image}"


class Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        content, status = (b"{}", 200) if self.path == "/v2/" else (self.server.manifest, 200) if self.path == "/v2/nginx/manifests/alpine" else (b"{}", 404)
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.oci.image.index.v1+json")
        self.send_header("Docker-Content-Digest", self.server.digest)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Seeds(Run):
    """Every request, and what comes of it."""
    secrets_of_requests = ("abc123", "TOPSEKRET", "super-sekret", "dontkryptonitemebro", "pull-with-this")

    def __init__(self, api):
        super().__init__(api)
        self.sent, self.lines_sent = set(), {}

    def send(self, line, want=200, body=None, all=False, token=TOKEN, headers=(), **values):
        """Sends a line of the documentation and gives the answer, or what else came where it is not the status that is wanted."""
        method, template = line.split(" ", 1)
        if line not in LINES:
            raise KeyError(f"{line} is not in the documentation")
        self.lines_sent.setdefault(line, set()).add(bool(all))
        if not all:
            while "[" in template:
                template = re.sub(r"\[[^\[\]]*\]", "", template)
        path = re.sub(r"[\[\]]", "", template)
        for name, value in dict(values, account=self.api.account).items():
            path = path.replace("{%s}" % name, urllib.parse.quote(str(value), safe=":"))
        status, answer, headers = self.api.ask(method, path.removeprefix("/v1/ecs"), None if body is None else body.encode(), token, headers)
        self.sent.add((method, path.split("?")[0].replace("//", "/")))
        self.check(f"{line}{' in full' if all else ''}: {want}" + (f" ({self.why})" if self.why else ""), status == want, {"status": status, "answer": answer, "path": path})
        self.why, self.headers = "", headers
        return answer if status == want else None

    why = ""

    def because(self, why):
        """Says why the next request is sent."""
        self.why = why
        return self

    def has(self, what, got, want):
        """Checks that a map has these entries."""
        got = got or {}
        self.same(what, {k: got.get(k) for k in want}, want)

    def public(self):
        self.same("ping: pong", self.send("GET /v1/ecs/ping", token=None), b"pong")
        version = self.send("GET /v1/ecs/version", token=None) or {}
        self.same("version: its parts", sorted(version), ["buildstamp", "githash", "version"])
        self.send("GET /v1/ecs/healthz", token=None)
        ready = self.send("GET /v1/ecs/readyz", token=None) or {}
        self.same("readyz: the account is ready", ready.get("accounts", {}).get(self.api.account, {}).get("ready"), True)
        metrics = self.send("GET /v1/ecs/metrics", token=None) or b""
        self.check("metrics: requests are counted", b"ecs_api_http_requests_total{" in metrics)

    def images(self):
        registry = Registry()
        line = "HEAD /v1/ecs/images?image={image}"
        proof = {"X-Registry-Auth": base64.b64encode(b'{"username": "foouser", "password": "pull-with-this"}').decode()}
        self.send(line, image=registry.has("nginx:alpine"))
        self.because("with credentials").send(line, image=registry.has("nginx:alpine"), headers=proof)
        self.because("absent").send(line, 404, image=registry.has("nginx:none"))
        self.because("no reference").send(line, 400, image="Not a reference")
        shown = self.send("GET /v1/ecs/images?image={image}", image=registry.has("nginx:alpine"))
        self.has("image: as the registry has it", shown, {"digest": registry.digest, "mediaType": "application/vnd.oci.image.index.v1+json", "platforms": []})
        registry.shutdown()

    def secret_behind(self, name):
        """Value, tags and key of a secret, or None."""
        secrets = self.aws.secrets
        try:
            described = secrets.describe_secret(SecretId=name)
            return {"value": secrets.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"], "tags": tag_map(described.get("Tags", [])),
                    "key": described.get("KmsKeyId")}
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ResourceNotFoundException", "InvalidRequestException"):
                return None
            raise

    def secrets(self):
        create, listed, show = "POST /v1/ecs/{account}/secrets", "GET /v1/ecs/{account}/secrets[?key1=value1[&key2=value2&key3=value3]]", "GET /v1/ecs/{account}/secret/{secret}"
        update, delete = "PUT /v1/ecs/{account}/secrets/{secret}", "DELETE /v1/ecs/{account}/secret/{secret}[?window={window}]"
        made = self.send(create, body=example("secret")) or {}
        arn = made.get("ARN", "")
        self.check("secret made: the answer", sorted(made) == ["ARN", "Name", "VersionId"] and made["Name"] == "sshhhhh" and ":secret:sshhhhh-" in arn, made)
        behind = self.secret_behind("sshhhhh") or {}
        self.has("secret made: value and key", behind, {"value": "abc123", "key": KEY})
        self.has("secret made: the org's tag", behind.get("tags"), {"spinup:org": ORG})
        self.because("a name that is taken").send(create, 409, body=example("secret"))
        self.because("both values").send(create, 400, body='{"Name": "both", "SecretString": "a", "SecretBinary": "YQ=="}')
        self.because("no value").send(create, 400, body='{"Name": "none"}')
        self.because("another org's tag").send(create, 400, body='{"Name": "theirs", "SecretString": "a", "Tags": [{"Key": "spinup:org", "Value": "another"}]}')
        self.same("secrets refused: none made", [s["Name"] for s in self.aws.secrets.list_secrets()["SecretList"]], ["sshhhhh"])

        tagged = [self.send(create, body=json.dumps({"Name": name, "SecretBinary": "AAEC", "Tags": tags_of(**{f"key{i}": f"value{i}" for i in range(1, n + 1)})}))["ARN"]
                  for name, n in (("one/key", 1), ("three/keys", 3))]
        self.same("secret made: binary", self.aws.secrets.get_secret_value(SecretId="one/key")["SecretBinary"], b"\0\1\2")
        theirs = self.aws.secrets.create_secret(Name="theirs", SecretString="{}", Tags=tags_of(**{"spinup:org": "another", "key1": "value1"}))["ARN"]
        nobodys = self.aws.secrets.create_secret(Name="nobodys", SecretString="{}", Tags=tags_of(note=ORG))["ARN"]
        older = self.aws.secrets.create_secret(Name="older", SecretString="{}", Tags=tags_of(**{"yale:org": ORG}))["ARN"]
        ours = sorted([arn, older, *tagged])
        self.same("secrets: the org's", sorted(self.send(listed) or []), ours)
        self.same("secrets, of the summary: the same", sorted(self.send("GET /v1/ecs/{account}/secrets") or []), ours)
        self.same("secrets in full: those with all three tags", self.send(listed, all=True), tagged[1:])
        for query, want in (("?key1=value1", sorted(tagged)), ('?key1="value1"', sorted(tagged)), ("?key1=another", []), ("?spinup:org=another", ours)):
            status, found = self.ask("GET", "/secrets" + query)
            self.same(f"secrets {query}", (status, sorted(found)), (200, want))

        for line in (show, "GET /v1/ecs/{account}/secrets/{secret}"):
            for secret in ("sshhhhh", arn, "three/keys"):
                shown = self.send(line, secret=secret) or {}
                self.check(f"{line}: what is known, and no value", set(shown) >= {"ARN", "DeletedDate", "Description", "KmsKeyId", "LastAccessedDate", "LastChangedDate", "LastRotatedDate",
                           "Name", "RotationEnabled", "RotationLambdaARN", "RotationRules", "Tags", "VersionIdsToStages"} and "Secret" not in " ".join(shown) and shown["KmsKeyId"] == KEY
                           and list(shown["VersionIdsToStages"].values()) == [["AWSCURRENT"]] and shown["ARN"] in ours, shown)
        for line, body in ((show, None), (update, example("secret-update")), (delete, None)):
            for what, secret in (("another org's", "theirs"), ("another org's, by ARN", theirs), ("nobody's", nobodys), ("not there", "none")):
                self.because(what).send(line, 404, body=body, secret=secret)
        self.same("secrets of others: as they were", [self.secret_behind(s)["value"] for s in ("theirs", "nobodys")], ["{}", "{}"])
        self.same("an older secret of ours is shown", (self.send(show, secret="older") or {}).get("Name"), "older")

        updated = self.send(update, body=example("secret-update"), secret="sshhhhh") or {}
        self.check("secret updated: the answer", sorted(updated) == ["ARN", "Name", "VersionId"] and updated["ARN"] == arn and updated["VersionId"] != made.get("VersionId"), updated)
        behind = self.secret_behind("sshhhhh") or {}
        self.same("secret updated: the value", behind.get("value"), "TOPSEKRETsshhhhh")
        self.has("secret updated: its tags, and the org's", behind.get("tags"), {"Application": "FooBAAAAAR", "spinup:org": ORG})
        stages = self.aws.secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
        self.same("secret updated: the label moved", stages, {made.get("VersionId"): ["AWSPREVIOUS"], updated.get("VersionId"): ["AWSCURRENT"]})
        empty = self.because("tags only").send(update, body='{"Tags": [{"key": "Application", "value": "another"}]}', secret=arn)
        self.same("tags only: an empty answer, and the tag", (empty, self.secret_behind(arn)["tags"]["Application"], self.secret_behind(arn)["value"]), (b"", "another", "TOPSEKRETsshhhhh"))
        self.because("the value only").send(update, body='{"Secret": "TOPSEKRET2"}', secret="sshhhhh")
        self.same("the value only", (self.secret_behind(arn)["tags"]["Application"], self.secret_behind(arn)["value"]), ("another", "TOPSEKRET2"))
        for what, body in (("nothing", "{}"), ("the org's tag", json.dumps({"Secret": "x", "Tags": tags_of(**{"spinup:org": ORG})})), ("no JSON", "{")):
            self.because(what).send(update, 400, body=body, secret="sshhhhh")
        self.same("updates refused: nothing changed", self.secret_behind(arn)["value"], "TOPSEKRET2")

        for window in ("1", "6", "31", "x", "-1"):
            self.because(window).send(delete, 400, all=True, secret="sshhhhh", window=window)
        for what, days, arguments in (("sshhhhh", 7, {"secret": "sshhhhh"}), ("older", 30, {"secret": "older", "all": True, "window": 30})):
            gone = self.send(delete, **arguments) or {}
            self.same(f"secret {what} deleted: the answer", (sorted(gone), gone.get("Name")), (["ARN", "DeletionDate", "Name"], what))
            self.same(f"secret {what} deleted: after {days} days", days_from_now(gone.get("DeletionDate")), days)
            self.check(f"secret {what} deleted: it is scheduled", self.aws.secrets.describe_secret(SecretId=what).get("DeletedDate"))
        self.because("scheduled for deletion").send(update, 409, body='{"Secret": "late"}', secret="sshhhhh")
        self.check("a secret that is to be deleted is shown with its date", (self.because("scheduled for deletion").send(show, secret="sshhhhh") or {}).get("DeletedDate"))
        gone = self.send(delete, all=True, secret="three/keys", window=0) or {}
        self.same("deleted at once: the answer's date, and no secret", (days_from_now(gone.get("DeletionDate")), self.secret_behind("three/keys")), (0, None))
        self.because("gone").send(show, 404, secret="three/keys")
        self.send("DELETE /v1/ecs/{account}/secrets/{secret}", secret=tagged[0])
        self.check("deleted by ARN: it is scheduled", self.aws.secrets.describe_secret(SecretId="one/key").get("DeletedDate"))

    def parameter_behind(self, name):
        """Value, type, key, description and tags of a parameter, or None."""
        ssm = self.aws.ssm
        try:
            value = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except ssm.exceptions.ParameterNotFound:
            return None
        known = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"][0]
        return {"value": value["Value"], "type": value["Type"], "version": value["Version"], "arn": value["ARN"], "key": known.get("KeyId"), "description": known.get("Description"),
                "modified": value["LastModifiedDate"], "tags": tag_map(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])}

    def params(self):
        ssm, behind = self.aws.ssm, self.parameter_behind
        create, update, doubled = "POST /v1/ecs/{account}/params/{prefix}", "PUT /v1/ecs/{account}/params/{prefix}/{param}", "PUT /v1/ecs//{account}/params/{prefix}/{param}"
        listed, deleted = "GET /v1/ecs/{account}/params/{prefix}", "DELETE /v1/ecs/{account}/params/{prefix}"
        show, delete = "GET /v1/ecs/{account}/params/{prefix}/{param}", "DELETE /v1/ecs/{account}/params/{prefix}/{param}"
        at = {"prefix": "someprefix", "param": "newsecret123"}
        name = f"/{ORG}/someprefix/newsecret123"
        self.same("no parameters are an empty list", self.send(listed, prefix="someprefix"), [])
        self.because("as it is written").send(create, 400, body=example("param"), prefix="someprefix")
        made = self.because("without the comma").send(create, body=valid(example("param")), prefix="someprefix")
        self.same("parameter made: the answer", made, {"Tier": "Standard", "Version": 1, "VersionId": "1"})
        tags = {"MyKey": "MyValue", "Application": "someprefix", "spinup:org": ORG}
        self.has("parameter made", behind(name), {"value": "abc123", "type": "SecureString", "version": 1, "key": KEY, "description": "a secret parameter", "tags": tags})
        self.because("a name that is taken").send(create, 409, body=valid(example("param")), prefix="someprefix")
        for what, body in (("a slash in the name", {"Name": "a/b", "Value": "x"}), ("no value", {"Name": "a"}), ("another org's tag", {"Name": "a", "Value": "x", "Tags": tags_of(**{"spinup:org": "another"})})):
            self.because(what).send(create, 400, body=json.dumps(body), prefix="someprefix")
        self.send(create, body='{"Name": "plain", "Value": "v", "Type": "String"}', prefix="someprefix")
        self.has("parameter made: of another type", behind(f"/{ORG}/someprefix/plain"), {"value": "v", "type": "String", "key": None, "tags": {"spinup:org": ORG}})
        ssm.put_parameter(Name="/another/someprefix/theirs", Value="v", Type="String")
        ssm.put_parameter(Name=f"/{ORG}/someprefix/below/it", Value="v", Type="String")
        ssm.put_parameter(Name=f"/{ORG}/someprefixes/other", Value="v", Type="String")
        self.same("parameters: the bare names of the prefix", self.send(listed, prefix="someprefix"), ["newsecret123", "plain"])

        shown, known = self.send(show, **at) or {}, behind(name)
        self.same("parameter: its members", sorted(shown), ["ARN", "Description", "KeyId", "LastModifiedDate", "Name", "Tags", "Type", "Version"])
        self.has("parameter: what is behind", shown, {"ARN": known["arn"], "Description": "a secret parameter", "KeyId": KEY, "Name": "newsecret123", "Type": "SecureString", "Version": 1})
        self.same("parameter: its date", shown.get("LastModifiedDate"), known["modified"].astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"))
        self.same("parameter: its tags", tag_map(shown.get("Tags") or []), tags)
        for line, body in ((show, None), (update, '{"Value": "v"}'), (doubled, '{"Tags": [{"Key": "a", "Value": "b"}]}'), (delete, None)):
            self.because("not there").send(line, 404, body=body, prefix="someprefix", param="none")
        self.because("below another org's path").send(show, 400, prefix="..", param="x")

        for line, value in ((update, "once"), (doubled, "twice")):
            self.because("as it is written").send(line, 400, body=example("param-update"), **at)
            self.same(f"{line}: OK", self.because("without the comma").send(line, body=valid(example("param-update")).replace("abc123", "abc1234").replace("MyValue", value), **at), "OK")
            self.has(f"{line}: value and tags, and what it had", behind(name), {"value": "abc1234", "type": "SecureString", "key": KEY, "description": "a secret parameter",
                     "tags": {"MyKey": value, "Application": "someprefix", "spinup:org": ORG}})
        self.same("parameter updated: its version", behind(name)["version"], 3)
        self.because("tags only").send(doubled, body='{"Tags": [{"Key": "MyKey", "Value": "again"}]}', **at)
        self.has("tags only: no new version", behind(name), {"version": 3, "value": "abc1234", "tags": {"MyKey": "again", "Application": "someprefix", "spinup:org": ORG}})
        self.because("the value only").send(update, body='{"Value": "abc12345"}', **at)
        self.has("the value only: the tags stay", behind(name), {"version": 4, "value": "abc12345", "tags": {"MyKey": "again", "Application": "someprefix", "spinup:org": ORG}})
        self.because("nothing").send(update, 400, body="{}", **at)
        self.because("of another type").send(update, body='{"Value": "v2"}', prefix="someprefix", param="plain")
        self.has("parameter updated: its type stays", behind(f"/{ORG}/someprefix/plain"), {"value": "v2", "type": "String", "version": 2})

        self.same("parameter deleted: OK", self.send(delete, **at), "OK")
        self.same("parameter deleted: it is gone", behind(name), None)
        self.because("gone").send(delete, 404, **at)
        for i in range(60):  # more than a page, and than a call deletes
            ssm.put_parameter(Name=f"/{ORG}/someprefix/p{i:02}", Value="v", Type="String")
        self.same("parameters: all of them", self.send(listed, prefix="someprefix"), [f"p{i:02}" for i in range(60)] + ["plain"])
        self.same("parameters deleted: how many", self.send(deleted, prefix="someprefix"), {"Message": "OK", "Deleted": 61})
        self.same("parameters deleted: none is left, others are", [self.send(listed, prefix="someprefix"), sorted(p["Name"] for p in ssm.describe_parameters()["Parameters"])],
                  [[], ["/another/someprefix/theirs", f"/{ORG}/someprefix/below/it", f"/{ORG}/someprefixes/other"]])
        self.because("none is left").send(deleted, 404, prefix="someprefix")

    def network(self):
        """A VPC, subnets in two zones and a certificate: to the sandbox these are names."""
        if not self.moto:
            return "vpc-1", ["subnet-1", "subnet-2"], self.aws.arn("acm", "certificate/1")
        vpc = self.aws.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        subnets = [self.aws.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"] for i, zone in ((30, "a"), (31, "b"))]
        return vpc, subnets, self.aws.client("acm").request_certificate(DomainName="special.internal.example.com")["CertificateArn"]

    def balance(self):
        """What an operator makes: the load balancer that the documentation shows, and others beside it. Gives its description, by its parts' names."""
        elb, (vpc, subnets, certificate) = self.aws.elb, self.network()

        def tags(org, space):
            return tags_of(**{"spinup:org": org, "spinup:spaceid": space})

        def group(name, org, space):
            return elb.create_target_group(Name=name, Protocol="HTTPS", Port=443, VpcId=vpc, TargetType="ip", Tags=tags(org, space))["TargetGroups"][0]["TargetGroupArn"]

        def balancer(name, org, space):
            return elb.create_load_balancer(Name=name, Scheme="internal", Subnets=subnets, Tags=tags(org, space))["LoadBalancers"][0]

        def listener(of, protocol, port, action, **more):
            return elb.create_listener(LoadBalancerArn=of["LoadBalancerArn"], Protocol=protocol, Port=port, DefaultActions=[action], **more)["Listeners"][0]["ListenerArn"]

        def rule(of, priority, actions, *conditions):
            return elb.create_rule(ListenerArn=of, Priority=priority, Conditions=list(conditions), Actions=actions)["Rules"][0]["RuleArn"]

        def forward(*groups):
            return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": g, "Weight": 1} for g in groups]}}

        def fixed(code):
            return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": code, "ContentType": "text/plain", "MessageBody": "no"}}
        groups = {"tf-20211109200946929800000001": (ORG, "special"), "test-tg-2": (ORG, "special"), "elsewhere": (ORG, "other"), "theirs": ("another", "special")}
        arns = {name: group(name, *of) for name, of in groups.items()}
        elb.register_targets(TargetGroupArn=arns["tf-20211109200946929800000001"], Targets=[{"Id": "10.20.30.40", "Port": 443}, {"Id": "10.20.31.40"}])
        elb.register_targets(TargetGroupArn=arns["theirs"], Targets=[{"Id": "10.20.30.99", "Port": 443}])
        special = balancer("zee-special-alb", ORG, "special")
        for name, org, space in (("alone", ORG, "special"), ("elsewhere", ORG, "other"), ("theirs", "another", "special")):
            listener(balancer(name, org, space), "HTTP", 80, fixed("404")) if name != "alone" else balancer(name, org, space)
        plain = listener(special, "HTTP", 80, {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}})
        secure = listener(special, "HTTPS", 443, fixed("412"), SslPolicy="ELBSecurityPolicy-TLS-1-2-2017-01", Certificates=[{"CertificateArn": certificate}])
        host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["special.internal.example.com"]}}
        rules = [
            (rule(secure, 2, [forward(arns["tf-20211109200946929800000001"])], host), "host-header: special.internal.example.com", "forward to tf-20211109200946929800000001"),
            (rule(secure, 10, [forward(arns["test-tg-2"], arns["elsewhere"], arns["theirs"])], host, {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*", "/b/*"]}}),
             "host-header: special.internal.example.com and path-pattern: /a/* or /b/*", "forward to test-tg-2, elsewhere, theirs"),
            (rule(secure, 100, [fixed("503")], {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Env", "Values": ["dev", "test"]}},
                  {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "any"}]}}),
             "http-header X-Env: dev or test and query-string: v=1 or any", "fixed response: status code 503"),
            (rule(secure, 101, [{"Type": "redirect", "RedirectConfig": {"Host": "x.org", "Path": "/y", "Query": "", "StatusCode": "HTTP_302"}}],
                  {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT", "POST"]}}, {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
             "http-request-method: PUT or POST and source-ip: 10.0.0.0/8", "redirect to #{protocol}://x.org:#{port}/y"),
        ]
        return special, plain, secure, rules, arns

    def load_balancers(self):
        elb, listed, show = self.aws.elb, "GET /v1/ecs/{account}/lbs?space={space}", "GET /v1/ecs/{account}/lbs/{space}"
        self.same("no target groups are an empty map", self.send(listed, space="special"), {})
        self.same("no load balancers are an empty list", self.send(show, space="special"), [])
        special, plain, secure, rules, arns = self.balance()
        self.same("target groups: the space's, by name", self.send(listed, space="special"), {name: arns[name] for name in ("tf-20211109200946929800000001", "test-tg-2")})
        self.same("target groups: also of a quoted space", self.ask("GET", '/lbs?space="other"'), (200, {"elsewhere": arns["elsewhere"]}))

        def default(listener):
            return next(r["RuleArn"] for r in elb.describe_rules(ListenerArn=listener)["Rules"] if r["IsDefault"])

        def group(name):
            health = elb.describe_target_health(TargetGroupArn=arns[name])["TargetHealthDescriptions"]
            return {"TargetGroupArn": arns[name], "TargetGroupName": name, "TargetType": "ip", "Targets": [
                {"Id": h["Target"]["Id"], "Port": str(h["Target"]["Port"]), "State": h["TargetHealth"]["State"], "Reason": h["TargetHealth"].get("Reason", "")} for h in health]}

        def told(arn, condition, action, *groups):
            return {"RuleArn": arn, "If": condition, "Then": action, **({"TargetGroups": [group(name) for name in groups]} if groups else {})}
        groups = [["tf-20211109200946929800000001"], ["test-tg-2", "elsewhere"], [], []]
        alone = elb.describe_load_balancers(Names=["alone"])["LoadBalancers"][0]
        want = [
            {"LoadBalancerArn": alone["LoadBalancerArn"], "LoadBalancerName": "alone", "LoadBalancerType": "application", "DNSName": alone["DNSName"], "Listeners": []},
            {"LoadBalancerArn": special["LoadBalancerArn"], "LoadBalancerName": "zee-special-alb", "LoadBalancerType": "application", "DNSName": special["DNSName"], "Listeners": [
                # moto gives this one a policy as well; AWS gives it to HTTPS and TLS alone.
                {"ListenerArn": plain, "ListenerName": "HTTP:80", **({"SslPolicy": "ELBSecurityPolicy-2016-08"} if self.moto else {}), "Rules": [told(default(plain), "Default", "redirect to HTTPS://#{host}:443/#{path}?#{query}")]},
                {"ListenerArn": secure, "ListenerName": "HTTPS:443", "SslPolicy": "ELBSecurityPolicy-TLS-1-2-2017-01",
                 "Rules": [told(*rule, *names) for rule, names in zip(rules, groups)] + [told(default(secure), "Default", "fixed response: status code 412")]}]}]
        shown = ordered(self.send(show, space="special") or [])
        self.same("load balancers: the space's, by name", [b.get("LoadBalancerName") for b in shown], ["alone", "zee-special-alb"])
        targets = shown[-1]["Listeners"][1]["Rules"][0]["TargetGroups"][0]["Targets"]
        self.same("load balancers: the targets", sorted((t["Id"], t["Port"]) for t in targets), [("10.20.30.40", "443"), ("10.20.31.40", "443")])
        self.check("load balancers: no target of another org's", "10.20.30.99" not in json.dumps(shown))
        for got, wanted in zip(shown, ordered(want)):
            self.same(f"load balancer {wanted['LoadBalancerName']}: as the documentation shows it", got, wanted)
        self.because("no space").send(listed, 400, space="")

    def checks(self):
        self.public()
        self.images()
        self.secrets()
        self.params()
        self.load_balancers()


def ordered(balancers):
    """With listeners and targets in one order: AWS promises none."""
    for balancer in balancers:
        balancer["Listeners"].sort(key=lambda listener: listener["ListenerName"])
        for group in (g for listener in balancer["Listeners"] for rule in listener["Rules"] for g in rule.get("TargetGroups", [])):
            group["Targets"].sort(key=lambda target: target["Id"])
    return balancers


def days_from_now(date):
    """The whole days to a date of an answer."""
    if not date:
        return None
    seconds = (datetime.datetime.fromisoformat(date.replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    return round(seconds / 86400)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(on_both(Seeds, *sys.argv[1:], speed=100, registries={"insecure": ["127.0.0.1"]}))
