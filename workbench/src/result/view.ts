/** How an answer is looked at: which variable, where its sliders stand, how its colours span; kept in the query. */
import { useCallback, useMemo } from "react";
import type { Selection } from "../api/shapes";
import { type Patch, type Query, usePage } from "../state/page";
import { readPlaces, writePlaces } from "../state/places";

export type Range = "all" | "slice" | "clip";

export interface View {
  variable: string;
  at: Selection;
  range: Range;
  /** Every row of a long axis is drawn, not only the strongest. */
  everyRow: boolean;
  table: boolean;
}

export const PLAIN: View = { variable: "", at: {}, range: "all", everyRow: false, table: false };

/** Reads the view of a slot; the keys of the first panel end in nothing, others in `.2`, `.left` and so on. */
export function readView(query: Query, slot = ""): View {
  const range = query[`range${slot}`];
  return {
    variable: query[`variable${slot}`] ?? "",
    at: readPlaces(query[`at${slot}`]),
    range: range === "slice" || range === "clip" ? range : "all",
    everyRow: query[`rows${slot}`] === "all",
    table: query[`table${slot}`] === "1",
  };
}

/** The keys of a slot that say the view; what equals its default is left out. */
export function writeView(view: View, slot = ""): Patch {
  return {
    [`variable${slot}`]: view.variable,
    [`at${slot}`]: writePlaces(view.at),
    [`range${slot}`]: view.range === "all" ? null : view.range,
    [`rows${slot}`]: view.everyRow ? "all" : null,
    [`table${slot}`]: view.table ? "1" : null,
  };
}

export type Look = (part: Partial<View>) => void;

/** The view of a slot of the page, and how to change it. */
export function useView(slot: string): [View, Look] {
  const { query, set } = usePage();
  const view = useMemo(() => readView(query, slot), [query, slot]);
  const look = useCallback<Look>((part) => set(writeView({ ...view, ...part }, slot)), [set, view, slot]);
  return [view, look];
}
