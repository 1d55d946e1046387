/** Neurons that are selected, pinned or pointed at anywhere in the workbench. */
import { useMemo } from "react";
import type { Selection } from "../api/shapes";
import { useSelection } from "../state/selection";
import type { Marked } from "./Marks";
import type { Unit } from "./scene/statistics";

export function unitOf(places: Selection | null): Unit | null {
  const { layer, neuron } = places ?? {};
  return layer === undefined || neuron === undefined ? null : { layer, neuron };
}

export function useMarks(): { marks: readonly Marked[]; unit: Unit | null } {
  const { hovered, selected, pins } = useSelection();
  return useMemo(() => {
    const unit = unitOf(selected);
    const marks: Marked[] = pins.flatMap((places) => {
      const pinned = unitOf(places);
      return pinned && !same(pinned, unit) ? [{ ...pinned, sort: "pinned" as const }] : [];
    });
    if (unit) marks.push({ ...unit, sort: "selected" });
    const pointed = unitOf(hovered);
    if (pointed && !marks.some((mark) => same(mark, pointed))) marks.push({ ...pointed, sort: "hovered" });
    return { marks, unit };
  }, [hovered, selected, pins]);
}

function same(one: Unit, other: Unit | null): boolean {
  return one.layer === other?.layer && one.neuron === other.neuron;
}
