import { describe, expect, it } from "vitest";
import { chosenDomain, domainOf, shareOf } from "../../src/colour/domain";
import { channels, colourAt, inkOn, luminance, type Rgb, shade, table } from "../../src/colour/ramp";
import { THEMES } from "../../src/words.gen";

const themes = ["light", "dark"] as const;

/** Lightness of OKLab, which is even to the eye. */
function lightness([red, green, blue]: Rgb): number {
  const [r, g, b] = [red, green, blue].map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

describe("ramps", () => {
  it.each(themes)("begin and end at the %s theme's own tones", (theme) => {
    for (const scale of ["magnitude", "signed"] as const) {
      const lut = table(theme, scale);
      expect(shade(lut, 0)).toEqual(channels(THEMES[theme][scale][0]));
      expect(shade(lut, 1)).toEqual(channels(THEMES[theme][scale].at(-1) ?? ""));
    }
  });

  it.each(themes)(
    "of magnitude run away from the background of the %s theme without turning back",
    (theme) => {
      const away = theme === "light" ? -1 : 1;
      const steps = Array.from(
        { length: 32 },
        (_, step) => away * lightness(colourAt(THEMES[theme].magnitude, step / 31)),
      );
      expect(steps).toEqual(steps.toSorted((one, other) => one - other));
    },
  );

  it.each(themes)("of signed values put zero beside the background of the %s theme", (theme) => {
    const zero = shade(table(theme, "signed"), 0.5);
    const background = channels(THEMES[theme].background);
    expect(Math.abs(lightness(zero) - lightness(background))).toBeLessThan(0.08);
  });

  it.each(themes)("of signed values are as far from zero at both ends in the %s theme", (theme) => {
    const lut = table(theme, "signed");
    expect(Math.abs(lightness(shade(lut, 0)) - lightness(shade(lut, 1)))).toBeLessThan(0.1);
  });

  it("keep to their ends outside 0 to 1", () => {
    const lut = table("light", "signed");
    expect(shade(lut, -3)).toEqual(shade(lut, 0));
    expect(shade(lut, 7)).toEqual(shade(lut, 1));
  });

  it.each(themes)("carry text of at least 4.5 to 1 on every step of the %s theme", (theme) => {
    for (const scale of ["magnitude", "signed"] as const)
      for (let step = 0; step <= 255; step += 1) {
        const colour = shade(table(theme, scale), step / 255);
        const [dim, bright] = [luminance(colour), luminance(channels(inkOn(colour)))].toSorted(
          (a, b) => a - b,
        ) as [number, number];
        expect((bright + 0.05) / (dim + 0.05)).toBeGreaterThanOrEqual(4.5);
      }
  });
});

describe("domains", () => {
  it("are symmetric about zero when both signs occur", () => {
    expect(domainOf(-0.2, 3)).toMatchObject({ low: -3, high: 3, scale: "signed" });
    expect(shareOf(0, domainOf(-7, 3))).toBe(0.5);
  });

  it("begin at zero when nothing is negative, and forgive a rounding below it", () => {
    expect(domainOf(0.2, 0.9)).toMatchObject({ low: 0, high: 0.9, scale: "magnitude" });
    expect(domainOf(-1e-9, 0.9).scale).toBe("magnitude");
  });

  it("keep their own ends when everything is negative", () => {
    expect(domainOf(-9, -2)).toMatchObject({ low: -9, high: -2, scale: "magnitude" });
  });

  it("stay the same while a slider moves, unless the slice's own range is chosen", () => {
    expect(chosenDomain([0, 1], [0, 8], "all").high).toBe(8);
    expect(chosenDomain([0, 1], [0, 8], "slice").high).toBe(1);
  });

  it("count what they clip", () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index === 0 ? 1000 : index % 10));
    const domain = chosenDomain(values, [0, 1000], "clip");
    expect(domain.high).toBe(9);
    expect(domain.clipped).toBe(1);
  });

  it("read missing values as missing", () => {
    expect(chosenDomain([Number.NaN, 2], null, "slice")).toMatchObject({ low: 0, high: 2 });
    expect(shareOf(Number.NaN, domainOf(0, 1))).toBeNaN();
  });
});
