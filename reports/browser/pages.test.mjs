// Pages in a browser: ready soon, without errors and requests; the diagram moves, zooms and filters; titles are text; looked at in
// both themes. Pages come from `test`, which also says where they are.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { chromium } from "playwright-core";

const folder = process.env.PAGES;
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
// What a slow and busy machine may take; what it took is printed.
const PATIENCE = 5000;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});
after(() => browser.close());

// Opens a page and fails if it says anything on the console or asks for anything but itself.
async function open(name, look, options = {}) {
  const context = await browser.newContext({ colorScheme: "light", viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  const own = `file://${join(folder, name)}`;
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (request.url() !== own && request.url() !== "data:,") wrong.push(`request: ${request.url()}`); });
  await page.goto(own);
  if (options.javaScriptEnabled !== false) await page.waitForFunction(() => window.__ready, null, { timeout: PATIENCE });
  await look(page);
  assert.deepEqual(wrong, []);
  await context.close();
}

const windowOf = (page) => page.$eval("#picture", ({ dataset }) => [dataset.from, dataset.until, dataset.drawn].map(Number));
// A frame later everything is drawn.
const settled = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));

test("ten thousand messages are ready soon", () =>
  open("run.html", async (page) => {
    const { ms, messages } = await page.evaluate(() => window.__ready);
    console.log(`${messages} messages ready after ${ms} ms`);
    assert.ok(messages >= 10_000 && ms < PATIENCE);
  }));

test("the wheel zooms in round the pointer, and a drag moves", () =>
  open("run.html", async (page) => {
    const [from, until] = await windowOf(page);
    const box = await page.locator("#space-time").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 200);
    await page.mouse.wheel(0, -200);
    await settled(page);
    const [closer, end] = await windowOf(page);
    assert.ok(closer > from && end < until, "both ends move inwards");
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 100, box.y + 200);
    await page.mouse.up();
    await settled(page);
    const [moved, after] = await windowOf(page);
    assert.ok(moved < closer, "dragged to the right, earlier times are shown");
    assert.ok(Math.abs(after - moved - (end - closer)) <= 2, "the span stays");
  }));

test("the keyboard reaches the diagram, moves it and zooms", () =>
  open("run.html", async (page) => {
    const home = await windowOf(page);
    await page.locator("#picture").focus();
    const seen = [];
    for (const key of ["+", "ArrowRight", "ArrowLeft", "-", "End", "Home"]) {
      await page.keyboard.press(key);
      await settled(page);
      seen.push(await windowOf(page));
    }
    const span = ([from, until]) => until - from;
    const [closer, right, left, out, all, again] = seen;
    assert.ok(span(closer) < span(home) && right[0] > closer[0] && left[0] < right[0] && span(out) > span(closer));
    assert.ok(span(all) > span(home));
    assert.deepEqual(again, home);
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "picture", "the keyboard gets out again");
  }));

test("messages are filtered by kind, and PING and INFO are off at first", () =>
  open("run.html", async (page) => {
    const [, , before] = await windowOf(page);
    for (const kind of ["PING", "INFO"]) assert.equal(await page.locator(`[data-kind="${kind}"]`).isChecked(), false);
    await page.locator('[data-kind="PING"]').check();
    const [, , more] = await windowOf(page);
    assert.ok(more > before);
    for (const box of await page.locator("#kinds input").all()) await box.uncheck();
    const [, , none] = await windowOf(page);
    assert.equal(none, 0);
  }));

test("what is under the pointer is told, and a finding leads into the diagram", () =>
  open("run.html", async (page) => {
    const box = await page.locator("#space-time").boundingBox();
    await page.mouse.move(box.x + 300, box.y + 137);
    assert.match(await page.locator("#tip").textContent(), /^redis-1: master, replication id [0-9a-f]{40}\n/);
    await page.locator("button.goto").first().click();
    await settled(page);
    const [from, until] = await windowOf(page);
    assert.equal(until - from, 2_000_000);
    assert.equal(await page.evaluate(() => document.activeElement.id), "picture");
  }));

test("a title with markup is text", async () => {
  for (const name of ["hostile-run.html", "campaign.html", "sweep.html"]) {
    await open(name, async (page) => {
      assert.ok((await page.locator("body").textContent()).includes('<script>alert(1)</script> & "quotes" </title>'));
    });
  }
});

test("without JavaScript the text and the tables are there", () =>
  open("hostile-run.html", async (page) => {
    assert.equal(await page.locator("h1").textContent(), '<script>alert(1)</script> & "quotes" </title>');
    assert.ok((await page.locator("#numbers table").count()) >= 2);
    assert.ok(await page.locator("noscript p").isVisible());
  }, { javaScriptEnabled: false }));

test("the theme follows the system, and the button changes it", () =>
  open("run.html", async (page) => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await page.locator("#theme").click();
    assert.notEqual(await paper(), dark);
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("#theme").click();
    assert.equal(await paper(), dark);
  }, { colorScheme: "dark" }));

// How many colours a chart has.
const coloursOf = (page, chart) => page.$eval(`${chart} canvas`, (canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
});

test("charts are drawn", async () => {
  for (const [name, count] of [["campaign", 3], ["sweep", 3], ["check", 1], ["conform", 2]]) {
    await open(`${name}.html`, async (page) => {
      const charts = await page.$$eval(".chart .canvas", (all) => all.map(({ id }) => `#${id}`));
      assert.equal(charts.length, count, name);
      for (const chart of charts) assert.ok((await coloursOf(page, chart)) > 2, `${name} ${chart}`);
    });
  }
});

test("what is chosen of a sweep is drawn, by keyboard too", () =>
  open("sweep.html", async (page) => {
    // A chart may have several layers.
    const picture = (chart) => page.$$eval(`${chart} canvas`, (all) => all.map((canvas) => canvas.toDataURL()).join());
    for (const [choice, chart] of [["#front-environment", "#front-chart"], ["#map-figure", "#map-chart"], ["#map-x", "#map-chart"], ["#gaps-environment", "#gaps-chart"]]) {
      const before = await picture(chart);
      await page.locator(choice).focus();
      await page.keyboard.press("ArrowDown");
      await settled(page);
      assert.ok((await picture(chart)) !== before, choice);
    }
    assert.equal(await page.locator("#map-x option:checked").textContent(), "min-replicas-to-write");
  }));

test("another script of a comparison has other times", () =>
  open("conform.html", async (page) => {
    const times = () => page.$$eval("#timing option", (all) => all.map(({ text }) => text).join());
    const before = await times();
    await page.locator("#script").selectOption({ label: "J" });
    assert.notEqual(await times(), before);
  }));

test("an anomaly of a history is drawn, and a file's section is reached from the top", () =>
  open("history.html", async (page) => {
    assert.ok((await page.locator(".drawing svg .marked rect").count()) > 10);
    await page.locator("nav a").nth(1).click();
    assert.ok(await page.locator("#file-0 h2").isVisible());
    assert.equal(new URL(page.url()).hash, "#file-0");
  }));

test("screenshots in both themes, and on paper", async () => {
  for (const name of ["run", "hostile-run", "campaign", "sweep", "check", "conform", "history"]) {
    for (const colorScheme of ["light", "dark"]) {
      await open(`${name}.html`, (page) => page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true }), { colorScheme });
    }
    await open(`${name}.html`, (page) => page.pdf({ path: join(folder, `${name}.pdf`), format: "A4" }), { colorScheme: "dark" });
  }
});
