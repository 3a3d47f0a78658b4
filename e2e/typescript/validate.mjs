// Has two validators of other makers read the document at a URL, and then a broken one, of which both must complain.
//
//   node validate.mjs URL
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";

const redocly = await createConfig({
  rules: {
    struct: "error",
    "no-unresolved-refs": "error",
    "no-schema-type-mismatch": "error",
    "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: false },
    "no-identical-paths": "error",
    "no-ambiguous-paths": "error",
    "no-undefined-server-variable": "error",
    "operation-operationId-unique": "error",
    "operation-operationId-url-safe": "error",
    "operation-parameters-unique": "error",
    "operation-tag-defined": "error",
    "path-parameters-defined": "error",
    "security-defined": "error",
  },
});

const validators = {
  "@redocly/openapi-core": async (document) =>
    (await lintFromString({ source: JSON.stringify(document), absoluteRef: "openapi.json", config: redocly })).map(
      (problem) => `${problem.ruleId}: ${problem.message} at ${problem.location[0]?.pointer}`,
    ),
  "@seriousme/openapi-schema-validator": async (document) => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    if (result.valid && validator.version !== "3.1") return [`it takes it for OpenAPI ${validator.version}`];
    return result.valid ? [] : result.errors.map((error) => `${error.instancePath} ${error.message}`);
  },
};

const breaks = {
  "a document without a title": (document) => delete document.info.title,
  "a parameter that is nowhere": (document) => (document.paths["/{account}/secrets"].get.parameters[0].in = "nowhere"),
  "a response without a description": (document) => delete document.components.responses.NotFound.description,
};

const document = await (await fetch(process.argv[2])).json();
let passed = 0;
let failed = 0;
const check = (what, complaints) => {
  complaints.length === 0 ? passed++ : failed++;
  console.log(`${complaints.length === 0 ? "ok   " : "FAIL "} ${what}`);
  for (const complaint of complaints.slice(0, 20)) console.log(`      ${complaint}`);
};
for (const [name, validate] of Object.entries(validators)) {
  check(`${name}: OpenAPI ${document.openapi}, valid`, await validate(document));
  for (const [what, breaking] of Object.entries(breaks)) {
    const broken = structuredClone(document);
    breaking(broken);
    check(`${name} refuses ${what}`, (await validate(broken)).length > 0 ? [] : ["it finds nothing"]);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
