/** The Prompt lab's whole state as the query part of its address, and back. */
import type { Arguments, Selection } from "../api/shapes";

export type Theme = "light" | "dark";
export type Range = "all" | "slice" | "clip";

export interface LabState {
  model: string;
  prompt: string;
  corrupt: string;
  analysis: string;
  args: Arguments;
  variable: string;
  at: Selection;
  cell: Selection | null;
  range: Range;
  /** Every row of a long axis is drawn, not only the strongest. */
  everyRow: boolean;
  table: boolean;
  theme: Theme | null;
  /** The question was edited after it was last asked. */
  draft: boolean;
}

export const EMPTY: LabState = {
  model: "",
  prompt: "",
  corrupt: "",
  analysis: "logit_lens",
  args: {},
  variable: "",
  at: {},
  cell: null,
  range: "all",
  everyRow: false,
  table: false,
  theme: null,
  draft: false,
};

const PLACE = /^([a-z][a-z_]*):(\d+)$/;

/** Reads `layer:3,head:1`; parts that are not axis:index are dropped. */
export function readPlaces(text: string): Selection {
  const places: Selection = {};
  for (const part of text.split(",")) {
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

function readArguments(text: string | null): Arguments {
  if (!text) return {};
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Arguments) : {};
  } catch {
    return {};
  }
}

function oneOf<T extends string>(text: string | null, allowed: readonly T[]): T | null {
  return allowed.find((word) => word === text) ?? null;
}

/** Reads the state from an address; anything missing or unreadable takes its default. */
export function readAddress(search: string): LabState {
  const query = new URLSearchParams(search);
  const text = (key: string) => query.get(key) ?? "";
  return {
    model: text("model"),
    prompt: text("prompt"),
    corrupt: text("corrupt"),
    analysis: text("analysis") || EMPTY.analysis,
    args: readArguments(query.get("args")),
    variable: text("variable"),
    at: readPlaces(text("at")),
    cell: query.has("cell") ? readPlaces(text("cell")) : null,
    range: oneOf(query.get("range"), ["all", "slice", "clip"] as const) ?? "all",
    everyRow: query.get("rows") === "all",
    table: query.get("table") === "1",
    theme: oneOf(query.get("theme"), ["light", "dark"] as const),
    draft: query.get("draft") === "1",
  };
}

/** Writes the state as an address; whatever equals its default is left out. */
export function writeAddress(state: LabState): string {
  const query = new URLSearchParams();
  const put = (key: string, text: string) => text !== "" && query.set(key, text);
  put("model", state.model);
  put("prompt", state.prompt);
  put("corrupt", state.corrupt);
  put("analysis", state.analysis);
  put("args", Object.keys(state.args).length ? JSON.stringify(state.args) : "");
  put("variable", state.variable);
  put("at", writePlaces(state.at));
  put("cell", state.cell ? writePlaces(state.cell) : "");
  put("range", state.range === "all" ? "" : state.range);
  put("rows", state.everyRow ? "all" : "");
  put("table", state.table ? "1" : "");
  put("theme", state.theme ?? "");
  put("draft", state.draft ? "1" : "");
  return query.toString();
}
