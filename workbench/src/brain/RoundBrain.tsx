/** The 3D canvas with the words and marks on it, and what a pointer does there. */
import { type PointerEvent, useEffect, useLayoutEffect, useRef } from "react";
import type { BrainScene, Drawn, Spot } from "./scene/BrainScene";
import type { Feed, FeedToken } from "./feed";
import type { Linkage } from "./scene/links";
import { Ends, LayerNames, type Marked, Rings } from "./Marks";
import { placeOverlay } from "./scene/overlay";
import type { Unit } from "./scene/statistics";
import { useScene } from "./useScene";
import type { BrainLook } from "./view";

interface RoundProps {
  feed: Feed;
  look: BrainLook;
  reach: number;
  linkage: Linkage | null;
  layer: number | null;
  marks: readonly Marked[];
  mean: ArrayLike<number>;
  tokens: readonly FeedToken[];
  /** The view has the keyboard, so the wheel may zoom. */
  focused: boolean;
  onScene: (scene: BrainScene | null) => void;
  onPoint: (unit: Unit | null, spot: Spot) => void;
  onSelect: (unit: Unit | null) => void;
  onDrawn: (drawn: Drawn) => void;
  onTrouble: (words: string) => void;
  onCamera: (camera: string) => void;
}

/** Pixels that a press may move and still be a click. */
const STILL = 4;

export function RoundBrain(props: RoundProps) {
  const { feed, look, reach, linkage, layer, marks, mean, tokens, focused } = props;
  const { onScene, onDrawn, onTrouble, onCamera } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const onDraw = (drawing: BrainScene, drawn: Drawn) => {
    if (host.current) placeOverlay(drawing, host.current);
    onDrawn(drawn);
  };
  const scene = useScene(canvas, { feed, look, reach, linkage, layer, onDraw, onTrouble, onCamera });
  useEffect(() => onScene(scene), [scene, onScene]);
  useLayoutEffect(() => {
    if (scene && host.current) placeOverlay(scene, host.current);
  }, [scene, marks, mean.length, linkage]);
  useLayoutEffect(() => scene?.listenToWheel(focused), [scene, focused]);
  return (
    <div ref={host} className="brain-canvas" {...usePointer(scene, props)}>
      <canvas ref={canvas} aria-hidden="true" />
      <LayerNames mean={mean} />
      <Ends linkage={linkage} tokens={tokens} />
      <Rings marks={marks} />
    </div>
  );
}

function usePointer(scene: BrainScene | null, { onPoint, onSelect }: RoundProps) {
  const pressed = useRef<Spot | null>(null);
  return {
    onPointerDownCapture: (event: PointerEvent) => {
      pressed.current = spotOf(event);
    },
    onPointerMove: (event: PointerEvent) => {
      const spot = spotOf(event);
      onPoint(event.buttons === 0 ? (scene?.pick(spot) ?? null) : null, spot);
    },
    onPointerLeave: () => onPoint(null, { x: 0, y: 0 }),
    onPointerUp: (event: PointerEvent) => {
      const [from, to] = [pressed.current, spotOf(event)];
      pressed.current = null;
      if (scene && from && Math.hypot(to.x - from.x, to.y - from.y) <= STILL) onSelect(scene.pick(to));
    },
  };
}

function spotOf(event: PointerEvent): Spot {
  const frame = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - frame.left, y: event.clientY - frame.top };
}
