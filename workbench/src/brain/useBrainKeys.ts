/** The keys of the view: a cursor over neurons, the camera, the stream. */
import { type KeyboardEvent, useState } from "react";
import { number } from "../figures/words";
import { useSelection } from "../state/selection";
import type { BrainScene } from "./scene/BrainScene";
import { nextOf, stepUnit } from "./cursor";
import type { Feed } from "./feed";
import { layOut } from "./scene/layout";
import { type Activity, type Bright, type Unit, valueAt } from "./scene/statistics";
import { unitOf } from "./useMarks";
import type { BrainLook } from "./view";

interface KeysProps {
  feed: Feed;
  look: BrainLook;
  onLook: (patch: Partial<BrainLook>) => void;
  scene: BrainScene | null;
  activity: Activity;
  brightest: readonly Bright[];
  onUnit: (unit: Unit | null) => void;
}

const TURN = 0.12;

export function useBrainKeys(props: KeysProps) {
  const { hovered, selected, hover, pin } = useSelection();
  const [said, setSaid] = useState("");
  const at = unitOf(hovered) ?? unitOf(selected);
  const go = (unit: Unit | null) => {
    if (!unit) return;
    hover({ layer: unit.layer, neuron: unit.neuron });
    setSaid(`mlp_act.${unit.layer}.${unit.neuron}: ${number(valueAt(props.activity, unit))}`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLElement && event.target.matches("button, input, select, summary")) return;
    const unit = at ?? props.brightest[0] ?? { layer: 0, neuron: 0 };
    const done =
      (event.shiftKey && turnView(props.scene, event.key)) ||
      act(event.key, props, { at, pin, go }) ||
      step(event.key, at ? stepUnit(layOut(props.activity), unit, event.key) : unit, go);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { onKeyDown, said };
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

function step(key: string, to: Unit | null, go: (unit: Unit | null) => void): boolean {
  if (!ARROWS.includes(key)) return false;
  go(to);
  return true;
}

function turnView(scene: BrainScene | null, key: string): boolean {
  const way = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, -TURN], ArrowDown: [0, TURN] }[
    key
  ];
  if (!way || !scene) return false;
  scene.turn(way[0] as number, way[1] as number);
  return true;
}

interface Doing {
  at: Unit | null;
  pin: (places: { layer: number; neuron: number }) => void;
  go: (unit: Unit | null) => void;
}

function act(key: string, props: KeysProps, { at, pin, go }: Doing): boolean {
  const { feed, look, onLook, scene, onUnit, brightest } = props;
  const doings: Record<string, () => void> = {
    f: () => onLook({ flat: !look.flat }),
    r: () => {
      scene?.reset();
      onLook({ camera: "" });
    },
    n: () => go(nextOf(brightest, at)),
    p: () => at && pin({ layer: at.layer, neuron: at.neuron }),
    " ": () => feed.toggle(),
    "+": () => scene?.zoom(0.8),
    "=": () => scene?.zoom(0.8),
    "-": () => scene?.zoom(1.25),
    Enter: () => onUnit(at),
    Escape: () => onUnit(null),
  };
  const doing = doings[key];
  doing?.();
  return doing !== undefined;
}
