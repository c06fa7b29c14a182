// Looks at the documents that `cost report --html` and `plan --html` write.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { asked, follow, keyboard, looks, shot, withBrowser, wrong } from "./look.mjs";

const { REPORT, PLAN } = process.env;

await withBrowser(async (context) => {
  const page = follow(context.pages()[0] ?? (await context.newPage()));
  for (const [file, name, expected, charts] of [
    [REPORT, "report", "The most expensive clusters", 5],
    [PLAN, "plan", "What ends the cluster", 1],
  ]) {
    const url = pathToFileURL(file).href;
    await looks(page, url, name, expected);
    assert.equal(await page.locator(".chart svg").count(), charts);
    await keyboard(page);
    await page.goto(url);
    await page.setViewportSize({ width: 980, height: 900 });
    await shot(page, name);
    // The figures of a chart are a table behind it.
    const figures = page.locator(".chart details").first();
    await figures.locator("summary").click();
    assert.ok((await figures.locator("tbody tr").count()) > 0);
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(pathToFileURL(REPORT).href);
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, "report-phone-dark");
  const outside = asked.filter((one) => !one.startsWith("file:") && one !== "data:,");
  assert.deepEqual(outside, [], "a document asked for something");
  assert.deepEqual(wrong, [], "the console has errors");
});
