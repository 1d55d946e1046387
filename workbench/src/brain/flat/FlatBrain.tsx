/** The flat twin of the 3D view, on a plain canvas: the same numbers, marks and keys. */
import { type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Spot } from "../scene/BrainScene";
import type { Feed } from "../feed";
import { type FlatLayout, flatLayout, flatPick, flatPlace, paintFlat } from "./picture";
import { type Marked, Rings } from "../Marks";
import type { Unit } from "../scene/statistics";
import type { BrainLook } from "../view";

interface FlatProps {
  feed: Feed;
  look: BrainLook;
  reach: number;
  marks: readonly Marked[];
  onPoint: (unit: Unit | null, spot: Spot) => void;
  onSelect: (unit: Unit | null) => void;
}

export function FlatBrain({ feed, look, reach, marks, onPoint, onSelect }: FlatProps) {
  const host = useRef<HTMLDivElement>(null);
  const layout = usePainted(host, feed, look, reach);
  useLayoutEffect(() => {
    if (host.current && layout) putMarks(host.current, layout);
  }, [layout, marks]);
  const under = (event: PointerEvent): [Unit | null, Spot] => {
    const frame = event.currentTarget.getBoundingClientRect();
    const spot = { x: event.clientX - frame.left, y: event.clientY - frame.top };
    const { activity } = feed.now();
    return [layout && activity && flatPick(layout, activity, spot.x, spot.y), spot];
  };
  return (
    <div
      ref={host}
      className="brain-canvas"
      onPointerMove={(event) => onPoint(...under(event))}
      onPointerLeave={() => onPoint(null, { x: 0, y: 0 })}
      onPointerUp={(event) => onSelect(under(event)[0])}
    >
      <canvas aria-hidden="true" />
      <Rings marks={marks} />
    </div>
  );
}

function putMarks(host: HTMLElement, layout: FlatLayout): void {
  for (const mark of host.querySelectorAll<HTMLElement>("[data-mark]")) {
    const [layer = 0, neuron = 0] = (mark.dataset.mark ?? "").split(".").map(Number);
    const { x, y } = flatPlace(layout, { layer, neuron });
    mark.hidden = false;
    mark.style.transform = `translate(${x}px, ${y}px)`;
  }
}

/** Paints at each change, once a picture at most. */
function usePainted(
  host: React.RefObject<HTMLDivElement | null>,
  feed: Feed,
  { above, hide, signed }: BrainLook,
  reach: number,
): FlatLayout | null {
  const [layout, setLayout] = useState<FlatLayout | null>(null);
  useEffect(() => {
    const frame = host.current;
    const canvas = frame?.querySelector("canvas");
    if (!frame || !canvas) return undefined;
    let waiting = 0;
    const draw = () => {
      waiting = 0;
      const { activity } = feed.now();
      const context = canvas.getContext("2d");
      if (!activity || !context) return;
      const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
      const [width, height] = [frame.clientWidth, frame.clientHeight];
      if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
      if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
      const next = flatLayout(activity, width, height);
      paintFlat(context, activity, next, { reach, least: hide ? above : 0, signed }, ratio);
      setLayout((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next));
    };
    const ask = () => {
      waiting ||= requestAnimationFrame(draw);
    };
    ask();
    const leave = feed.subscribe(ask);
    const observer = new ResizeObserver(ask);
    observer.observe(frame);
    return () => {
      leave();
      observer.disconnect();
      cancelAnimationFrame(waiting);
    };
  }, [host, feed, above, hide, signed, reach]);
  return layout;
}
