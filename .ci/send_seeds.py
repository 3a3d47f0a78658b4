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
GET /v1/ecs/openapi.json
GET /v1/ecs/docs
GET /v1/ecs/images?image={image}
PUT /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}
GET /v1/ecs/{account}/operations[?state={state}&cluster={cluster}]
GET /v1/ecs/{account}/operations/{operation}
GET /v1/ecs/{account}/leftovers
"""
# Of the API's own description, what this script does not send: operations are cancelled and followed while they are at work, and a service is diagnosed
# that does not run.
ELSEWHERE = """
DELETE /v1/ecs/{account}/operations/{operation}
GET /v1/ecs/{account}/operations/{operation}/events
GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/diagnosis
"""
# The members that the documentation's examples have; AWS has more by now.
SECRET = {"ARN", "DeletedDate", "Description", "KmsKeyId", "LastAccessedDate", "LastChangedDate", "LastRotatedDate", "Name", "RotationEnabled",
          "RotationLambdaARN", "RotationRules", "Tags", "VersionIdsToStages"}
TASK = {"Attachments", "AvailabilityZone", "ClusterArn", "Containers", "Cpu", "CreatedAt", "DesiredStatus", "Group", "LastStatus", "LaunchType", "Memory",
        "Overrides", "PlatformVersion", "Revision", "StartedAt", "StartedBy", "StopCode", "StoppedReason", "Tags", "TaskArn", "TaskDefinitionArn", "Version"}
LINES = [line for part in (NEWEST, OLDER, OURS) for line in part.split("\n") if line]


def valid(body):
    """The documentation's bodies have commas that JSON has not."""
    return re.sub(r",(\s*[\]}])", r"\1", body)


def shape(method, path):
    """A route, whatever its variables are called."""
    path = re.sub(r"\[.*", "", path.removeprefix("/v1/ecs").split("?")[0]).replace("//", "/")
    return method.upper() + " " + re.sub(r"\{\w+\}", "{}", re.sub("^(/[^/]*)/(cluster|secret)/", r"\1/\2s/", path))


def shapes(lines):
    return {shape(*line.split(" ", 1)) for line in lines if line}


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
    secrets_of_requests = ("a-parameter's-value", "TOPSEKRET", "super-sekret", "dontkryptonitemebro", "pull-with-this")

    def __init__(self, api):
        super().__init__(api)
        self.sent = {}  # the lines, each with whether its brackets were

    def send(self, line, want=200, body=None, all=False, token=TOKEN, headers=(), **values):
        """Sends a line of the documentation and gives the answer, or what else came where it is not the status that is wanted."""
        method, template = line.split(" ", 1)
        if line not in LINES:
            raise KeyError(f"{line} is not in the documentation")
        self.sent.setdefault(line, set()).add(bool(all))
        if not all:
            while "[" in template:
                template = re.sub(r"\[[^\[\]]*\]", "", template)
        path = re.sub(r"[\[\]]", "", template)
        for name, value in dict(values, account=self.api.account).items():
            path = path.replace("{%s}" % name, urllib.parse.quote(str(value), safe=":"))
        status, answer, headers = self.api.ask(method, path.removeprefix("/v1/ecs"), None if body is None else body.encode(), token, headers)
        self.check(f"{line}{' in full' if all else ''}: {want}" + (f" ({self.why})" if self.why else ""), status == want,
                   {"status": status, "answer": answer, "path": path})
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
        page = self.send("GET /v1/ecs/docs", token=None) or b""
        self.check("docs: a page that names no other host to load from",
                   self.headers.get("Content-Type", "").startswith("text/html") and not re.search(rb"(src|href)=.?(https?:)?//", page), page[:500])

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
        create, show = "POST /v1/ecs/{account}/secrets", "GET /v1/ecs/{account}/secret/{secret}"
        listed = "GET /v1/ecs/{account}/secrets[?key1=value1[&key2=value2&key3=value3]]"
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


        def keys(n):
            return tags_of(**{f"key{i}": f"value{i}" for i in range(1, n + 1)})
        tagged = [self.send(create, body=json.dumps({"Name": name, "SecretBinary": "AAEC", "Tags": keys(n)}))["ARN"]
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
                self.check(f"{line}: what is known, and no value", SECRET <= set(shown) and not any("Secret" in member for member in shown), shown)
                self.check(f"{line}: of that secret", shown["KmsKeyId"] == KEY and list(shown["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
                           and shown["ARN"] in ours and secret in (shown["ARN"], shown["Name"]), shown)
        for line, body in ((show, None), (update, example("secret-update")), (delete, None)):
            for what, secret in (("another org's", "theirs"), ("another org's, by ARN", theirs), ("nobody's", nobodys), ("not there", "none")):
                self.because(what).send(line, 404, body=body, secret=secret)
        self.same("secrets of others: as they were", [self.secret_behind(s)["value"] for s in ("theirs", "nobodys")], ["{}", "{}"])
        self.same("an older secret of ours is shown", (self.send(show, secret="older") or {}).get("Name"), "older")

        updated = self.send(update, body=example("secret-update"), secret="sshhhhh") or {}
        self.check("secret updated: the answer",
                   sorted(updated) == ["ARN", "Name", "VersionId"] and updated["ARN"] == arn and updated["VersionId"] != made.get("VersionId"), updated)
        behind = self.secret_behind("sshhhhh") or {}
        self.same("secret updated: the value", behind.get("value"), "TOPSEKRETsshhhhh")
        self.has("secret updated: its tags, and the org's", behind.get("tags"), {"Application": "FooBAAAAAR", "spinup:org": ORG})
        stages = self.aws.secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
        self.same("secret updated: the label moved", stages, {made.get("VersionId"): ["AWSPREVIOUS"], updated.get("VersionId"): ["AWSCURRENT"]})
        empty = self.because("tags only").send(update, body='{"Tags": [{"key": "Application", "value": "another"}]}', secret=arn)
        self.same("tags only: an empty answer, and the tag", (empty, self.secret_behind(arn)["tags"]["Application"], self.secret_behind(arn)["value"]),
                  (b"", "another", "TOPSEKRETsshhhhh"))
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
        self.check("a secret that is to be deleted is shown with its date",
                   (self.because("scheduled for deletion").send(show, secret="sshhhhh") or {}).get("DeletedDate"))
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
        return {"value": value["Value"], "type": value["Type"], "version": value["Version"], "arn": value["ARN"], "key": known.get("KeyId"),
                "description": known.get("Description"),
                "modified": value["LastModifiedDate"], "tags": tag_map(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])}

    def params(self):
        ssm, behind = self.aws.ssm, self.parameter_behind
        create, update = "POST /v1/ecs/{account}/params/{prefix}", "PUT /v1/ecs/{account}/params/{prefix}/{param}"
        doubled = "PUT /v1/ecs//{account}/params/{prefix}/{param}"
        listed, deleted = "GET /v1/ecs/{account}/params/{prefix}", "DELETE /v1/ecs/{account}/params/{prefix}"
        show, delete = "GET /v1/ecs/{account}/params/{prefix}/{param}", "DELETE /v1/ecs/{account}/params/{prefix}/{param}"
        at = {"prefix": "someprefix", "param": "newsecret123"}
        name = f"/{ORG}/someprefix/newsecret123"
        self.same("no parameters are an empty list", self.send(listed, prefix="someprefix"), [])
        self.because("as it is written").send(create, 400, body=example("param"), prefix="someprefix")
        made = self.because("without the comma").send(create, body=valid(example("param")), prefix="someprefix")
        self.same("parameter made: the answer", made, {"Tier": "Standard", "Version": 1, "VersionId": "1"})
        tags = {"MyKey": "MyValue", "Application": "someprefix", "spinup:org": ORG}
        self.has("parameter made", behind(name),
                 {"value": "abc123", "type": "SecureString", "version": 1, "key": KEY, "description": "a secret parameter", "tags": tags})
        self.because("a name that is taken").send(create, 409, body=valid(example("param")), prefix="someprefix")
        for what, body in (("a slash in the name", {"Name": "a/b", "Value": "x"}), ("no value", {"Name": "a"}),
                           ("another org's tag", {"Name": "a", "Value": "x", "Tags": tags_of(**{"spinup:org": "another"})})):
            self.because(what).send(create, 400, body=json.dumps(body), prefix="someprefix")
        self.send(create, body='{"Name": "plain", "Value": "v", "Type": "String"}', prefix="someprefix")
        self.has("parameter made: of another type", behind(f"/{ORG}/someprefix/plain"),
                 {"value": "v", "type": "String", "key": None, "tags": {"spinup:org": ORG}})
        ssm.put_parameter(Name="/another/someprefix/theirs", Value="v", Type="String")
        ssm.put_parameter(Name=f"/{ORG}/someprefix/below/it", Value="v", Type="String")
        ssm.put_parameter(Name=f"/{ORG}/someprefixes/other", Value="v", Type="String")
        self.same("parameters: the bare names of the prefix", self.send(listed, prefix="someprefix"), ["newsecret123", "plain"])

        shown, known = self.send(show, **at) or {}, behind(name)
        self.same("parameter: its members", sorted(shown), ["ARN", "Description", "KeyId", "LastModifiedDate", "Name", "Tags", "Type", "Version"])
        self.has("parameter: what is behind", shown,
                 {"ARN": known["arn"], "Description": "a secret parameter", "KeyId": KEY, "Name": "newsecret123", "Type": "SecureString", "Version": 1})
        self.same("parameter: its date", shown.get("LastModifiedDate"),
                  known["modified"].astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"))
        self.same("parameter: its tags", tag_map(shown.get("Tags") or []), tags)
        for line, body in ((show, None), (update, '{"Value": "v"}'), (doubled, '{"Tags": [{"Key": "a", "Value": "b"}]}'), (delete, None)):
            self.because("not there").send(line, 404, body=body, prefix="someprefix", param="none")
        self.because("below another org's path").send(show, 400, prefix="..", param="x")

        for line, value in ((update, "once"), (doubled, "twice")):
            self.because("as it is written").send(line, 400, body=example("param-update"), **at)
            self.same(f"{line}: OK",
                      self.because("without the comma").send(line, body=valid(example("param-update")).replace("abc123", "abc1234").replace("MyValue", value),
                                                             **at), "OK")
            self.has(f"{line}: value and tags, and what it had", behind(name),
                     {"value": "abc1234", "type": "SecureString", "key": KEY, "description": "a secret parameter",
                     "tags": {"MyKey": value, "Application": "someprefix", "spinup:org": ORG}})
        self.same("parameter updated: its version", behind(name)["version"], 3)
        self.because("tags only").send(doubled, body='{"Tags": [{"Key": "MyKey", "Value": "again"}]}', **at)
        self.has("tags only: no new version", behind(name),
                 {"version": 3, "value": "abc1234", "tags": {"MyKey": "again", "Application": "someprefix", "spinup:org": ORG}})
        self.because("the value only").send(update, body='{"Value": "a-parameter\'s-value"}', **at)
        self.has("the value only: the tags stay", behind(name),
                 {"version": 4, "value": "a-parameter's-value", "tags": {"MyKey": "again", "Application": "someprefix", "spinup:org": ORG}})
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
        self.same("parameters deleted: none is left, others are",
                  [self.send(listed, prefix="someprefix"), sorted(p["Name"] for p in ssm.describe_parameters()["Parameters"])],
                  [[], ["/another/someprefix/theirs", f"/{ORG}/someprefix/below/it", f"/{ORG}/someprefixes/other"]])
        self.because("none is left").send(deleted, 404, prefix="someprefix")

    def network(self):
        """A VPC, subnets in two zones and a certificate: to the sandbox these are names."""
        if not self.moto:
            return "vpc-1", ["subnet-1", "subnet-2"], self.aws.arn("acm", "certificate/1")
        vpc = self.aws.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        subnets = [self.aws.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
                   for i, zone in ((30, "a"), (31, "b"))]
        return vpc, subnets, self.aws.client("acm").request_certificate(DomainName="special.internal.example.com")["CertificateArn"]

    def balance(self):
        """What an operator makes: the load balancer that the documentation shows, and others beside it. Gives its description, by its parts' names."""
        elb, (vpc, subnets, certificate) = self.aws.elb, self.network()

        def tags(org, space):
            return tags_of(**{"spinup:org": org, "spinup:spaceid": space})

        def group(name, org, space):
            return elb.create_target_group(Name=name, Protocol="HTTPS", Port=443, VpcId=vpc, TargetType="ip",
                                           Tags=tags(org, space))["TargetGroups"][0]["TargetGroupArn"]

        def balancer(name, org, space):
            return elb.create_load_balancer(Name=name, Scheme="internal", Subnets=subnets, Tags=tags(org, space))["LoadBalancers"][0]

        def listener(of, protocol, port, action, **more):
            return elb.create_listener(LoadBalancerArn=of["LoadBalancerArn"], Protocol=protocol, Port=port, DefaultActions=[action],
                                       **more)["Listeners"][0]["ListenerArn"]

        def rule(of, priority, actions, *conditions):
            return elb.create_rule(ListenerArn=of, Priority=priority, Conditions=list(conditions), Actions=actions)["Rules"][0]["RuleArn"]

        def forward(*groups):
            return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": g, "Weight": 1} for g in groups]}}

        def fixed(code):
            return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": code, "ContentType": "text/plain", "MessageBody": "no"}}
        groups = {"tf-20211109200946929800000001": (ORG, "special"), "test-tg-2": (ORG, "special"), "elsewhere": (ORG, "other"),
                  "theirs": ("another", "special")}
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
            (rule(secure, 2, [forward(arns["tf-20211109200946929800000001"])], host), "host-header: special.internal.example.com",
             "forward to tf-20211109200946929800000001"),
            (rule(secure, 10, [forward(arns["test-tg-2"], arns["elsewhere"], arns["theirs"])], host,
                  {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*", "/b/*"]}}),
             "host-header: special.internal.example.com and path-pattern: /a/* or /b/*", "forward to test-tg-2, elsewhere, theirs"),
            (rule(secure, 100, [fixed("503")], {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Env", "Values": ["dev", "test"]}},
                  {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "any"}]}}),
             "http-header X-Env: dev or test and query-string: v=1 or any", "fixed response: status code 503"),
            (rule(secure, 101, [{"Type": "redirect", "RedirectConfig": {"Host": "x.org", "Path": "/y", "Query": "", "StatusCode": "HTTP_302"}}],
                  {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT", "POST"]}},
                  {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
             "http-request-method: PUT or POST and source-ip: 10.0.0.0/8", "redirect to #{protocol}://x.org:#{port}/y"),
        ]
        return special, plain, secure, rules, arns

    def load_balancers(self):
        elb, listed, show = self.aws.elb, "GET /v1/ecs/{account}/lbs?space={space}", "GET /v1/ecs/{account}/lbs/{space}"
        self.same("no target groups are an empty map", self.send(listed, space="special"), {})
        self.same("no load balancers are an empty list", self.send(show, space="special"), [])
        special, plain, secure, rules, arns = self.balance()
        self.same("target groups: the space's, by name", self.send(listed, space="special"),
                  {name: arns[name] for name in ("tf-20211109200946929800000001", "test-tg-2")})
        self.same("target groups: also of a quoted space", self.ask("GET", '/lbs?space="other"'), (200, {"elsewhere": arns["elsewhere"]}))

        def default(listener):
            return next(r["RuleArn"] for r in elb.describe_rules(ListenerArn=listener)["Rules"] if r["IsDefault"])

        def group(name):
            health = elb.describe_target_health(TargetGroupArn=arns[name])["TargetHealthDescriptions"]
            return {"TargetGroupArn": arns[name], "TargetGroupName": name, "TargetType": "ip", "Targets": [
                {"Id": h["Target"]["Id"], "Port": str(h["Target"]["Port"]), "State": h["TargetHealth"]["State"],
                 "Reason": h["TargetHealth"].get("Reason", "")} for h in health]}

        def told(arn, condition, action, *groups):
            return {"RuleArn": arn, "If": condition, "Then": action, **({"TargetGroups": [group(name) for name in groups]} if groups else {})}
        groups = [["tf-20211109200946929800000001"], ["test-tg-2", "elsewhere"], [], []]
        alone = elb.describe_load_balancers(Names=["alone"])["LoadBalancers"][0]
        want = [
            {"LoadBalancerArn": alone["LoadBalancerArn"], "LoadBalancerName": "alone", "LoadBalancerType": "application", "DNSName": alone["DNSName"],
             "Listeners": []},
            {"LoadBalancerArn": special["LoadBalancerArn"], "LoadBalancerName": "zee-special-alb", "LoadBalancerType": "application",
             "DNSName": special["DNSName"], "Listeners": [
                # moto gives this one a policy as well; AWS gives it to HTTPS and TLS alone.
                {"ListenerArn": plain, "ListenerName": "HTTP:80", **({"SslPolicy": "ELBSecurityPolicy-2016-08"} if self.moto else {}),
                 "Rules": [told(default(plain), "Default", "redirect to HTTPS://#{host}:443/#{path}?#{query}")]},
                {"ListenerArn": secure, "ListenerName": "HTTPS:443", "SslPolicy": "ELBSecurityPolicy-TLS-1-2-2017-01",
                 "Rules": [told(*rule, *names) for rule, names in zip(rules, groups)] + [
                     told(default(secure), "Default", "fixed response: status code 412")]}]}]
        shown = ordered(self.send(show, space="special") or [])
        self.same("load balancers: the space's, by name", [b.get("LoadBalancerName") for b in shown], ["alone", "zee-special-alb"])
        targets = shown[-1]["Listeners"][1]["Rules"][0]["TargetGroups"][0]["Targets"]
        self.same("load balancers: the targets", sorted((t["Id"], t["Port"]) for t in targets), [("10.20.30.40", "443"), ("10.20.31.40", "443")])
        self.check("load balancers: no target of another org's", "10.20.30.99" not in json.dumps(shown))
        for got, wanted in zip(shown, ordered(want)):
            self.same(f"load balancer {wanted['LoadBalancerName']}: as the documentation shows it", got, wanted)
        self.because("no space").send(listed, 400, space="")

    # What stands

    def definitions(self, family):
        return [self.aws.ecs.list_task_definitions(familyPrefix=family, status=s)["taskDefinitionArns"] for s in ("ACTIVE", "INACTIVE")]

    def space(self, name):
        """The active cluster, the role and the log group of a space."""
        return ([c["clusterName"] for c in self.aws.ecs.describe_clusters(clusters=[name])["clusters"] if c["status"] == "ACTIVE"],
                [r["RoleName"] for r in self.aws.iam.list_roles()["Roles"] if r["RoleName"] == name + "-ecsTaskExecution"],
                [g["logGroupName"] for g in self.aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]])

    # Services

    def service_tags(self, name):
        return tag_map(self.aws.service(name)["tags"])

    def services(self):
        create, cluster = "POST /v1/ecs/{account}/services", {"cluster": "myclu"}
        listed, show = "GET /v1/ecs/{account}/clusters/{cluster}/services[?all=true]", "GET /v1/ecs/{account}/clusters/{cluster}/services/{service}"
        # As the older edition has it: the cluster and the secret bring their own tags.
        body = json.loads(example("create").replace("ns-y3uaw6neshhbev3f", self.api.namespace))
        body["cluster"]["tags"] = body.pop("tags")
        body["credentials"]["webserver"]["tags"] = [{"Key": "Application", "Value": "myapp"}]
        made = self.because("as the older edition has it").send(create, body=json.dumps(body))
        operation = self.headers["X-Operation-Id"]
        self.check("service made: all five parts", made and all(made.values()) and len(made) == 5, made)
        common = {"spinup:org": ORG, "spinup:spaceid": "myclu", "spinup:type": "container", "spinup:flavor": "service", "spinup:operation": operation}
        own = {"cluster": {"CreatedBy": "netid", "OS": "container"}, "secret": {"Application": "myapp"}}
        self.same("service made: the cluster's own tags", tag_map(self.aws.cluster()["tags"]), {**common, **own["cluster"]})
        self.same("service made: the secret's own tags", self.secret_behind(f"spinup/{ORG}/myclu/myapp-webserver-cred")["tags"], {**common, **own["secret"]})
        self.same("service made: the others have none of these", self.service_tags("www"), common)

        existing = json.loads(example("create-existing"))
        existing["service"].update(taskdefinition="webservers:1", serviceregistries=[{"registryarn": made["ServiceDiscoveryService"]["Arn"]}])
        made2 = self.because("of existing parts").send(create, body=json.dumps(existing)) or {}
        self.same("service made of existing parts: they are answered",
                  [made2["Service"]["TaskDefinition"].split("/")[-1], made2["ServiceDiscoveryService"]["Arn"], made2["Credentials"]],
                  ["webservers:1", made["ServiceDiscoveryService"]["Arn"], None])
        self.same("service made of existing parts: it stands", [self.aws.service("webapp")[k] for k in ("status", "desiredCount")], ["ACTIVE", 1])
        self.because("as it is written: what it names is not there").send(create, 404, body=example("create-existing"))

        arns = sorted(s["Service"]["ServiceArn"] for s in (made, made2))
        self.same("services: their ARNs", sorted(self.send(listed, **cluster) or []), arns)
        full = self.send(listed, all=True, **cluster) or []
        self.same("services in full: they themselves", sorted((s["ServiceArn"], s["DesiredCount"]) for s in full), [(arn, 1) for arn in arns])
        shown = self.send(show, service="webapp", **cluster) or {}
        self.same("service: it and its tags", (shown.get("ServiceArn"), tag_map(shown.get("Tags") or []).get("spinup:org")),
                  (made2["Service"]["ServiceArn"], ORG))
        events = self.send("GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/events", service="www", **cluster)
        if not self.moto:  # where no service gets any
            self.comes_true("events: the service tells", lambda: bool(self.ask("GET", "/clusters/myclu/services/www/events")[1]), True)
        self.check("events: a list", isinstance(events, list), events)

        update, named = "PUT /v1/ecs/{account}/clusters/{cluster}/services", "PUT /v1/ecs/{account}/clusters/{cluster}/services/{service}"
        as_written = example("update-tags").rstrip().removesuffix("]\n}") + ",]\n}"
        self.because("with the comma of the documentation").send(named, 400, body=as_written, service="www", **cluster)
        out = self.send(named, body=valid(as_written), service="www", **cluster) or {}
        self.same("service updated: the answer's parts", sorted(out), ["CloudwatchLogGroups", "Cluster", "Credentials", "Service", "Tags", "TaskDefinition"])
        self.same("service updated: its tags", self.service_tags("www"), {**common, "MyKey": "MyValue", "Application": "someprefix"})
        self.because("the body names none").send(update, 400, body=example("update-count"), **cluster)
        self.send(update, body='{"Service": {"Service": "www", "DesiredCount": 2}}', **cluster)
        self.same("service updated, named by the body: its count", self.aws.service("www")["desiredCount"], 2)
        self.because("back").send(update, body='{"service": {"SERVICE": "www", "desiredCOUNT": 1}}', **cluster)
        self.same("service updated, in odd case: its count", self.aws.service("www")["desiredCount"], 1)
        return operation

    def tasks_and_logs(self):
        cluster = {"cluster": "myclu"}
        if self.moto:  # it starts no tasks for a service
            task = self.ask("POST", "/clusters/myclu/taskdefs/supercool/tasks", example("run"))[1]["Tasks"][0]["TaskArn"].split("/")[-1]
            name = f"webservers/webserver/{task}"
            self.aws.logs.create_log_stream(logGroupName="myclu", logStreamName=name)
            now = int(datetime.datetime.now().timestamp() * 1000)
            self.aws.logs.put_log_events(logGroupName="myclu", logStreamName=name,
                                         logEvents=[{"timestamp": now + i, "message": f"line {i}"} for i in range(40)])
        else:
            self.comes_true("a task runs", lambda: self.aws.service("www")["runningCount"], 1)
            task = self.aws.ecs.list_tasks(cluster="myclu", serviceName="www")["taskArns"][0].split("/")[-1]
        behind = self.aws.logs.get_log_events(logGroupName="myclu", logStreamName=f"webservers/webserver/{task}", startFromHead=True)["events"]
        logs = "GET /v1/ecs/{account}/clusters/{cluster}/services/{service}/logs?"
        plain, of = logs + 'task="{task}"&container="{container}"', {"service": "www", "task": task, "container": "webserver", **cluster}
        span = {"start": behind[0]["timestamp"], "end": behind[-1]["timestamp"] + 1}

        def lines(answer):
            return [e["Message"] for e in (answer or {}).get("Events", ["none"])]
        wanted = [e["message"] for e in behind]
        self.same("log: its lines", lines(self.send(plain, **of)), wanted)
        limited = self.send(plain + '&limit="{limit}"', limit="30", **of)
        self.same("log: the last of them", lines(limited), wanted[-30:])
        back = limited["NextBackwardToken"]
        self.same("log: those before", lines(self.send(plain + '&limit="{limit}"&seq="{seq}"', limit="30", seq=back, **of)), wanted[:-30][-30:])
        self.same("log: of a time", lines(self.send(plain + '&start="{start}"&end="{end}"', **span, **of)), wanted)
        self.same("log: of a time, those before",
                  lines(self.send(plain + '&start="{start}"&end="{end}"&limit="{limit}"&seq="{seq}"', limit="30", seq=back, **span, **of)), wanted[:-30][-30:])
        lone = logs + 'task="{task}"&container="{container}[&limit={limit}][&seq={seq}][&start={start}&end={end}]"'
        self.same("log: quotes that stand where the summary has them", lines(self.send(lone, **of)), wanted)
        self.same("log: also in full", lines(self.send(lone, all=True, limit="30", seq=back, **span, **of)), wanted[:-30][-30:])
        self.because("as the example has it").send(plain, 404, service="www", task="foo", container="bar", **cluster)

        one = {"task": task, **cluster}
        shown = self.send("GET /v1/ecs/{account}/clusters/{cluster}/tasks/{task}", **one) or {}
        self.same("task: its parts", (sorted(shown), shown["Failures"], [t["TaskArn"].split("/")[-1] for t in shown["Tasks"]]),
                  (["Failures", "Tasks"], [], [task]))
        self.check("task: its members, sizes as strings",
                   TASK <= set(shown["Tasks"][0]) and all(isinstance(c["Cpu"], (str, type(None))) for c in shown["Tasks"][0]["Containers"]), shown)
        tasks = self.send("GET /v1/ecs/{account}/clusters/{cluster}/tasks", **cluster) or []
        running = sorted(arn.split(":task/")[1] for arn in self.aws.ecs.list_tasks(cluster="myclu", desiredStatus="RUNNING")["taskArns"])
        self.same("tasks of the cluster: all that run", (sorted(tasks), f"myclu/{task}" in tasks), (running, True))
        self.same("task stopped: OK", self.send("DELETE /v1/ecs/{account}/clusters/{cluster}/tasks/{task}", **one), "OK")
        self.comes_true("task stopped: it is", lambda: self.aws.ecs.describe_tasks(cluster="myclu", tasks=[task])["tasks"][0]["desiredStatus"], "STOPPED")
        for method in ("GET", "DELETE"):
            self.because("not there").send(method + " /v1/ecs/{account}/clusters/{cluster}/tasks/{task}", 404, task="0" * 32, **cluster)

    # Managed task definitions

    def taskdefs(self):
        create = "POST /v1/ecs/{account}/taskdefs"
        body = example("taskdef")
        as_written = re.sub(r'"\n}\n},\n"tags"', '",\n}\n},\n"tags"', body)
        self.because("with the comma of the documentation").send(create, 400, body=as_written)
        made = self.send(create, body=valid(as_written)) or {}
        self.same("task definition made: its parts", sorted(made), ["Cluster", "Credentials", "TaskDefinition"])
        self.same("task definition made: it stands, with its secret", (self.aws.ecs.list_task_definitions(familyPrefix="supercool")["taskDefinitionArns"],
                  self.secret_behind(f"spinup/{ORG}/myclu/supercool-api")["value"]),
                  ([made["TaskDefinition"]["TaskDefinitionArn"]], json.loads(body)["credentials"]["api"]["SecretString"]))
        for clusters in ("cluster", "clusters"):
            at, one = "/v1/ecs/{account}/%s/{cluster}/taskdefs" % clusters, {"cluster": "myclu", "taskdef": "supercool"}
            self.comes_true(f"{clusters}: the list knows it", lambda: self.ask("GET", f"/{clusters}/myclu/taskdefs"), (200, ["supercool"]))
            self.same(f"{clusters}: the managed family", self.send("GET " + at, cluster="myclu"), ["supercool"])
            shown = self.send("GET " + at + "/{taskdef}", **one) or {}
            self.same(f"{clusters}: task definition", (sorted(shown), shown["TaskDefinition"]["Family"]), (["Cluster", "Tags", "TaskDefinition"], "supercool"))
            ran = self.send("POST " + at + "/{taskdef}/tasks", body=example("run"), **one) or {}
            task = ran["Tasks"][0]["TaskArn"].split("/")[-1]
            self.same(f"{clusters}: one task ran", (len(ran["Tasks"]), ran["Failures"], ran["Tasks"][0]["StartedBy"]), (1, [], "camden"))
            line = "GET " + at + "/{taskdef}/tasks" + ("[?status=RUNNING][&status=STOPPED][&startedBy={starter}]" if clusters == "cluster" else "")
            if clusters == "cluster":
                self.same("cluster: tasks in full, of a starter", self.send(line, all=True, starter="camden", **one), [f"myclu/{task}"])
                self.same("cluster: tasks in full, of another", self.send(line, all=True, starter="foobar", **one), [])
            self.same(f"{clusters}: its tasks", self.send(line, **one), [f"myclu/{task}"])
            shown = self.send("GET " + at + "/{taskdef}/tasks/{task}", task=task, **one) or {}
            self.same(f"{clusters}: the task", [t["TaskArn"].split("/")[-1] for t in shown["Tasks"]], [task])
            self.because("a task runs").send("DELETE " + at + "/{taskdef}" + ("[?recursive=true][&force=true]" if clusters == "clusters" else ""), 409, **one)
            stop = "DELETE " + at + "/{taskdef}/tasks/{task}"
            if clusters == "clusters":
                stop += "[?reason={reason}]"
            self.same(f"{clusters}: stopped", self.send(stop, all=clusters == "clusters", task=task, reason="enough of it", **one), "OK")
            self.comes_true(f"{clusters}: the task stops", lambda: self.aws.ecs.describe_tasks(cluster="myclu", tasks=[task])["tasks"][0]["lastStatus"],
                            "STOPPED")
            if clusters == "clusters":
                self.same("clusters: stopped for the reason", self.aws.ecs.describe_tasks(cluster="myclu", tasks=[task])["tasks"][0].get("stoppedReason"),
                          "enough of it")
                self.because("once more, for no reason").send(stop, task=task, **one)
        changed = dict(json.loads(body)["taskdefinition"], memory="1024")
        out = self.send("PUT /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}", body=json.dumps({"TaskDefinition": changed}), **one) or {}
        self.same("task definition changed: a revision", (out["TaskDefinition"]["Revision"], out["TaskDefinition"]["Memory"]), (2, "1024"))

    # By themselves, as the older edition has them

    def clusters(self):
        listed, create = "GET /v1/ecs/{account}/clusters", "POST /v1/ecs/{account}/clusters"
        show, delete = "GET /v1/ecs/{account}/clusters/{cluster}", "DELETE /v1/ecs/{account}/clusters/{cluster}"
        self.aws.ecs.create_cluster(clusterName="theirs", tags=[{"key": "spinup:org", "value": "another"}])
        made = self.send(create, body='{"clustername": "adhoc", "tags": [{"Key": "CreatedBy", "Value": "netid"}]}') or {}
        self.same("cluster made: the answer", (made.get("ClusterName"), made.get("Status")), ("adhoc", "ACTIVE"))
        behind = self.aws.ecs.describe_clusters(clusters=["adhoc"], include=["TAGS"])["clusters"][0]
        self.has("cluster made: its tags", tag_map(behind["tags"]),
                 {"CreatedBy": "netid", "spinup:org": ORG, "spinup:spaceid": "adhoc", "spinup:type": "container"})
        self.same("cluster made: its strategy",
                  {i["capacityProvider"]: (i.get("base", 0), i.get("weight", 0)) for i in behind["defaultCapacityProviderStrategy"]},
                  {"FARGATE": (1, 0), "FARGATE_SPOT": (0, 1)})
        self.same("cluster made: the same again", (self.because("again").send(create, body='{"clustername": "adhoc"}') or {}).get("ClusterArn"),
                  made.get("ClusterArn"))
        for what, want, body in (("no name", 400, "{}"), ("a bad name", 400, '{"clustername": "a b"}'),
                                 ("another org's name", 404, '{"clustername": "theirs"}')):
            self.because(what).send(create, want, body=body)
        self.same("clusters: the org's", self.send(listed), sorted(self.aws.arn("ecs", f"cluster/{name}") for name in ("adhoc", "myclu")))
        shown = self.send(show, cluster="adhoc") or {}
        self.same("cluster: it and its tags", (shown.get("ClusterArn"), tag_map(shown.get("Tags") or []).get("CreatedBy")), (made.get("ClusterArn"), "netid"))
        for line in (show, delete):
            for name in ("theirs", "none"):
                self.because(name).send(line, 404, cluster=name)
        self.because("in use" + (" (moto would delete it)" if self.moto else "")).send(delete, 409, cluster="myclu")
        self.same("clusters refused: they stand", [c["status"] for c in self.aws.ecs.describe_clusters(clusters=["myclu", "theirs"])["clusters"]],
                  ["ACTIVE", "ACTIVE"])

    def definitions_by_themselves(self):
        listed, show = "GET /v1/ecs/{account}/taskdefs", "GET /v1/ecs/{account}/taskdefs/{taskdef}"
        self.aws.ecs.register_task_definition(family="theirs", containerDefinitions=[{"name": "a", "image": "a", "memory": 128}],
                                              tags=[{"key": "spinup:org", "value": "another"}])
        self.same("families: the org's", self.send(listed), ["supercool", "webservers"])
        for name, revision in (("supercool", "supercool:2"), ("supercool:1", "supercool:1")):
            shown = self.send(show, taskdef=name) or {}
            self.same(f"definition {name}: it and its tags",
                      (sorted(shown), shown["TaskDefinition"]["TaskDefinitionArn"].split("/")[-1], tag_map(shown["Tags"]).get("spinup:org")),
                      (["Tags", "TaskDefinition"], revision, ORG))
        for name in ("theirs", "none", "supercool:77"):
            self.because(name).send(show, 404, taskdef=name)
        create, delete = "POST /v1/ecs/{account}/taskdefs", "DELETE /v1/ecs/{account}/taskdefs/{taskdef}"
        bare = {"family": "bare", "cpu": "256", "memory": "512", "containerdefinitions": [{"name": "job", "image": "busybox:1"}],
                "tags": tags_of(CreatedBy="netid")}
        made = self.because("by itself").send(create, body=json.dumps(bare)) or {}
        self.same("definition by itself: the answer", (made.get("Cluster"), made.get("Credentials"), made["TaskDefinition"]["Family"]), (None, None, "bare"))
        behind = self.aws.ecs.describe_task_definition(taskDefinition="bare", include=["TAGS"])
        self.same("definition by itself: completed", (behind["taskDefinition"]["networkMode"], behind["taskDefinition"]["requiresCompatibilities"]),
                  ("awsvpc", ["FARGATE"]))
        tags = tag_map(behind["tags"])
        self.has("definition by itself: its tags", tags, {"CreatedBy": "netid", "spinup:org": ORG, "spinup:type": "container", "spinup:flavor": "task"})
        self.same("definition by itself: of no space", tags.get("spinup:spaceid"), None)
        self.because("a family beside a taskdefinition").send(create, 400, body=json.dumps(dict(bare, taskdefinition=bare)))
        self.because("a space's family").send(create, 409, body=json.dumps(dict(bare, family="supercool")))
        self.because("another org's family").send(create, 404, body=json.dumps(dict(bare, family="theirs")))
        self.because("by itself again").send(create, body=json.dumps(bare))
        self.same("revision deleted: the answer", (self.send(delete, taskdef="bare:1") or {})["TaskDefinition"]["TaskDefinitionArn"].split("/")[-1], "bare:1")
        self.same("family deleted: the answer", (self.because("all").send(delete, taskdef="bare") or {})["TaskDefinition"]["TaskDefinitionArn"].split("/")[-1],
                  "bare:2")
        self.comes_true("family deleted: it is gone", lambda: self.aws.ecs.list_task_definitions(familyPrefix="bare")["taskDefinitionArns"], [])
        for name in ("bare", "theirs", "none"):
            self.because(name).send(delete, 404, taskdef=name)

    def tasks_by_themselves(self):
        line = "POST /v1/ecs/{account}/clusters/{cluster}/tasks"
        self.because("of nothing").send(line, 400, body="{}", cluster="myclu")
        self.because("of what is not there").send(line, 404, body='{"TaskDefinition": "none"}', cluster="myclu")
        self.because("of another org's").send(line, 404, body='{"TaskDefinition": "theirs"}', cluster="myclu")
        before = self.send("GET /v1/ecs/{account}/clusters/{cluster}/tasks", cluster="myclu") or []
        ran = self.send(line, body='{"TaskDefinition": "supercool", "Count": 2, "StartedBy": "adhoc"}', cluster="myclu") or {}
        ids = sorted("myclu/" + t["TaskArn"].split("/")[-1] for t in ran["Tasks"])
        self.same("tasks run: two of the newest revision", (len(ids), ran["Failures"], {t["TaskDefinitionArn"].split("/")[-1] for t in ran["Tasks"]}),
                  (2, [], {"supercool:2"}))
        self.same("tasks run: they are listed", sorted(set(self.send("GET /v1/ecs/{account}/clusters/{cluster}/tasks", cluster="myclu") or []) - set(before)),
                  ids)
        self.same("tasks run: they are there",
                  sorted(t["startedBy"] for t in self.aws.ecs.describe_tasks(cluster="myclu", tasks=[i.split("/")[1] for i in ids])["tasks"]), ["adhoc"] * 2)
        for task in ids:
            self.same("tasks run: stopped", self.send("DELETE /v1/ecs/{account}/clusters/{cluster}/tasks/{task}", cluster="myclu", task=task.split("/")[1]),
                      "OK")

    def registries(self):
        listed, show = "GET /v1/ecs/{account}/servicediscovery/services", "GET /v1/ecs/{account}/servicediscovery/services/{id}"
        create, delete = "POST /v1/ecs/{account}/servicediscovery/services", "DELETE /v1/ecs/{account}/servicediscovery/services/{id}"
        www = self.aws.registries()[0]
        body = dict(json.loads(example("create"))["serviceregistry"], name="adhoc", tags=tags_of(CreatedBy="netid"))
        body["dnsconfig"]["namespaceid"] = self.api.namespace
        made = self.send(create, body=json.dumps(body)) or {}
        behind = self.aws.discovery.get_service(Id=made["Id"])["Service"]
        self.same("registry made: the answer is what stands", [made.get(k) for k in ("Id", "Arn", "Name")], [behind[k] for k in ("Id", "Arn", "Name")])
        self.same("registry made: its records", (behind["DnsConfig"]["NamespaceId"], behind["DnsConfig"]["DnsRecords"]),
                  (self.api.namespace, [{"Type": "A", "TTL": 30}]))
        self.has("registry made: its tags", tag_map(self.aws.discovery.list_tags_for_resource(ResourceARN=made["Arn"])["Tags"]),
                 {"CreatedBy": "netid", "spinup:org": ORG})
        self.because("no name").send(create, 400, body=json.dumps(dict(body, name="")))
        self.because("another org's tag").send(create, 400, body=json.dumps(dict(body, name="other", tags=tags_of(**{"spinup:org": "another"}))))
        if not self.moto:  # it makes another of the name
            self.because("a name that is taken").send(create, 409, body=json.dumps(body))
        theirs = self.aws.discovery.create_service(Name="theirs", NamespaceId=self.api.namespace, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 30}]},
                                                   Tags=tags_of(**{"spinup:org": "another"}))["Service"]
        self.same("registries: the org's", sorted(r["Id"] for r in self.send(listed) or []), sorted([www["Id"], made["Id"]]))
        self.has("registry", self.send(show, id=www["Id"]), {"Id": www["Id"], "Arn": www["Arn"], "Name": "www"})
        for what, registry in (("another org's", theirs["Id"]), ("not there", "srv-none")):
            self.because(what).send(show, 404, id=registry)
            self.because(what).send(delete, 404, id=registry)
        self.has("registry deleted: the answer", self.send(delete, id=made["Id"]), {"Id": made["Id"], "Name": "adhoc"})
        self.same("registry deleted: it is gone, the others stand", sorted(r["Id"] for r in self.aws.registries()), sorted([www["Id"], theirs["Id"]]))
        self.because("gone").send(delete, 404, id=made["Id"])
        self.aws.discovery.delete_service(Id=theirs["Id"])

    def delete_by_themselves(self):
        self.same("cluster deleted: the answer", (self.send("DELETE /v1/ecs/{account}/clusters/{cluster}", cluster="adhoc") or {}).get("ClusterName"), "adhoc")
        self.comes_true("cluster deleted: it is gone", lambda: self.space("adhoc"), ([], [], []))
        self.because("gone").send("DELETE /v1/ecs/{account}/clusters/{cluster}", 404, cluster="adhoc")

    def coverage(self):
        """That all of this has been sent, and that it is all there is."""
        described = self.send("GET /v1/ecs/openapi.json", token=None) or {"paths": {}}
        self.same("every line of both editions has been sent", [line for line in LINES if line not in self.sent], [])
        self.same("and what may be left out, both ways", [line for line, ways in self.sent.items() if "[" in line and len(ways) < 2], [])
        routes = {shape(method, path)
                  for path, item in described["paths"].items() for method in item if method in ("get", "head", "post", "put", "delete", "patch")}
        self.same("every route of the API's description has been sent", sorted(routes - shapes(self.sent) - shapes(ELSEWHERE.split("\n"))), [])
        self.same("and what was sent is in it", sorted(shapes(self.sent) - routes), [])

    # Deletes

    def delete_taskdefs(self):
        one = {"cluster": "myclu", "taskdef": "supercool"}
        for task in self.ask("GET", "/clusters/myclu/taskdefs/supercool/tasks")[1]:
            self.ask("DELETE", f"/clusters/myclu/tasks/{task.split('/')[1]}")
        self.comes_true("its tasks have stopped", lambda: self.ask("GET", "/clusters/myclu/taskdefs/supercool/tasks"), (200, []))
        self.same("task definition deleted: the answer", self.send("DELETE /v1/ecs/{account}/cluster/{cluster}/taskdefs/{taskdef}", 202, **one),
                  {"Cluster": "myclu", "TaskDefinition": "supercool", "Tasks": []})
        self.comes_true("task definition deleted: revisions and secret go",
                        lambda: (self.definitions("supercool"), self.secret_behind(f"spinup/{ORG}/myclu/supercool-api")), ([[], []], None))
        alone = example("taskdef").replace('"myclu"', '"alone"').replace('"supercool"', '"alone"')
        self.because("in a cluster of its own").send("POST /v1/ecs/{account}/taskdefs", body=alone)
        task = self.ask("POST", "/clusters/alone/taskdefs/alone/tasks", example("run"))[1]["Tasks"][0]["TaskArn"].split("/")[-1]
        gone = self.send("DELETE /v1/ecs/{account}/clusters/{cluster}/taskdefs/{taskdef}[?recursive=true][&force=true]", 202, all=True, cluster="alone",
                         taskdef="alone")
        self.same("task definition deleted in full: the answer", gone, {"Cluster": "alone", "TaskDefinition": "alone", "Tasks": [f"alone/{task}"]})
        self.comes_true("task definition deleted in full: revisions, secret, cluster, role and log group go", lambda: (
            self.definitions("alone"), self.secret_behind(f"spinup/{ORG}/alone/alone-api"), self.space("alone")), ([[], []], None, ([], [], [])))

    def delete_services(self):
        line, cluster = "DELETE /v1/ecs/{account}/clusters/{cluster}/services/{service}[?recursive=true]", {"cluster": "myclu"}
        self.because("not there").send(line, 404, service="none", **cluster)
        gone = self.send(line, service="webapp", **cluster) or {}
        self.same("service deleted: the answer", (sorted(gone), gone["Service"]["ServiceName"]), (["Service"], "webapp"))
        self.comes_true("service deleted: it goes, its registry stays", lambda: (self.aws.service("webapp")["status"], len(self.aws.registries())),
                        ("INACTIVE", 1))
        gone = self.send(line, all=True, service="www", **cluster) or {}
        self.same("service deleted in full: the answer", gone["Service"]["ServiceName"], "www")
        self.comes_true("service deleted in full: its registry goes", lambda: len(self.aws.registries()), 0)
        if self.moto:  # it lists a service that is gone, so that the space is never empty
            self.comes_true("service deleted in full: it goes", lambda: self.aws.service("www")["status"], "INACTIVE")
        else:
            self.comes_true("service deleted in full: its revision and secret go, and with the last of them its space", lambda: (
                self.definitions("webservers"), self.secret_behind(f"spinup/{ORG}/myclu/myapp-webserver-cred"), self.space("myclu")),
                ([[], []], None, ([], [], [])))

    def operations(self, operation):
        """What the operations of all this are told as, and that none has left anything."""
        listed = self.send("GET /v1/ecs/{account}/operations[?state={state}&cluster={cluster}]") or []
        self.check("operations: each with an end", listed and all(o["state"] in ("succeeded", "rolled-back", "running") for o in listed),
                   [o for o in listed if o["state"] == "failed"])
        full = self.send("GET /v1/ecs/{account}/operations[?state={state}&cluster={cluster}]", all=True, state="succeeded", cluster="myclu") or []
        self.check("operations in full: of the cluster alone",
                   operation in [o["id"] for o in full] and {(o["state"], o["cluster"]) for o in full} == {("succeeded", "myclu")}, full)
        one = self.send("GET /v1/ecs/{account}/operations/{operation}", operation=operation) or {}
        self.same("operation: the create", (one.get("id"), one.get("verb"), one.get("service"), one.get("problem")), (operation, "CreateService", "www", None))
        self.because("none of its kind").send("GET /v1/ecs/{account}/operations/{operation}", 404, operation="0" * 8)
        self.check("operations: no secret's value is in one", not [word for word in self.secrets_of_requests if word in json.dumps(listed + [one])])
        self.comes_true("leftovers: none", lambda: self.ask("GET", "/leftovers"), (200, []))
        self.same("leftovers: an empty list", self.send("GET /v1/ecs/{account}/leftovers"), [])

    def checks(self):
        self.public()
        self.images()
        self.secrets()
        self.params()
        self.load_balancers()
        operation = self.services()
        self.taskdefs()
        self.tasks_and_logs()
        self.clusters()
        self.definitions_by_themselves()
        self.tasks_by_themselves()
        self.registries()
        self.delete_by_themselves()
        self.delete_taskdefs()
        self.delete_services()
        self.operations(operation)
        self.coverage()


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
