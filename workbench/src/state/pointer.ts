/** The place under the pointer or cursor, shared by every panel so that they light up together. */
import { create } from "zustand";
import type { Selection } from "../api/shapes";

interface Pointer {
  places: Selection | null;
  point: (places: Selection | null) => void;
}

export const usePointer = create<Pointer>((set) => ({
  places: null,
  point: (places) => set({ places }),
}));

/** Index that the pointer gives to any of some axes, or null. */
export function pointed(places: Selection | null, ...axes: (string | null)[]): number | null {
  for (const axis of axes) if (axis !== null && places?.[axis] !== undefined) return places[axis];
  return null;
}
