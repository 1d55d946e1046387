/** Places in a result as text: `layer:3,head:1`. */
import type { Selection } from "../api/shapes";

const PLACE = /^([a-z][a-z_]*):(\d+)$/;

/** Reads `layer:3,head:1`; parts that are not axis:index are dropped. */
export function readPlaces(text: string | undefined): Selection {
  const places: Selection = {};
  for (const part of (text ?? "").split(",")) {
    const match = PLACE.exec(part.trim());
    if (match?.[1] !== undefined) places[match[1]] = Number(match[2]);
  }
  return places;
}

export function writePlaces(places: Selection): string {
  return Object.entries(places)
    .map(([axis, index]) => `${axis}:${index}`)
    .join(",");
}

/** Whether two selections name the same places, in whatever order. */
export function samePlaces(one: Selection | null, other: Selection | null): boolean {
  if (!one || !other) return one === other;
  const axes = Object.keys(one);
  return axes.length === Object.keys(other).length && axes.every((axis) => one[axis] === other[axis]);
}
