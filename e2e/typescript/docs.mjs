// Opens /docs in Chromium: it is drawn without an error, opens an operation, asks one with a token, and asks nothing of any other host.
//
//   node docs.mjs URL TOKEN CHROMIUM [SCREENSHOT]
import { chromium } from "playwright-core";

const [url, token, executablePath, screenshot] = process.argv.slice(2);
let passed = 0;
let failed = 0;
const check = (what, holds, seen) => {
  holds ? passed++ : failed++;
  console.log(`${holds ? "ok   " : "FAIL "} ${what}`);
  if (!holds) console.log(`      ${JSON.stringify(seen)?.slice(0, 1500)}`);
};

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
  page.setDefaultTimeout(20_000);
  const complaints = [];
  const requests = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (e) => console.error(`refused: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));

  const answer = await page.goto(`${url}/docs`);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  check("its policy lets in no other host, and no script of another's", policy.startsWith("default-src 'none'") && !policy.includes("http"), policy);
  await page.waitForSelector(".opblock-tag");
  const groups = await page.locator(".opblock-tag").evaluateAll((all) => all.map((one) => one.getAttribute("data-tag")));
  check("its groups", ["Services", "Task definitions", "Secrets", "System"].every((name) => groups.includes(name)), groups);
  check("its title", (await page.title()).startsWith("ecs-api"), await page.title());
  check("it shows no other document", (await page.locator(".topbar").count()) === 0, "a top bar");

  await page.locator('.opblock-tag[data-tag="Services"]').click();
  await page.locator("#operations-Services-CreateService .opblock-summary-control").click();
  await page.waitForSelector("#operations-Services-CreateService .body-param__example");
  const example = await page.locator("#operations-Services-CreateService .body-param__example").first().innerText();
  check("the example of a create", example.includes('"ServiceName": "www"'), example);
  await page.waitForTimeout(300);
  if (screenshot) await page.screenshot({ path: screenshot });

  await page.locator(".btn.authorize").click();
  await page.locator("#auth-bearer-value").fill(token);
  await page.locator(".modal-btn.authorize").first().click();
  await page.locator(".modal-btn.btn-done").first().click();
  // An operation is tried with what the page has filled in: the document's examples.
  const tried = async (group, action) => {
    const operation = page.locator(`#operations-${group}-${action}`);
    if (!(await operation.isVisible())) await page.locator(`.opblock-tag[data-tag="${group}"]`).click();
    await operation.locator(".opblock-summary-control").click();
    await operation.locator(".try-out__btn").click();
    await operation.locator(".execute").click();
    const status = await operation.locator(".live-responses-table tbody .response-col_status").innerText();
    check(`${action} from the page, with its examples, is answered`, status.startsWith("200"), status);
  };
  await tried("Clusters", "ListClusters");
  await tried("Secrets", "CreateSecret");
  await tried("Secrets", "ShowSecret");
  await tried("Secrets", "UpdateSecret");

  const origin = new URL(url).origin;
  const elsewhere = requests.filter((one) => !one.startsWith(`${origin}/`) && !one.startsWith("data:"));
  check(`each of its ${requests.length} requests went to the API`, elsewhere.length === 0 && requests.length >= 5, elsewhere);
  check("no complaint of the browser", complaints.length === 0, complaints);
  const fetched = await page.evaluate(() => fetch("http://localhost:9/").then(() => "answered", String));
  check("a request to another host is refused by its policy", complaints.some((one) => one.includes("connect-src")), [fetched, complaints]);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
