/** Painting of a heat map on a canvas: cells from a table of colours, then text and labels. */
import { channels, inkOn, shade } from "../colour/ramp";
import { type Domain, shareOf } from "../colour/domain";
import { boxOf, labelEvery, type Layout, rowAt } from "./geometry";
import type { Label } from "./words";

export const MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
export const SANS =
  '-apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif';

export interface Ink {
  text: string;
  muted: string;
  background: string;
  missing: string;
  veil: string;
}

export interface Picture {
  layout: Layout;
  /** Numbers by row then column. */
  values: ArrayLike<number>;
  /** What stands in the cells, by row then column. */
  words: readonly string[] | null;
  /** Cells under a grey veil, by row then column. */
  unsure: readonly boolean[] | null;
  /** Cells with a mark in the upper right corner, by row then column. */
  marked?: readonly boolean[] | null;
  /** The words are numbers, which are shown whole or not at all. */
  numeric: boolean;
  lut: Uint8ClampedArray;
  domain: Domain;
  columns: readonly Label[];
  rows: readonly Label[];
  ink: Ink;
}

/** Draws the whole picture. */
export function paint(context: CanvasRenderingContext2D, picture: Picture, ratio: number): void {
  const { layout } = picture;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, layout.width, layout.height);
  paintCells(context, picture, ratio);
  if (picture.unsure) paintVeil(context, picture, picture.unsure);
  if (layout.cellWidth >= 8 && layout.cellHeight >= 8) paintLines(context, picture);
  if (picture.marked) paintCorners(context, picture, picture.marked);
  if (picture.words) paintWords(context, picture, picture.words);
  paintColumnLabels(context, picture);
  paintRowLabels(context, picture);
}

/** Values as they fall on the pixels: where several share one, the strongest of them shows. */
export function pooled(values: ArrayLike<number>, rows: number, columns: number, high: number, wide: number) {
  if (high >= rows && wide >= columns) return { values, rows, columns };
  const kept = { rows: Math.min(high, rows), columns: Math.min(wide, columns) };
  const found = new Float64Array(kept.rows * kept.columns).fill(Number.NaN);
  const lines = Uint32Array.from({ length: columns }, (_, column) =>
    Math.floor((column * kept.columns) / columns),
  );
  for (let row = 0; row < rows; row += 1) {
    const from = Math.floor((row * kept.rows) / rows) * kept.columns;
    for (let column = 0; column < columns; column += 1) {
      const value = values[row * columns + column] as number;
      const place = from + (lines[column] as number);
      const before = found[place] as number;
      if (Number.isNaN(before) || Math.abs(value) > Math.abs(before)) found[place] = value;
    }
  }
  return { values: found as ArrayLike<number>, ...kept };
}

function paintCells(context: CanvasRenderingContext2D, picture: Picture, ratio: number): void {
  const { layout, domain, ink } = picture;
  const pixels = (size: number) => Math.max(1, Math.round(size * ratio));
  const small = pooled(
    picture.values,
    layout.rows,
    layout.columns,
    pixels(layout.plotHeight),
    pixels(layout.plotWidth),
  );
  const image = context.createImageData(small.columns, small.rows);
  const cells = new Uint32Array(image.data.buffer);
  const lut = wholePixels(picture.lut);
  const missing = inMemory(...channels(ink.missing));
  for (let line = 0; line < small.rows; line += 1) {
    const from = (layout.bottomUp ? small.rows - 1 - line : line) * small.columns;
    for (let column = 0; column < small.columns; column += 1) {
      const share = shareOf(small.values[from + column] as number, domain);
      cells[line * small.columns + column] = Number.isNaN(share)
        ? missing
        : (lut[shadeAt(share, lut.length)] as number);
    }
  }
  const buffer = document.createElement("canvas");
  buffer.width = small.columns;
  buffer.height = small.rows;
  buffer.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(buffer, layout.left, layout.top, layout.plotWidth, layout.plotHeight);
}

/** An opaque colour as the canvas keeps it in memory, in one number. */
function inMemory(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function wholePixels(lut: Uint8ClampedArray): Uint32Array {
  return Uint32Array.from({ length: lut.length / 3 }, (_, step) =>
    inMemory(lut[3 * step] ?? 0, lut[3 * step + 1] ?? 0, lut[3 * step + 2] ?? 0),
  );
}

function shadeAt(share: number, steps: number): number {
  return Math.round(Math.min(Math.max(share, 0), 1) * (steps - 1));
}

const LEAST_HATCHED = 6;

/** A grey veil over cells that are not distinct from random, and strokes in two corners of those with room. */
function paintVeil(
  context: CanvasRenderingContext2D,
  { layout, ink }: Picture,
  unsure: readonly boolean[],
): void {
  context.strokeStyle = ink.muted;
  context.lineWidth = 0.8;
  for (let row = 0; row < layout.rows; row += 1)
    for (let column = 0; column < layout.columns; column += 1) {
      if (!unsure[row * layout.columns + column]) continue;
      const { left, top, width, height } = boxOf(layout, { row, column });
      context.globalAlpha = 0.7;
      context.fillStyle = ink.veil;
      context.fillRect(left, top, width, height);
      context.globalAlpha = 1;
      if (Math.min(width, height) < LEAST_HATCHED) continue;
      const reach = 0.32 * Math.min(width, height);
      context.beginPath();
      context.moveTo(left, top + reach);
      context.lineTo(left + reach, top);
      context.moveTo(left + width - reach, top + height);
      context.lineTo(left + width, top + height - reach);
      context.stroke();
    }
}

/** A triangle in the upper right corner of the marked cells. */
function paintCorners(
  context: CanvasRenderingContext2D,
  { layout, ink }: Picture,
  marked: readonly boolean[],
): void {
  context.fillStyle = ink.text;
  for (let row = 0; row < layout.rows; row += 1)
    for (let column = 0; column < layout.columns; column += 1) {
      if (!marked[row * layout.columns + column]) continue;
      const { left, top, width, height } = boxOf(layout, { row, column });
      const reach = Math.max(0.25 * Math.min(width, height), 2);
      context.beginPath();
      context.moveTo(left + width - 1 - reach, top);
      context.lineTo(left + width - 1, top);
      context.lineTo(left + width - 1, top + reach);
      context.fill();
    }
}

function paintLines(context: CanvasRenderingContext2D, { layout, ink }: Picture): void {
  context.fillStyle = ink.background;
  for (let column = 1; column <= layout.columns; column += 1)
    context.fillRect(layout.left + column * layout.cellWidth - 1, layout.top, 1, layout.plotHeight);
  for (let line = 1; line <= layout.rows; line += 1)
    context.fillRect(layout.left, layout.top + line * layout.cellHeight - 1, layout.plotWidth, 1);
}

const SIZES = [12, 11, 10];

function paintWords(context: CanvasRenderingContext2D, picture: Picture, words: readonly string[]): void {
  const { layout, lut, domain, values, unsure, ink } = picture;
  if (!setFont(context, picture, words)) return;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let row = 0; row < layout.rows; row += 1)
    for (let column = 0; column < layout.columns; column += 1) {
      const place = row * layout.columns + column;
      const word = words[place];
      const share = shareOf(values[place] as number, domain);
      if (!word || Number.isNaN(share)) continue;
      const box = boxOf(layout, { row, column });
      context.fillStyle = unsure?.[place] ? ink.text : inkOn(shade(lut, share));
      const shown = fitted(context, word, box.width - 3);
      context.fillText(shown, box.left + box.width / 2, box.top + box.height / 2 + 0.5);
    }
}

/** Takes the largest type that fits; says no where a number would have to be cut. */
function setFont(
  context: CanvasRenderingContext2D,
  { layout, numeric }: Picture,
  words: readonly string[],
): boolean {
  const longest = words.reduce((most, word) => (word.length > most.length ? word : most), "");
  for (const size of SIZES) {
    context.font = `${size}px ${MONO}`;
    const fits = layout.cellHeight >= size + 4 && context.measureText(longest).width <= layout.cellWidth - 4;
    if (fits) return true;
  }
  context.font = `11px ${MONO}`;
  return !numeric && layout.cellHeight >= 14 && layout.cellWidth >= 24;
}

/** A word cut with an ellipsis to what fits. */
function fitted(context: CanvasRenderingContext2D, word: string, width: number): string {
  if (context.measureText(word).width <= width) return word;
  let kept = word;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function font(label: Label): string {
  return label.token ? `12px ${MONO}` : `12px ${SANS}`;
}

function paintColumnLabels(context: CanvasRenderingContext2D, { layout, columns, ink }: Picture): void {
  const every = labelEvery(layout.cellWidth, layout.upright ? 15 : 1);
  context.textBaseline = "middle";
  columns.forEach((label, column) => {
    if (column % every !== 0) return;
    context.font = font(label);
    context.fillStyle = ink.text;
    const middle = layout.left + (column + 0.5) * layout.cellWidth;
    const below = layout.top + layout.plotHeight + 6;
    if (layout.upright) {
      context.save();
      context.translate(middle, below);
      context.rotate(-Math.PI / 2);
      context.textAlign = "right";
      context.fillText(fitted(context, label.text, 120), 0, 0);
      context.restore();
    } else {
      context.textAlign = "center";
      context.fillText(label.text, middle, below + 8);
    }
  });
}

function paintRowLabels(context: CanvasRenderingContext2D, { layout, rows, ink }: Picture): void {
  const every = labelEvery(layout.cellHeight, 14);
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = ink.text;
  for (let line = 0; line < layout.rows; line += 1) {
    const row = rowAt(layout, line);
    const label = rows[row];
    if (!label || row % every !== 0) continue;
    context.font = font(label);
    const middle = layout.top + (line + 0.5) * layout.cellHeight;
    context.fillText(fitted(context, label.text, 120), layout.left - 6, middle + 0.5);
  }
}

/** Widest of some labels in pixels; an estimate where there is no canvas. */
export function widest(labels: readonly Label[], context: CanvasRenderingContext2D | null): number {
  return labels.reduce((most, label) => {
    if (!context) return Math.max(most, label.text.length * 7.3);
    context.font = font(label);
    return Math.max(most, context.measureText(label.text).width);
  }, 0);
}
