// @vitest-environment jsdom
import "../setup";
import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { PointCanvas, type PointProps } from "../../src/figures/PointCanvas";
import { spread } from "../../src/figures/PointMarks";
import { packed, paintPoints, radiusOf, stampOf } from "../../src/figures/paintpoints";
import { byGroup, byValue, palette } from "../../src/figures/pointcolours";
import {
  ahead,
  boxed,
  type Corner,
  fitted,
  nearest,
  netOf,
  onPlane,
  onScreen,
  shifted,
  squared,
  thinned,
  within,
  zoomed,
} from "../../src/figures/pointcloud";
import { THEMES } from "../../src/words.gen";

const size = { width: 400, height: 200 };
const cross = { x: [0, -1, 1, 0, 0], y: [0, 0, 0, 1, -1] };

/** A thousand points that a rule, not chance, puts down. */
function many(count: number) {
  const x = Float64Array.from({ length: count }, (_, index) => Math.sin(index * 12.9898) * 40);
  const y = Float64Array.from({ length: count }, (_, index) => Math.cos(index * 78.233) * 25);
  return { x, y };
}

describe("the plane and the screen", () => {
  it("are each other's inverse", () => {
    const frame = { left: -3, right: 5, bottom: 1, top: 9 };
    const [across, down] = onScreen(frame, size, [2, 4]);
    const back = onPlane(frame, size, [across, down]);
    expect(back[0]).toBeCloseTo(2);
    expect(back[1]).toBeCloseTo(4);
    expect(onScreen(frame, size, [-3, 9])).toEqual([0, 0]);
  });

  it("give one unit the same length both ways where they are squared", () => {
    const frame = squared(fitted(cross), size);
    const unit = (frame.right - frame.left) / size.width;
    expect((frame.top - frame.bottom) / size.height).toBeCloseTo(unit);
    expect(frame.left).toBeLessThanOrEqual(-1);
    expect(frame.top).toBeGreaterThanOrEqual(1);
  });

  it("keep the place under the pointer while zooming, and follow the hand while moving", () => {
    const frame = fitted(cross);
    const place: Corner = [0.3, -0.2];
    const before = onScreen(frame, size, place);
    const after = onScreen(zoomed(frame, 3, place), size, place);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
    const moved = onScreen(shifted(frame, size, 17, -5), size, place);
    expect(moved[0]).toBeCloseTo(before[0] + 17);
    expect(moved[1]).toBeCloseTo(before[1] - 5);
  });
});

describe("the net", () => {
  it("finds the same nearest point as looking at all of them", () => {
    const cloud = many(1000);
    const net = netOf(cloud);
    const frame = squared(fitted(cloud), size);
    for (let turn = 0; turn < 200; turn += 1) {
      const place: Corner = [(turn * 37) % size.width, (turn * 61) % size.height];
      const found = nearest(cloud, net, frame, size, place, 9);
      const far = Array.from(cloud.x, (x, index) => {
        const [across, down] = onScreen(frame, size, [x, cloud.y[index] as number]);
        return Math.hypot(across - place[0], down - place[1]);
      });
      const least = Math.min(...far);
      if (least > 9) expect(found).toBeNull();
      else expect(far[found as number]).toBeCloseTo(least);
    }
  });

  it("leaves out points without a place", () => {
    const cloud = { x: [0, Number.NaN, 1], y: [0, 0, Number.NaN] };
    expect([...netOf(cloud).points]).toEqual([0]);
  });
});

describe("an outline", () => {
  it("encloses what lies within its box and nothing else", () => {
    const cloud = many(500);
    const kept = within(cloud, boxed([-10, -5], [20, 15]));
    for (let index = 0; index < 500; index += 1) {
      const [x, y] = [cloud.x[index] as number, cloud.y[index] as number];
      expect(kept[index]).toBe(Number(x > -10 && x < 20 && y > -5 && y < 15));
    }
  });

  it("leaves out the inside of its bay", () => {
    const bay: Corner[] = [
      [0, 0],
      [4, 0],
      [4, 4],
      [2, 1],
      [0, 4],
    ];
    expect([...within({ x: [2, 2], y: [3, 0.5] }, bay)]).toEqual([0, 1]);
  });

  it("keeps no more corners than an address can hold", () => {
    const long = Array.from({ length: 300 }, (_, index): Corner => [index, index]);
    expect(thinned(long, 40)).toHaveLength(40);
    expect(thinned(long.slice(0, 5), 40)).toHaveLength(5);
  });
});

describe("the arrow keys", () => {
  it("lead to the next point that way, and nowhere beyond the last", () => {
    const frame = squared(fitted(cross), size);
    const go = (from: number | null, key: string) => ahead(cross, frame, size, from, key);
    expect(go(0, "ArrowLeft")).toBe(1);
    expect(go(0, "ArrowRight")).toBe(2);
    expect(go(0, "ArrowUp")).toBe(3);
    expect(go(0, "ArrowDown")).toBe(4);
    expect(go(2, "ArrowRight")).toBeNull();
  });
});

/** Pixels that painting leaves, as 0xRRGGBB by row then column. */
function painted(picture: Partial<Parameters<typeof paintPoints>[1]>, wide = 9, high = 9) {
  let data = new Uint8ClampedArray();
  const context = {
    createImageData: (columns: number, rows: number) => ({ data: new Uint8ClampedArray(columns * rows * 4) }),
    putImageData: (image: { data: Uint8ClampedArray<ArrayBuffer> }) => {
      data = image.data;
    },
  } as unknown as CanvasRenderingContext2D;
  paintPoints(
    context,
    {
      x: [4],
      y: [4],
      frame: { left: 0, right: wide, bottom: 0, top: high },
      size: { width: wide, height: high },
      colours: Uint32Array.of(0xd55e00),
      order: null,
      faint: null,
      radius: 1.5,
      rim: null,
      background: "#14171c",
      faintTone: "#2b313a",
      ...picture,
    },
    1,
  );
  return (column: number, row: number) => {
    const place = (row * wide + column) * 4;
    return ((data[place] as number) << 16) | ((data[place + 1] as number) << 8) | (data[place + 2] as number);
  };
}

describe("painting", () => {
  it("puts the exact colour at the point and the background elsewhere", () => {
    const at = painted({});
    expect(at(4, 5)).toBe(0xd55e00);
    expect(at(0, 0)).toBe(0x14171c);
    expect(at(8, 8)).toBe(0x14171c);
  });

  it("lays later points over earlier ones, and those that step back under all", () => {
    const two = { x: [4, 4], y: [4, 4], colours: Uint32Array.of(0x0072b2, 0xe69f00) };
    expect(painted(two)(4, 5)).toBe(0xe69f00);
    expect(painted({ ...two, order: Uint32Array.of(1, 0) })(4, 5)).toBe(0x0072b2);
    expect(painted({ ...two, faint: Uint8Array.of(0, 1) })(4, 5)).toBe(0x0072b2);
    expect(painted({ ...two, faint: Uint8Array.of(1, 1) })(4, 5)).toBe(0x2b313a);
  });

  it("draws nothing for a point without a place or outside the frame", () => {
    const at = painted({ x: [Number.NaN, 40], y: [4, 4], colours: Uint32Array.of(1, 2) });
    for (let row = 0; row < 9; row += 1)
      for (let column = 0; column < 9; column += 1) expect(at(column, row)).toBe(0x14171c);
  });

  it("gives the palest points a rim, beneath every point", () => {
    const two = { x: [4, 5], y: [4, 4], colours: Uint32Array.of(0xffffff, 0xffffff) };
    const at = painted({ ...two, rim: "#c3c8ce" });
    expect(at(4, 5)).toBe(0xffffff);
    expect(at(5, 5)).toBe(0xffffff);
    expect(at(2, 5)).not.toBe(0x14171c);
  });

  it("covers as many pixels as the disc has room for", () => {
    for (const radius of [1.1, 2, 3.4, 5]) {
      const covered = stampOf(radius).cover.reduce((sum, share) => sum + share, 0) / 256;
      expect(Math.abs(covered - Math.PI * radius ** 2)).toBeLessThan(0.15 * Math.PI * radius ** 2 + 0.6);
    }
  });

  it("makes points smaller the more there are, and larger the closer one comes", () => {
    expect(radiusOf(200, 1)).toBeGreaterThan(radiusOf(4000, 1));
    expect(radiusOf(4000, 1)).toBeGreaterThan(radiusOf(36_864, 1));
    expect(radiusOf(36_864, 8)).toBeGreaterThan(radiusOf(36_864, 1));
  });
});

describe("colours", () => {
  const domain = { low: -2, high: 2, scale: "signed", clipped: 0 } as const;

  it("tell no value, not distinct from random, and the strongest on top", () => {
    const found = byValue([0.5, -2, Number.NaN, 1], [false, false, false, true], domain, "light");
    expect(found.missing).toBe(1);
    expect(found.unsure).toBe(1);
    expect([...found.order]).toEqual([2, 3, 0, 1]);
    expect(found.colours[2]).toBe(packed(THEMES.light.missing));
    expect(found.colours[3]).toBe(packed(THEMES.light.veil));
    expect(found.colours[1]).toBe(packed(THEMES.light.signed[0]));
  });

  it("of groups are the palette's, in order, and grey beyond it", () => {
    for (const theme of ["light", "dark"] as const) {
      const tones = palette(theme);
      const found = byGroup([0, 1, -1, 99], theme);
      expect(Array.from(found.colours.slice(0, 2))).toEqual(tones.slice(0, 2).map(packed));
      expect(found.colours[3]).toBe(packed(THEMES[theme].veil));
      expect(found.missing).toBe(1);
      expect(new Set(tones).size).toBe(tones.length);
    }
  });
});

describe("words at places", () => {
  it("do not cover one another", () => {
    const signs = [100, 104, 100].map((x, turn) => ({
      text: `${turn}`,
      at: [x, 50 + turn] as const,
      colour: "",
    }));
    const placed = spread(signs, size);
    const heights = placed.map(({ at }) => at[1]).toSorted((one, other) => one - other);
    expect((heights[1] as number) - (heights[0] as number)).toBeGreaterThanOrEqual(16);
    expect((heights[2] as number) - (heights[1] as number)).toBeGreaterThanOrEqual(16);
  });
});

function shown(more: Partial<PointProps> = {}) {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(size.width);
  const calls = { onFrame: vi.fn(), onOutline: vi.fn(), onHover: vi.fn(), onPick: vi.fn() };
  render(
    <PointCanvas
      label="Neurons"
      cloud={cross}
      colours={new Uint32Array(5)}
      order={null}
      faint={null}
      marks={[]}
      signs={[]}
      trails={[]}
      xName="x"
      yName="y"
      ticks={false}
      square
      theme="light"
      tall={size.height}
      frame={null}
      tool="move"
      outline={null}
      {...calls}
      {...more}
    />,
  );
  return { plot: screen.getByRole("application"), ...calls };
}

describe("a scatter", () => {
  it("moves its cursor with the arrow keys, selects with Enter and pins with Shift Enter", () => {
    const { plot, onHover, onPick } = shown();
    fireEvent.keyDown(plot, { key: "ArrowLeft" });
    expect(onHover).toHaveBeenLastCalledWith(1);
    fireEvent.keyDown(plot, { key: "Enter" });
    expect(onPick).toHaveBeenLastCalledWith(1, false);
    fireEvent.keyDown(plot, { key: "Enter", shiftKey: true });
    expect(onPick).toHaveBeenLastCalledWith(1, true);
  });

  it("selects the point under the pointer, and none where there is none", () => {
    const { plot, onPick } = shown();
    const [across, down] = onScreen(squared(fitted(cross), size), size, [1, 0]);
    for (const [x, y] of [
      [across, down],
      [5, 5],
    ]) {
      fireEvent.pointerDown(plot, { clientX: x, clientY: y, button: 0 });
      fireEvent.pointerUp(plot, { clientX: x, clientY: y, button: 0 });
    }
    expect(onPick.mock.calls).toEqual([[2, false]]);
  });

  it("hands on the box that was drawn", () => {
    const { plot, onOutline } = shown({ tool: "box" });
    fireEvent.pointerDown(plot, { clientX: 10, clientY: 20, button: 0 });
    fireEvent.pointerMove(plot, { clientX: 300, clientY: 150 });
    fireEvent.pointerUp(plot, { clientX: 300, clientY: 150 });
    const frame = squared(fitted(cross), size);
    expect(onOutline).toHaveBeenCalledWith(
      boxed(onPlane(frame, size, [10, 20]), onPlane(frame, size, [300, 150])),
    );
  });

  it("zooms about its middle with + and shows all with 0", () => {
    const { plot, onFrame } = shown();
    fireEvent.keyDown(plot, { key: "+" });
    const frame = onFrame.mock.lastCall?.[0];
    expect(frame.right - frame.left).toBeCloseTo((2 * 2.16) / 1.25, 3);
    fireEvent.keyDown(plot, { key: "0" });
    expect(onFrame).toHaveBeenLastCalledWith(null);
  });
});
