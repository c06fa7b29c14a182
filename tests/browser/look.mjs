// What is checked of every page: contrast as WCAG 2.2 AA requires it, no text beyond the right edge,
// nothing from elsewhere, no errors, and that the keyboard reaches everything that can be operated.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { MODULES, CHROMIUM, SHOTS } = process.env;
const { chromium } = createRequire(`${MODULES}/`)("playwright-core");
const flags = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
  + " disable-component-update disable-sync";

export const asked = [];
export const wrong = [];

export const launch = {
  executablePath: CHROMIUM,
  headless: true,
  args: flags.split(" ").map((flag) => `--${flag}`),
};

export { chromium };

export function follow(page) {
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (line) => line.type() === "error" && wrong.push(line.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  return page;
}

// Runs with a browser of its own, which has no profile before and none afterwards.
export async function withBrowser(look) {
  const profile = mkdtempSync(join(tmpdir(), "dash-"));
  const context = await chromium.launchPersistentContext(profile, {
    ...launch,
    viewport: { width: 1280, height: 860 },
    colorScheme: "light",
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
  });
  try {
    await look(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

export const shot = (page, name) => page.screenshot({ path: join(SHOTS, `${name}.png`) });

// What reaches beyond the right edge of a page that scrolls sideways.
export const wide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const beyond = [...document.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > clientWidth,
    );
    return beyond.map((one) => `${one.localName}.${one.className} at ${clientWidth}`).slice(0, 12);
  });

// Texts whose contrast is less than 4.5 to 1 (3 to 1 if they are large), and shapes of charts with
// less than 3 to 1, each with its colours.
const faint = (page) =>
  page.evaluate(() => {
    const parse = (color) => {
      const numbers = color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
      return numbers.length < 4 ? [...numbers, 1] : numbers;
    };
    const over = (top, below) => {
      const a = top[3];
      return [0, 1, 2].map((n) => top[n] * a + below[n] * (1 - a)).concat(1);
    };
    const ground = (element) => {
      const layers = [];
      for (let one = element; one; one = one.parentElement) {
        layers.push(parse(getComputedStyle(one).backgroundColor));
      }
      return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const light = (color) => {
      const parts = color.slice(0, 3).map((part) => {
        const c = part / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const ratio = (a, b) => {
      const [x, y] = [light(a), light(b)];
      return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    };
    const found = [];
    let measured = 0;
    const check = (color, below, least, what) => {
      measured += 1;
      const is = ratio(over(color, below), below);
      if (is < least) found.push(`${is.toFixed(2)} of ${color} on ${below}: ${what}`);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode.textContent.trim();
      const element = texts.currentNode.parentElement;
      const hidden = element.closest("title, desc, script, style, .sr");
      if (!text || hidden || !element.checkVisibility({ visibilityProperty: true })) continue;
      const style = getComputedStyle(element);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const color = element.closest("svg") ? style.fill : style.color;
      check(parse(color), ground(element), large ? 3 : 4.5, text.slice(0, 40));
    }
    for (const shape of document.querySelectorAll(".chart rect, .chart circle, .key i")) {
      const style = getComputedStyle(shape);
      const color = shape.closest("svg") ? style.fill : style.backgroundColor;
      check(parse(color), ground(shape.parentElement), 3, shape.getAttribute("class"));
    }
    return { found: [...new Set(found)], measured };
  });

// The pictures of charts have names, and their ids are unique.
const names = (page) =>
  page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    const twice = ids.filter((id, n) => ids.indexOf(id) !== n);
    const nameless = [...document.querySelectorAll("svg[role=img]")].filter((svg) =>
      svg.getAttribute("aria-labelledby").split(" ").some((id) => !document.getElementById(id)?.textContent),
    );
    return { twice, nameless: nameless.length };
  });

// Looks at a page at three widths in both colour schemes.
export async function looks(page, url, name, expected) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of [[390, 844], [768, 1024], [1280, 860]]) {
      await page.setViewportSize({ width, height });
      await page.goto(url);
      await page.locator("h2", { hasText: expected }).first().waitFor();
      const at = `${name} at ${width}, ${scheme}`;
      assert.deepEqual(await wide(page), [], at);
      const { found, measured } = await faint(page);
      assert.deepEqual(found, [], at);
      assert.ok(measured > 40, `only ${measured} texts and shapes were measured of ${at}`);
      assert.deepEqual(await names(page), { twice: [], nameless: 0 }, at);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.goto(url);
}

// Everything that can be operated gets the focus by the Tab key alone.
export async function keyboard(page) {
  const all = "a[href], button, summary, input, select, [tabindex='0']";
  const wanted = await page.evaluate((all) => {
    const visible = [...document.querySelectorAll(all)].filter(
      (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("dialog"),
    );
    visible.forEach((one) => (one.dataset.wanted = "yes"));
    return visible.length;
  }, all);
  assert.ok(wanted > 0);
  for (let press = 0; press < wanted + 20; press += 1) {
    await page.keyboard.press("Tab");
    await page.evaluate(() => delete document.activeElement?.dataset.wanted);
  }
  const missed = await page.evaluate(() =>
    [...document.querySelectorAll("[data-wanted]")].map((one) => one.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(missed, [], "the keyboard does not reach this");
}
