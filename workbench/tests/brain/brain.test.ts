import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nextOf, stepUnit } from "../../src/brain/cursor";
import { flatLayout, flatPick, flatPlace, pooledRow } from "../../src/brain/flat/picture";
import {
  gridOf,
  heightOf,
  layersBelow,
  layOut,
  met,
  neuronAt,
  paintedAt,
  picked,
  placeOf,
  POINTS,
  pointTurns,
  spaced,
} from "../../src/brain/scene/layout";
import {
  attentionLinks,
  endName,
  linkTexels,
  pairLinks,
  pathLinks,
  strongest,
} from "../../src/brain/scene/links";
import { nextSharpness, usualStep } from "../../src/brain/scene/pace";
import { SELECT } from "../../src/brain/scene/palette";
import { LINK_PIECES } from "../../src/brain/scene/shaders";
import {
  type Activity,
  countAbove,
  grownReach,
  statistics,
  strongestOf,
  valueAt,
} from "../../src/brain/scene/statistics";
import { PLAIN_LOOK, readLook, writeLook } from "../../src/brain/view";
import { halfOf } from "../../src/live/activity";

const halves = (values: readonly number[]) => Uint16Array.from(values, halfOf);
const six: Activity = { n_layers: 2, n_neurons: 3, detail: "f16", data: halves([0.5, -2, 0, 1, -0.25, 4]) };

describe("statistics", () => {
  it("count, average and rank by size whatever the sign", () => {
    const found = statistics(six, 0.5);
    expect(found).toMatchObject({ n_neurons: 6, above: 4, share: 4 / 6 });
    expect([...found.mean]).toEqual([2.5 / 3, 5.25 / 3]);
    expect(found.brightest.map(({ layer, neuron, value }) => [layer, neuron, value])).toEqual([
      [1, 2, 4],
      [0, 1, -2],
      [1, 0, 1],
      [0, 0, 0.5],
      [1, 1, -0.25],
    ]);
    expect(found.reach).toBe(4);
    expect(countAbove(six, 1)).toBe(3);
  });

  it("say the same of int8 with a scale per layer as of the numbers themselves", () => {
    const scales = new Float32Array([0.5, 0.25]);
    const data = Int8Array.from([1, -4, 0, 4, -1, 16]);
    const coarse: Activity = { n_layers: 2, n_neurons: 3, detail: "int8", data, scales };
    expect(statistics(coarse, 0.5)).toEqual(statistics(six, 0.5));
    expect(strongestOf(coarse, 0, 2)).toEqual(strongestOf(six, 0, 2));
  });

  it("read layers of different widths where each begins", () => {
    const uneven: Activity = {
      n_layers: 3,
      n_neurons: 3,
      widths: [1, 3, 2],
      detail: "f16",
      data: halves([1, 2, 3, 4, 5, 6]),
    };
    expect(valueAt(uneven, { layer: 2, neuron: 1 })).toBe(6);
    expect(valueAt(uneven, { layer: 0, neuron: 1 })).toBeNaN();
    expect([...statistics(uneven, 0).mean]).toEqual([1, 3, 5.5]);
    expect(statistics(uneven, 0).n_neurons).toBe(6);
  });

  it("keep the colour scale until something is clearly beyond it", () => {
    expect(grownReach(2, 2.1)).toBe(2);
    expect(grownReach(2, 1)).toBe(2);
    expect(grownReach(2, 3.21)).toBe(3.3);
    expect(grownReach(0, 0)).toBe(0);
  });
});

describe("the plates", () => {
  it("have a cell for each neuron, and none left over where the number divides well", () => {
    for (const n of [1, 2, 7, 256, 640, 3072, 8192, 83_334]) {
      const { columns, rows } = gridOf(n);
      expect(columns * rows).toBeGreaterThanOrEqual(n);
      expect(columns * (rows - 1)).toBeLessThan(n);
    }
    for (const n of [256, 640, 3072, 4096, 14_336]) expect(gridOf(n).columns * gridOf(n).rows).toBe(n);
  });

  it("give back the neuron whose place they gave", () => {
    const layout = layOut({ n_layers: 5, n_neurons: 77 });
    for (let neuron = 0; neuron < 77; neuron += 1) {
      const { x, z } = placeOf(layout, { layer: 3, neuron });
      expect(neuronAt(layout, 3, x, z)).toBe(neuron);
    }
    expect(neuronAt(layout, 3, layout.wide, 0)).toBeNull();
  });

  it("rise from the first layer to the last", () => {
    const layout = layOut({ n_layers: 48, n_neurons: 10 });
    expect(heightOf(layout, 47)).toBeCloseTo(-heightOf(layout, 0));
    expect(heightOf(layout, 1)).toBeGreaterThan(heightOf(layout, 0));
  });

  it("are painted from the farthest to the nearest, each once", () => {
    const layout = layOut({ n_layers: 7, n_neurons: 10 });
    for (const camera of [-9, -0.2, 0.1, 9]) {
      const below = layersBelow(layout, camera);
      const order = Array.from({ length: 7 }, (_, turn) => paintedAt(turn, below, 7));
      expect(order.toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      const seen = order.map((layer) => Math.sign(heightOf(layout, layer) - camera) || -1);
      for (const side of [-1, 1]) {
        const far = order.filter((_, turn) => seen[turn] === side);
        const distances = far.map((layer) => Math.abs(heightOf(layout, layer) - camera));
        expect(distances).toEqual(distances.toSorted((one, other) => other - one));
      }
    }
  });
});

describe("the level of detail", () => {
  it("draws every neuron of a small model one by one, and of a large one those near", () => {
    const small = layOut({ n_layers: 12, n_neurons: 3072 });
    expect(pointTurns(small, 12 * 3072, null, 12)).toEqual({ from: 0, to: 12 });
    const large = layOut({ n_layers: 48, n_neurons: 30_000 });
    expect(pointTurns(large, 48 * 30_000, null, 48)).toEqual({ from: 0, to: 0 });
    const { from, to } = pointTurns(large, 48 * 30_000, 20, 48);
    expect([from <= 20, to > 20, (to - from) * 30_000 <= POINTS]).toEqual([true, true, true]);
  });

  it("never mixes layers below the eye with layers above it", () => {
    const large = layOut({ n_layers: 10, n_neurons: 30_000 });
    const { from, to } = pointTurns(large, 300_000, 4, 5);
    for (let turn = from; turn < to; turn += 1) expect(paintedAt(turn, 5, 10)).toBeLessThan(5);
  });
});

describe("picking", () => {
  const layout = layOut({ n_layers: 3, n_neurons: 12 });
  const ray = { origin: { x: 0.1, y: 9, z: 0.1 }, direction: { x: 0, y: -1, z: 0 } };

  it("meets a neuron on each plate, the nearest first", () => {
    const units = met(layout, ray);
    expect(units.map(({ layer }) => layer)).toEqual([2, 1, 0]);
    expect(new Set(units.map(({ neuron }) => neuron)).size).toBe(1);
  });

  it("sees through plates to what is bright behind them", () => {
    const units = met(layout, ray);
    expect(picked(units, ({ layer }) => (layer === 0 ? 1 : 0))).toEqual(units[2]);
    expect(picked(units, () => 0)).toEqual(units[0]);
    expect(picked([], () => 1)).toBeNull();
  });

  it("meets nothing along the plates or behind the eye", () => {
    expect(met(layout, { ...ray, direction: { x: 1, y: 0, z: 0 } })).toEqual([]);
    expect(met(layout, { ...ray, direction: { x: 0, y: 1, z: 0 } })).toEqual([]);
  });
});

describe("names of layers", () => {
  it("never come nearer than a line, and all are there where there is room", () => {
    expect(spaced([10, 30, 50], 15)).toEqual([10, 30, 50]);
    const many = spaced(
      Array.from({ length: 48 }, (_, layer) => 600 - layer * 6),
      15,
    );
    const shown = many.filter((height) => height !== null);
    shown
      .slice(1)
      .forEach((height, at) => expect(Math.abs(height - (shown[at] as number))).toBeGreaterThanOrEqual(15));
    expect(shown.length).toBe(16);
  });
});

function link(strength: number) {
  return {
    from: { sort: "neuron" as const, layer: 0, unit: 1 },
    to: { sort: "stream" as const, layer: 1 },
    strength,
  };
}

describe("links", () => {
  it("keep the strongest, whatever their sign, and paint them last", () => {
    const kept = strongest([link(0.1), link(-3), link(2), link(0), link(Number.NaN)], 2);
    expect(kept.map(({ strength }) => strength)).toEqual([2, -3]);
  });

  it("are written as shares of the strongest", () => {
    const texels = linkTexels(layOut({ n_layers: 2, n_neurons: 4 }), [link(1), link(-4)]);
    expect([texels[3], texels[11]]).toEqual([0.25, -1]);
    expect(LINK_PIECES).toBeGreaterThan(4);
  });

  it("of attention lead from tokens into heads, from a tenth on", () => {
    const { links } = attentionLinks([0.9, 0.1, 0.05, 0.95], { n_layers: 1, n_heads: 2, n_keys: 2 });
    expect(links.map(({ from, to, strength }) => [endName(from), endName(to), strength])).toEqual([
      ["token 0", "z.0.0", 0.9],
      ["token 1", "z.0.0", 0.1],
      ["token 1", "z.0.1", 0.95],
    ]);
  });

  it("of pairs lead upwards only, and leave out what is not known", () => {
    const about = { title: "", units: "", signed: true, n: 1 };
    const values = [Number.NaN, 2, 3, Number.NaN];
    const { links } = pairLinks("neuron", { names: ["0.5", "1.7"], values, ...about });
    expect(links.map(({ from, to, strength }) => [endName(from), endName(to), strength])).toEqual([
      ["mlp_act.0.5", "mlp_act.1.7", 2],
    ]);
  });

  it("of patched paths lead from each head to what receives", () => {
    const to = { sort: "stream" as const, layer: 1 };
    const { links } = pathLinks([0.5, Number.NaN, 0, 1], { n_layers: 2, n_heads: 2, to });
    expect(links.map(({ from, strength }) => [endName(from), strength])).toEqual([
      ["z.0.0", 0.5],
      ["z.1.0", 0],
      ["z.1.1", 1],
    ]);
  });
});

describe("the flat twin", () => {
  it("shows the strongest of the neurons that share a pixel, with its sign", () => {
    const wide: Activity = {
      n_layers: 1,
      n_neurons: 6,
      detail: "f16",
      data: halves([1, -3, 0, 2, 0.5, 0.25]),
    };
    expect([...pooledRow(wide, 0, 3)]).toEqual([-3, 2, 0.5]);
    expect([...pooledRow(wide, 0, 6)]).toEqual([1, -3, 0, 2, 0.5, 0.25]);
  });

  it("picks the neuron that it drew", () => {
    const layout = flatLayout(six, 600, 300);
    for (const layer of [0, 1])
      for (const neuron of [0, 1, 2]) {
        const { x, y } = flatPlace(layout, { layer, neuron });
        expect(flatPick(layout, six, x, y)).toEqual({ layer, neuron });
      }
    expect(flatPick(layout, six, 1, 1)).toBeNull();
  });
});

describe("the keys", () => {
  const layout = layOut({ n_layers: 2, n_neurons: 12 });

  it("step along neurons, rows and layers and stop at the ends", () => {
    const from = { layer: 0, neuron: 5 };
    expect(stepUnit(layout, from, "ArrowRight")).toEqual({ layer: 0, neuron: 6 });
    expect(stepUnit(layout, from, "ArrowUp")).toEqual({ layer: 1, neuron: 5 });
    expect(stepUnit(layout, from, "ArrowDown")).toEqual(from);
    expect(stepUnit(layout, from, "PageDown")).toEqual({ layer: 0, neuron: 5 + layout.columns });
    expect(stepUnit(layout, from, "End")).toEqual({ layer: 0, neuron: 11 });
    expect(stepUnit(layout, from, "x")).toBeNull();
  });

  it("go round the brightest", () => {
    const units = [
      { layer: 0, neuron: 1 },
      { layer: 1, neuron: 2 },
    ];
    expect(nextOf(units, null)).toBe(units[0]);
    expect(nextOf(units, { layer: 0, neuron: 1 })).toBe(units[1]);
    expect(nextOf(units, { layer: 1, neuron: 2 })).toBe(units[0]);
    expect(nextOf([], null)).toBeNull();
  });
});

describe("the address", () => {
  it("keeps how the view is looked at", () => {
    const look = {
      flat: true,
      signed: true,
      above: 0.25,
      hide: true,
      links: "heads" as const,
      camera: "1_2.5_-3_0_0.1_0",
    };
    expect(readLook(writeLook(look))).toEqual(look);
    expect(writeLook(PLAIN_LOOK)).toBe("");
  });

  it("drops what says nothing known", () => {
    expect(readLook("links:everything,above:-1,camera:1_2,sideways")).toEqual(PLAIN_LOOK);
  });
});

describe("the pace", () => {
  it("draws less sharply where pictures take long, never below its least, and sharply at rest", () => {
    expect(usualStep([0, 50, 100])).toBe(50);
    expect(usualStep([0, 50])).toBeNull();
    expect(nextSharpness(1, 180)).toBeCloseTo(Math.SQRT1_2);
    expect(nextSharpness(0.6, 2000)).toBe(0.5);
    expect(nextSharpness(0.9, 20)).toBe(0.9);
    expect(nextSharpness(0.9, null)).toBe(0.9);
  });
});

describe("the accent", () => {
  it("is that of the dark theme", () => {
    const sheet = readFileSync(new URL("../../src/styles/tokens.css", import.meta.url), "utf8");
    expect(/data-theme="dark"\][^}]*--select: (#\w+)/.exec(sheet)?.[1]).toBe(SELECT);
  });
});
