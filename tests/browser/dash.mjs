// Looks at the watchdog's page as people do, and tries what a hostile site would.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { MODULES, CHROMIUM, URL: url, TOKEN, SHOTS } = process.env;
const { chromium } = createRequire(`${MODULES}/`)("playwright-core");

const profile = mkdtempSync(join(tmpdir(), "dash-"));
const flags = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
  + " disable-component-update disable-sync";
const context = await chromium.launchPersistentContext(profile, {
  executablePath: CHROMIUM,
  headless: true,
  args: flags.split(" ").map((flag) => `--${flag}`),
  viewport: { width: 1320, height: 860 },
  colorScheme: "light",
});

const asked = [];
const wrong = [];
function follow(page) {
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (line) => line.type() === "error" && wrong.push(line.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  return page;
}
const shot = (page, name) => page.screenshot({ path: join(SHOTS, `dash-${name}.png`) });
const row = (page, name) => page.locator("tbody tr", { hasText: name });
// What reaches beyond the right edge of a page that scrolls sideways.
const wide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const beyond = [...document.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > clientWidth,
    );
    return beyond.map((one) => `${one.localName}.${one.className} at ${clientWidth}`).slice(0, 12);
  });

async function loads(page) {
  const reply = await page.goto(url);
  assert.equal(reply.status(), 200);
  assert.equal(await page.locator("tbody tr").count(), 12);
  assert.equal(await page.locator(".month svg").count(), 2);
  assert.equal(await page.getByText("spark-poc <script>").count() > 0, true);
  assert.deepEqual(await wide(page), []);
}

// Waits until the page has shown two more sweeps.
async function twoSweeps(page) {
  const before = Number((await page.locator(".sweep").textContent()).match(/\d+/)[0]);
  await page.waitForFunction(
    (before) => Number(document.querySelector(".sweep").textContent.match(/\d+/)[0]) > before + 1,
    before,
    { timeout: 15_000 },
  );
}

async function movesByItself(page) {
  await page.evaluate(() => (window.loadedOnce = true));
  await twoSweeps(page);
  assert.equal(await page.evaluate(() => window.loadedOnce), true, "the page was loaded anew");
}

async function sortsAndFilters(page) {
  const names = () => page.locator("tbody tr:visible th a").allTextContents();
  await page.getByRole("button", { name: "$/h" }).click();
  assert.equal((await names())[0], "churn-model-tuning");
  await page.keyboard.press("/");
  await page.keyboard.type("laptop waiting");
  assert.deepEqual(await names(), ["movies-adhoc"]);
  assert.equal(await page.locator("#count").textContent(), "1 of 12");
  await twoSweeps(page);
  assert.deepEqual(await names(), ["movies-adhoc"], "a new picture forgot the filter");
  await page.locator("#filter").fill("");
  const rungs = row(page, "feature-store-backfill").locator("details");
  await rungs.locator("summary").focus();
  await page.keyboard.press("Enter");
  await twoSweeps(page);
  assert.equal(await rungs.evaluate((one) => one.open), true, "a new picture closed it");
  assert.equal(await page.evaluate(() => document.activeElement.localName), "summary");
  assert.ok((await rungs.textContent()).includes("is missing in this account"));
}

async function extends_(page) {
  const movies = row(page, "movies-adhoc");
  await movies.getByRole("button", { name: "Extend" }).click();
  const dialog = page.locator("dialog#extend");
  await dialog.getByLabel("Lifetime").fill("9h");
  await dialog.getByLabel("Why").fill("one more run");
  await dialog.getByLabel("Token").fill("wrong-wrong-wrong-wrong");
  await dialog.getByRole("button", { name: "Extend" }).click();
  await dialog.getByText("not the watchdog's token").waitFor();
  // The browser itself tells of every answer that is no success.
  assert.match(wrong.pop() ?? "", /401/);
  await dialog.getByLabel("Token").fill(TOKEN);
  await dialog.getByRole("button", { name: "Extend" }).click();
  await dialog.getByText("lives for 9h in all").waitFor();
  await movies.locator(".ends", { hasText: "5h 2" }).waitFor({ timeout: 5_000 });
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.cookie), "");
}

async function endsOnlyByItsId(page) {
  await row(page, "movies-adhoc").getByRole("button", { name: "End movies-adhoc", exact: true }).click();
  const dialog = page.locator("dialog#end");
  await dialog.getByLabel("Type its id").fill("j-WRONG");
  await dialog.getByLabel("Why").fill("done");
  await dialog.getByRole("button", { name: "End this cluster" }).click();
  await dialog.getByText("Nothing was done").waitFor();
  assert.match(wrong.pop() ?? "", /422/);
  await page.keyboard.press("Escape");
}

// Another site that knows even the token.
async function forgedIsRefused() {
  const action = `${url}/clusters/us-east-1/j-3A7XQ2Y9LMN0P/end`;
  const fields = { token: TOKEN, why: "no", confirm: "j-3A7XQ2Y9LMN0P" };
  const inputs = Object.entries(fields).map(([name, value]) => `<input name=${name} value="${value}">`);
  const site = createServer((_, reply) => {
    reply.setHeader("content-type", "text/html");
    reply.end(`<form method=post action="${action}">${inputs.join("")}<button>Win</button></form>`);
  });
  await new Promise((done) => site.listen(0, "127.0.0.1", done));
  const page = await context.newPage();
  await page.goto(`http://localhost:${site.address().port}/`);
  const [reply] = await Promise.all([
    page.waitForResponse(action),
    page.getByRole("button", { name: "Win" }).click(),
  ]);
  assert.equal(reply.status(), 403);
  await page.close();
  site.close();
}

// Without JavaScript the page is whole, and its forms work.
async function worksWithoutScripts() {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: flags.split(" ").map((flag) => `--${flag}`),
  });
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(url);
  assert.equal(await page.locator("tbody tr").count(), 12);
  await page.getByRole("link", { name: "recommender-nightly" }).first().click();
  const form = page.locator("form").first();
  await form.locator("[name=max_lifetime]").fill("9h");
  await form.locator("[name=why]").fill("by hand");
  await form.locator("[name=token]").fill(TOKEN);
  await form.locator("button").click();
  await page.getByText("lives for 9h in all").waitFor();
  await browser.close();
}

try {
  const page = follow(context.pages()[0] ?? (await context.newPage()));
  await loads(page);
  await shot(page, "light");
  await movesByItself(page);
  await sortsAndFilters(page);
  await extends_(page);
  await endsOnlyByItsId(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.ok(ground.match(/\d+/g).every((part) => part < 60), `not dark: ${ground}`);
  await page.goto(url);
  await shot(page, "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(url);
  assert.deepEqual(await wide(page), []);
  await shot(page, "phone");
  for (const width of [1181, 900, 701, 320]) {
    await page.setViewportSize({ width, height: 640 });
    assert.deepEqual(await wide(page), []);
  }
  if (process.env.MORE) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(SHOTS, "phone-whole.png"), fullPage: true });
    const rungs = row(page, "feature-store").locator("details");
    await rungs.locator("summary").click();
    await row(page, "feature-store").screenshot({ path: join(SHOTS, "phone-card.png") });
    await page.setViewportSize({ width: 900, height: 900 });
    await page.screenshot({ path: join(SHOTS, "tablet.png") });
    await page.setViewportSize({ width: 1320, height: 900 });
    await row(page, "feature-store").getByRole("button", { name: "Extend" }).click();
    await page.screenshot({ path: join(SHOTS, "dialog.png") });
    await page.keyboard.press("Escape");
    await page.goto(`${url}/clusters/us-east-1/j-2FE91KQ0ZLM4T`);
    await page.screenshot({ path: join(SHOTS, "one.png"), fullPage: true });
    await page.goto(url);
    await page.screenshot({ path: join(SHOTS, "whole.png"), fullPage: true });
  }
  await forgedIsRefused();
  await worksWithoutScripts();
  const outside = asked.filter((one) => !one.startsWith(url));
  assert.deepEqual(outside, [], "it asked somebody else");
  assert.ok(asked.length > 5);
  assert.deepEqual(wrong, [], "the console has errors");
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
