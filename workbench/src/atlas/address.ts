/** The atlas's own keys of the query: the map, the colours, the region, the part of the plane shown. */
import type { Corner, Frame } from "../figures/pointcloud";
import type { Query } from "../state/page";

export const METHODS = ["pca", "tsne", "umap"] as const;
export type Method = (typeof METHODS)[number];

/** Writes a number with as few letters as a place on the screen needs. */
function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

export function writeFrame(frame: Frame | null): string {
  return frame ? [frame.left, frame.right, frame.bottom, frame.top].map(short).join(",") : "";
}

export function readFrame(text: string | undefined): Frame | null {
  const [left, right, bottom, top, ...rest] = (text ?? "").split(",").map(Number);
  if (left === undefined || right === undefined || bottom === undefined || top === undefined) return null;
  if (rest.length > 0 || ![left, right, bottom, top].every(Number.isFinite)) return null;
  return right > left && top > bottom ? { left, right, bottom, top } : null;
}

export function writeOutline(outline: readonly Corner[] | null): string {
  return (outline ?? []).map(([x, y]) => `${short(x)},${short(y)}`).join(";");
}

export function readOutline(text: string | undefined): Corner[] | null {
  const corners = (text ?? "").split(";").map((part) => part.split(",").map(Number));
  const sound = corners.every((corner) => corner.length === 2 && corner.every(Number.isFinite));
  return sound && corners.length >= 3 ? (corners as unknown as Corner[]) : null;
}

export function methodOf(query: Query): Method | null {
  return METHODS.find((method) => method === query.map) ?? null;
}
