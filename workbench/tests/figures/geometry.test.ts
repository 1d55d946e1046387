import { describe, expect, it } from "vitest";
import { boxOf, cellAt, labelEvery, layOut, step, type Wanted } from "../../src/figures/geometry";
import { pooled } from "../../src/figures/paint";

const wanted: Wanted = {
  width: 900,
  columns: 14,
  rows: 9,
  rowLabel: 20,
  columnLabel: 40,
  square: false,
  textual: true,
  bottomUp: true,
  tall: 430,
};

describe("the layout of a heat map", () => {
  it.each([true, false])(
    "finds under the middle of each cell's box that cell (bottom up: %s)",
    (bottomUp) => {
      const layout = layOut({ ...wanted, bottomUp });
      for (let row = 0; row < layout.rows; row += 1)
        for (let column = 0; column < layout.columns; column += 1) {
          const box = boxOf(layout, { row, column });
          expect(cellAt(layout, box.left + box.width / 2, box.top + box.height / 2)).toEqual({ row, column });
        }
    },
  );

  it("puts the first layer at the bottom and the first query at the top", () => {
    const up = layOut(wanted);
    const down = layOut({ ...wanted, bottomUp: false });
    expect(boxOf(up, { row: 0, column: 0 }).top).toBeGreaterThan(boxOf(up, { row: 8, column: 0 }).top);
    expect(boxOf(down, { row: 0, column: 0 }).top).toBe(down.top);
  });

  it("has no cell on the labels or beyond the edges", () => {
    const layout = layOut(wanted);
    expect(cellAt(layout, layout.left - 1, layout.top + 1)).toBeNull();
    expect(cellAt(layout, layout.left + 1, layout.top + layout.plotHeight + 1)).toBeNull();
    expect(cellAt(layout, layout.left + layout.plotWidth + 1, layout.top + 1)).toBeNull();
  });

  it("stays inside its width, with whole pixels where cells have room", () => {
    const layout = layOut(wanted);
    expect(layout.left + layout.plotWidth).toBeLessThanOrEqual(900);
    expect(Number.isInteger(layout.cellWidth)).toBe(true);
    const crowded = layOut({ ...wanted, columns: 5000, rows: 3000 });
    expect(crowded.plotWidth).toBeLessThanOrEqual(900);
    expect(crowded.plotHeight).toBeLessThanOrEqual(431);
  });

  it("keeps cells square where asked", () => {
    const layout = layOut({ ...wanted, square: true });
    expect(layout.cellWidth).toBe(layout.cellHeight);
  });

  it("sets labels upright when they are wider than a cell", () => {
    expect(layOut(wanted).upright).toBe(false);
    expect(layOut({ ...wanted, width: 420 }).upright).toBe(true);
    expect(labelEvery(5, 15)).toBe(3);
    expect(labelEvery(40, 15)).toBe(1);
  });
});

describe("the cursor", () => {
  const layout = layOut(wanted);

  it("moves up to the next layer where layers run upwards", () => {
    expect(step(layout, { row: 2, column: 3 }, "ArrowUp")).toEqual({ row: 3, column: 3 });
    const down = layOut({ ...wanted, bottomUp: false });
    expect(step(down, { row: 2, column: 3 }, "ArrowUp")).toEqual({ row: 1, column: 3 });
  });

  it("stops at the edges, and leaves other keys alone", () => {
    expect(step(layout, { row: 8, column: 13 }, "ArrowRight")).toEqual({ row: 8, column: 13 });
    expect(step(layout, { row: 8, column: 13 }, "ArrowUp")).toEqual({ row: 8, column: 13 });
    expect(step(layout, { row: 4, column: 5 }, "Home")).toEqual({ row: 4, column: 0 });
    expect(step(layout, { row: 4, column: 5 }, "End")).toEqual({ row: 4, column: 13 });
    expect(step(layout, { row: 4, column: 5 }, "x")).toBeNull();
  });
});

describe("pooling", () => {
  it("shows the strongest of the values that share a pixel, with its sign", () => {
    const values = [1, -9, 2, 3, 0, 4, Number.NaN, -5];
    expect(Array.from(pooled(values, 4, 2, 2, 2).values)).toEqual([2, -9, 0, -5]);
  });

  it("leaves the values alone where each has its own pixel", () => {
    const values = [1, 2, 3, 4];
    expect(pooled(values, 2, 2, 100, 100).values).toBe(values);
  });
});
