// What a reader does on the page, and what a reader sees there.

/** Replaces the text of a named field, key by key. */
export async function type(page, name, text) {
  const field = page.locator(`[name=${name}]`);
  await field.fill("");
  await field.pressSequentially(text);
}

/** Chooses an analysis from the list. */
export async function choose(page, analysis) {
  const words = analysis.replaceAll("_", " ");
  const box = page
    .getByRole("combobox", { name: "Analysis" })
    .or(page.getByRole("textbox", { name: "Analysis" }));
  await box.first().click();
  await page.getByRole("option", { name: words[0].toUpperCase() + words.slice(1), exact: true }).click();
}

/** Presses Run and waits until the answer is drawn. */
export async function run(page, analysis) {
  await page.click("button.primary");
  await page.waitForSelector(`.drawing[data-analysis=${analysis}] :is(canvas, table, svg)`);
  await page.waitForFunction(() => !document.querySelector(".drawing .skeleton"));
  await page.waitForFunction(() => !/[?&]draft=/.test(location.search));
}

/** Result, variable and slider places that are on screen. */
export async function places(page) {
  return page.$eval(".drawing", (drawing) => {
    const at = new URLSearchParams(location.search).get("at") ?? "";
    const chosen = Object.fromEntries(
      at
        .split(",")
        .filter(Boolean)
        .map((part) => part.split(":")),
    );
    return {
      digest: drawing.dataset.digest,
      variable: drawing.dataset.variable,
      fixed: JSON.parse(drawing.dataset.at),
      chosen,
    };
  });
}

/** Numbers (or words) of the accessible table, in its order; the drawing is shown again after. */
export async function table(page, what = "value") {
  await page.click(".figure-foot .text-button");
  await page.waitForSelector("table.data");
  const found = await page.$$eval(
    "table.data td",
    (cells, part) => cells.map((cell) => (part === "value" ? Number(cell.dataset.value) : cell.dataset.word)),
    what,
  );
  await page.click(".figure-foot .text-button");
  await page.waitForSelector(".heat-plot");
  return found;
}

function channels(colour) {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/** Colour that a ramp gives to a share, by the rule that Python states. */
function colourAt(ramp, share) {
  const place = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const below = Math.min(Math.floor(place), ramp.length - 2);
  const [low, high] = [channels(ramp[below]), channels(ramp[below + 1])];
  return low.map((from, part) => from + (high[part] - from) * (place - below));
}

/** Pixel in the corner of every cell, and the colour that its number asks for. */
export async function drawnCells(page, numbers, theme) {
  const ends = await page.$$eval(".scale-end", (all) => all.map((one) => Number(one.dataset.value)));
  const [low, high] = ends;
  const ramp = low < 0 && high > 0 ? theme.signed : theme.magnitude;
  const pixels = await page.$eval(".heat-plot", (plot) => {
    const layout = JSON.parse(plot.dataset.layout);
    const canvas = plot.querySelector("canvas");
    const ratio = canvas.width / layout.width;
    // Read from a copy, so that Chromium does not advise the page about its own canvas.
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const found = [];
    for (let row = 0; row < layout.rows; row += 1)
      for (let column = 0; column < layout.columns; column += 1) {
        const line = layout.bottomUp ? layout.rows - 1 - row : row;
        const x = (layout.left + column * layout.cellWidth + 2) * ratio;
        const y = (layout.top + line * layout.cellHeight + 2) * ratio;
        found.push([...context.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3));
      }
    return found;
  });
  return { pixels, expected: numbers.map((number) => colourAt(ramp, (number - low) / (high - low))) };
}

/** Everything that makes up the view, to compare before and after a reload. */
export async function follow(page) {
  await page.mouse.move(2, 2);
  await page.waitForFunction(() => document.querySelectorAll(".skeleton").length === 0);
  await page.waitForFunction(
    () => {
      const picture = document.querySelector(".heat-plot canvas").toDataURL();
      const settled = globalThis.lastPicture === picture;
      globalThis.lastPicture = picture;
      return settled;
    },
    null,
    { polling: 400 },
  );
  return page.evaluate(async () => ({
    texts: [...document.querySelectorAll("textarea, .form input")].map(({ value }) => value),
    digest: document.querySelector(".drawing").dataset,
    picture: [
      ...new Uint8Array(
        await crypto.subtle.digest(
          "SHA-256",
          new TextEncoder().encode(document.querySelector(".heat-plot canvas").toDataURL()),
        ),
      ),
    ].join(" "),
    layout: document.querySelector(".heat-plot").dataset.layout,
    pinned: document.querySelector(".pinned").textContent,
    legend: document.querySelector(".scale").textContent,
    predictions: document.querySelector(".predictions tbody").textContent,
    theme: document.documentElement.dataset.theme,
  }));
}

/** Presses Tab until an element has the focus, as a reader without a pointer would. */
export async function reach(page, selector) {
  for (let count = 0; count < 150; count += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`Tab never reaches ${selector}.`);
}
