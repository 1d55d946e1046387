/** What is pointed at, selected and pinned: one for all panels, so that they light up together. */
import { create } from "zustand";
import type { Selection } from "../api/shapes";
import { usePageStore } from "./page";
import { readPlaces, samePlaces, writePlaces } from "./places";

interface Selecting {
  hovered: Selection | null;
  /** The place of the last click or Enter; it stands in the address as `sel`. */
  selected: Selection | null;
  /** Places kept while others are selected; they stand in the address as `pins`. */
  pins: readonly Selection[];
  hover: (places: Selection | null) => void;
  select: (places: Selection | null) => void;
  pin: (places: Selection) => void;
  unpin: (places: Selection) => void;
}

const BETWEEN = ";";

export const useSelection = create<Selecting>((set, now) => ({
  hovered: null,
  ...readSelection({}),
  hover: (hovered) => {
    if (!samePlaces(hovered, now().hovered)) set({ hovered });
  },
  select: (places) => write("sel", places ? writePlaces(places) : ""),
  pin: (places) => {
    const { pins } = now();
    if (!pins.some((one) => samePlaces(one, places))) writePins([...pins, places]);
  },
  unpin: (places) => writePins(now().pins.filter((one) => !samePlaces(one, places))),
}));

function write(key: string, text: string): void {
  usePageStore.getState().set({ [key]: text });
}

function writePins(pins: readonly Selection[]): void {
  write("pins", pins.map(writePlaces).join(BETWEEN));
}

function named(places: Selection): boolean {
  return Object.keys(places).length > 0;
}

function readSelection(query: Readonly<Record<string, string>>) {
  const selected = readPlaces(query.sel);
  const pins = (query.pins ?? "").split(BETWEEN).map(readPlaces);
  return { selected: named(selected) ? selected : null, pins: pins.filter(named) };
}

usePageStore.subscribe(({ query }, { query: before }) => {
  if (query.sel !== before.sel || query.pins !== before.pins) useSelection.setState(readSelection(query));
});

/** Index that places give to any of some axes, or null. */
export function pointed(places: Selection | null, ...axes: (string | null)[]): number | null {
  for (const axis of axes) if (axis !== null && places?.[axis] !== undefined) return places[axis];
  return null;
}
