// Looks at the watchdog's page as people do, and tries what a hostile site would.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import {
  asked, chromium, follow, keyboard, launch, looks, shot, wide, withBrowser, wrong,
} from "./look.mjs";

const { MODULES, URL: url, TOKEN } = process.env;
let context;

const row = (page, name) => page.locator("#clusters tbody tr", { hasText: name });
async function loads(page) {
  const reply = await page.goto(url);
  assert.equal(reply.status(), 200);
  assert.equal(await page.locator("#clusters tbody tr").count(), 12);
  assert.equal(await page.locator(".month svg").count(), 2);
  assert.equal(await page.locator("#cost svg").count(), 1);
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
  const names = () => page.locator("#clusters tbody tr:visible th a").allTextContents();
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
  assert.match(await dialog.textContent(), /It ends 1\d:\d\d UTC \(idle timeout\)/);
  assert.match(await dialog.textContent(), /the lifetime, now 3h42m, up to 1d12h/);
  assert.match(await dialog.textContent(), /After 20m without work it ends all the same/);
  await dialog.getByLabel("Lifetime").fill("9h");
  await dialog.getByLabel("Why").fill("one more run");
  await dialog.getByLabel("Token").fill("wrong-wrong-wrong-wrong");
  await dialog.getByRole("button", { name: "Extend" }).click();
  await dialog.getByText("not the watchdog's token").waitFor();
  // The browser itself tells of every answer that is no success.
  assert.match(wrong.pop() ?? "", /401/);
  await dialog.getByLabel("Token").fill(TOKEN);
  await dialog.getByRole("button", { name: "Extend" }).click();
  await page.locator("#done").getByText("lives for 9h in all").waitFor();
  await movies.locator(".ends", { hasText: "5h 2" }).waitFor({ timeout: 5_000 });
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.cookie), "");
}

// Foreign clusters, and those without a ceiling, have no such button.
async function extendsOnlyWhatCanBe(page) {
  for (const name of ["zeppelin-shared", "dedup-catalog"]) {
    const one = row(page, name);
    assert.equal(await one.getByRole("button", { name: "Extend" }).count(), 0, name);
  }
  assert.equal(await row(page, "zeppelin-shared").getByRole("button", { name: "End" }).count(), 1);
}

// Times of day are Berlin's here, and UTC when they are pointed at.
async function showsLocalTimes(page) {
  const ends = row(page, "recommender-nightly").locator(".ends [data-clock]");
  assert.equal(await ends.textContent(), "18:48");
  assert.equal(await ends.getAttribute("title"), "17:48 UTC");
  await page.getByText("Times are those of Europe/Berlin").waitFor();
}

async function saysNothingEmpty(page) {
  const text = await page.locator("main").innerText();
  for (const word of [/\bnone\b/i, /\bnobody\b/i, /took 0s/]) assert.doesNotMatch(text, word);
}

// The page of one cluster, from its link.
async function showsOneCluster(page) {
  await page.getByRole("link", { name: "feature-store-backfill" }).first().click();
  await page.getByRole("heading", { name: "Steps" }).waitFor();
  assert.equal(await page.locator(".chart svg").count(), 1);
  const text = await page.locator("main").innerText();
  for (const part of [
    "clusterup logs feature-store-backfill", "clusterup ui", "core nodes", "max_lifetime", "$61.40, $2.47 an hour",
    "no task done for 1h", "up to 1d12h",
  ]) {
    const all = text + (await page.locator(".chart").textContent());
    assert.ok(all.includes(part), `${part} is not in ${text}`);
  }
  await page.setViewportSize({ width: 980, height: 980 });
  await shot(page, "cluster");
  await page.setViewportSize({ width: 1280, height: 860 });
}

// Eight clusters are on the first two screens of a phone.
async function fitsPhones(page) {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(url);
  const bottom = await page.locator("#clusters tbody tr").nth(7).evaluate(
    (one) => one.getBoundingClientRect().bottom + scrollY,
  );
  assert.ok(bottom <= 2 * 844, `the eighth cluster ends at ${bottom}`);
  await shot(page, "page-phone");
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
  const browser = await chromium.launch(launch);
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(url);
  assert.equal(await page.locator("#clusters tbody tr").count(), 12);
  await page.getByRole("link", { name: "recommender-nightly" }).first().click();
  const form = page.locator("form").first();
  await form.locator("[name=max_lifetime]").fill("9h");
  await form.locator("[name=why]").fill("by hand");
  await form.locator("[name=token]").fill(TOKEN);
  await form.locator("button").click();
  await page.getByText("lives for 9h in all").waitFor();
  await browser.close();
}

async function look(opened) {
  context = opened;
  const page = follow(context.pages()[0] ?? (await context.newPage()));
  const one = `${url}/clusters/us-east-1/j-2FE91KQ0ZLM4T`;
  await looks(page, url, "the page", "Budgets of this month");
  await looks(page, one, "the page of a cluster", "Steps");
  await keyboard(page);
  await page.goto(url);
  await loads(page);
  await shot(page, "page-light");
  await keyboard(page);
  await showsLocalTimes(page);
  await saysNothingEmpty(page);
  await movesByItself(page);
  await sortsAndFilters(page);
  await extendsOnlyWhatCanBe(page);
  await extends_(page);
  await endsOnlyByItsId(page);
  await showsOneCluster(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.ok(ground.match(/\d+/g).every((part) => part < 60), `not dark: ${ground}`);
  await page.goto(url);
  await shot(page, "page-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await fitsPhones(page);
  for (const width of [1320, 1181, 900, 701, 320]) {
    await page.setViewportSize({ width, height: 640 });
    assert.deepEqual(await wide(page), []);
  }
  if (process.env.MORE) await more(page, one);
  await forgedIsRefused();
  await worksWithoutScripts();
  const outside = asked.filter((one) => !one.startsWith(url));
  assert.deepEqual(outside, [], "it asked somebody else");
  assert.ok(asked.length > 5);
  assert.deepEqual(wrong, [], "the console has errors");
}

// Pictures for those who change the page.
async function more(page, one) {
  const path = (name) => join(MODULES, `${name}.png`);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: path("phone-whole"), fullPage: true });
  await page.goto(one);
  await page.screenshot({ path: path("phone-cluster"), fullPage: true });
  await page.goto(url);
  await page.setViewportSize({ width: 900, height: 900 });
  await page.screenshot({ path: path("tablet") });
  await page.setViewportSize({ width: 1320, height: 900 });
  await page.screenshot({ path: path("whole"), fullPage: true });
  await row(page, "feature-store").getByRole("button", { name: "Extend" }).click();
  await page.screenshot({ path: path("dialog") });
  await page.keyboard.press("Escape");
}

await withBrowser(look);
