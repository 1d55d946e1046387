/** Where the cells of a heat map lie, and which cell lies under a point. */

export interface Layout {
  left: number;
  top: number;
  cellWidth: number;
  cellHeight: number;
  columns: number;
  rows: number;
  plotWidth: number;
  plotHeight: number;
  width: number;
  height: number;
  /** Column labels stand upright because they are wider than a cell. */
  upright: boolean;
  bottomUp: boolean;
}

export interface Place {
  column: number;
  row: number;
}

export interface Wanted {
  width: number;
  columns: number;
  rows: number;
  /** Width in pixels of the longest label of each side. */
  rowLabel: number;
  columnLabel: number;
  square: boolean;
  /** Cells hold text, so they may grow wide. */
  textual: boolean;
  bottomUp: boolean;
  /** Height that the cells should fill at most. */
  tall: number;
}

const LABEL_GAP = 8;
const MOST_LABEL = 120;
const AXIS_NAME = 20;
const WIDEST_TEXT = 92;
const WIDEST = 72;
const TALLEST = 38;

/** Lays out a heat map in the width that it has. */
export function layOut(wanted: Wanted): Layout {
  const { width, columns, rows, square, textual, bottomUp, tall } = wanted;
  const left = Math.ceil(Math.min(wanted.rowLabel, MOST_LABEL)) + LABEL_GAP + AXIS_NAME;
  const room = Math.max(width - left - 1, 40);
  const widest = textual ? WIDEST_TEXT : WIDEST;
  let cellWidth = snapped(Math.min(room / columns, widest));
  let cellHeight = snapped(Math.min(tall / rows, TALLEST));
  if (square) {
    const side = snapped(Math.min(room / columns, tall / rows, WIDEST));
    cellWidth = side;
    cellHeight = side;
  }
  const upright = wanted.columnLabel + 6 > cellWidth;
  const bottom = (upright ? Math.min(wanted.columnLabel, MOST_LABEL) : 14) + LABEL_GAP + AXIS_NAME;
  const plotWidth = cellWidth * columns;
  const plotHeight = cellHeight * rows;
  const height = Math.ceil(plotHeight + bottom + 1);
  return {
    left,
    top: 1,
    cellWidth,
    cellHeight,
    columns,
    rows,
    plotWidth,
    plotHeight,
    width,
    height,
    upright,
    bottomUp,
  };
}

/** Whole pixels where a cell has at least one, so that edges stay sharp. */
function snapped(size: number): number {
  return size >= 1 ? Math.floor(size) : size;
}

/** Row index drawn at a line counted from the top. */
export function rowAt(layout: Layout, line: number): number {
  return layout.bottomUp ? layout.rows - 1 - line : line;
}

/** Cell under a point of the drawing, or null outside the cells. */
export function cellAt(layout: Layout, x: number, y: number): Place | null {
  const column = Math.floor((x - layout.left) / layout.cellWidth);
  const line = Math.floor((y - layout.top) / layout.cellHeight);
  if (column < 0 || column >= layout.columns || line < 0 || line >= layout.rows) return null;
  return { column, row: rowAt(layout, line) };
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Box of a cell in the drawing. */
export function boxOf(layout: Layout, { column, row }: Place): Box {
  return {
    left: layout.left + column * layout.cellWidth,
    top: layout.top + rowAt(layout, row) * layout.cellHeight,
    width: layout.cellWidth,
    height: layout.cellHeight,
  };
}

function clamp(value: number, size: number): number {
  return Math.min(Math.max(value, 0), size - 1);
}

/** Cell that an arrow key leads to; the cursor stops at the edges. */
export function step(layout: Layout, from: Place, key: string): Place | null {
  const up = layout.bottomUp ? 1 : -1;
  const move: Record<string, readonly [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, up],
    ArrowDown: [0, -up],
    Home: [-from.column, 0],
    End: [layout.columns, 0],
    PageUp: [0, 10 * up],
    PageDown: [0, -10 * up],
  };
  const by = move[key];
  if (!by) return null;
  return { column: clamp(from.column + by[0], layout.columns), row: clamp(from.row + by[1], layout.rows) };
}

/** Every how many labels one is shown, so that they do not touch. */
export function labelEvery(cell: number, needed: number): number {
  return Math.max(1, Math.ceil(needed / cell));
}
