/** A scatter of very many points on one canvas: pan, zoom, box, lasso, and a cursor for pointer and keys. */
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Theme } from "../state/theme";
import { THEMES } from "../words.gen";
import { type Mark, PointMarks, type Sign, type Trail } from "./PointMarks";
import { paintPoints, radiusOf } from "./paintpoints";
import {
  ahead,
  boxed,
  type Cloud,
  type Corner,
  fitted,
  type Frame,
  nearest,
  type Net,
  netOf,
  onPlane,
  shifted,
  type Size,
  squared,
  thinned,
  zoomed,
} from "./pointcloud";
import { useWidth } from "./useWidth";

export type Tool = "move" | "box" | "lasso";

export interface PointProps {
  label: string;
  cloud: Cloud;
  colours: Uint32Array;
  order: Uint32Array | null;
  /** 1 for points that step back. */
  faint: Uint8Array | null;
  marks: readonly Mark[];
  /** Words at places of the plane, such as the name of a cluster at its middle. */
  signs: readonly Sign[];
  trails: readonly Trail[];
  /** What the two axes are; their units may be of no meaning, and then no ticks are drawn. */
  xName: string;
  yName: string;
  ticks: boolean;
  /** One unit is as long across as upward. */
  square: boolean;
  theme: Theme;
  tall: number;
  /** The part of the plane that is shown; null shows every point. */
  frame: Frame | null;
  tool: Tool;
  outline: readonly Corner[] | null;
  onFrame: (frame: Frame | null) => void;
  onOutline: (outline: readonly Corner[] | null) => void;
  onHover: (point: number | null) => void;
  onPick: (point: number, pin: boolean) => void;
}

const REACH = 9;
const MOST_CORNERS = 40;
const CLOSER = 1.25;

export function PointCanvas(props: PointProps) {
  const { label, cloud, square, tall, theme } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const size = useMemo(() => ({ width, height: tall }), [width, tall]);
  const whole = useMemo(() => {
    const all = fitted(cloud);
    return square && width > 0 ? squared(all, size) : all;
  }, [cloud, square, size, width]);
  const frame = useMemo(() => {
    if (!props.frame) return whole;
    return square && width > 0 ? squared(props.frame, size) : props.frame;
  }, [props.frame, whole, square, size, width]);
  const canvas = usePainting(props, frame, whole, size);
  const controls = useControls(props, frame, size);
  useWheel(box, frame, size, props.onFrame);
  const shown = width > 0;
  return (
    <div
      className="points"
      ref={box}
      role="application"
      aria-roledescription="scatter plot"
      aria-label={`${label}. Arrow keys go from point to point, Enter selects, Shift Enter pins, + and − zoom, 0 shows all, Shift and arrows move the picture.`}
      tabIndex={0}
      data-tool={props.tool}
      data-frame={JSON.stringify(Object.values(frame))}
      style={{ height: tall }}
      {...controls.on}
    >
      <canvas ref={canvas} style={{ width: size.width, height: size.height }} aria-hidden="true" />
      {shown && (
        <PointMarks
          {...{ cloud, frame, size, theme }}
          marks={
            controls.cursor === null ? props.marks : [...props.marks, { at: controls.cursor, as: "cursor" }]
          }
          signs={props.signs}
          trails={props.trails}
          outline={controls.drawn ?? props.outline}
          xName={props.xName}
          yName={props.yName}
          ticks={props.ticks}
        />
      )}
    </div>
  );
}

function usePainting(props: PointProps, frame: Frame, whole: Frame, size: Size) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { cloud, colours, order, faint, theme } = props;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || size.width === 0) return;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    canvas.current.width = Math.round(size.width * ratio);
    canvas.current.height = Math.round(size.height * ratio);
    const closer = (whole.right - whole.left) / (frame.right - frame.left);
    const radius = radiusOf(cloud.x.length, closer);
    const { background, hairline, veil } = THEMES[theme];
    const tones = { background, faintTone: hairline, rim: veil };
    const picture = { ...cloud, frame, size, colours, order, faint, radius, ...tones };
    paintPoints(context, picture, ratio);
  }, [cloud, colours, order, faint, theme, frame, whole, size]);
  return canvas;
}

interface Drag {
  from: Corner;
  before: Frame;
  moved: boolean;
}

function placeOf(event: PointerEvent<HTMLElement>): Corner {
  const edge = event.currentTarget.getBoundingClientRect();
  return [event.clientX - edge.left, event.clientY - edge.top];
}

function useControls(props: PointProps, frame: Frame, size: Size) {
  const { cloud, onFrame, onOutline, onHover, onPick } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const [pointedIn, setPointedIn] = useState(cloud);
  if (pointedIn !== cloud) {
    setPointedIn(cloud);
    setCursor(null);
  }
  const point = (found: number | null) => {
    if (found === cursor) return;
    setCursor(found);
    onHover(found);
  };
  const { drawn, dragging, ...pointer } = usePointer(props, frame, size, point);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (!keyed(event, { cursor, point, cloud, frame, size, onFrame, onPick, onOutline })) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onPointerLeave = () => {
    if (!dragging()) point(null);
  };
  return { cursor, drawn, on: { ...pointer, onPointerLeave, onBlur: () => point(null), onKeyDown } };
}

/** What a pointer does: it points, drags the picture, draws an outline, picks a point. */
function usePointer(props: PointProps, frame: Frame, size: Size, point: (found: number | null) => void) {
  const { cloud, tool, onFrame, onOutline, onPick } = props;
  const net = useNet(cloud);
  const [drawn, setDrawn] = useState<Corner[] | null>(null);
  const drag = useRef<Drag | null>(null);
  const under = (at: Corner) => nearest(cloud, net(), frame, size, at, REACH);
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture?.(event.pointerId);
    drag.current = { from: placeOf(event), before: frame, moved: false };
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const at = placeOf(event);
    const now = drag.current;
    if (!now) return point(under(at));
    const [across, down] = [at[0] - now.from[0], at[1] - now.from[1]];
    now.moved ||= Math.hypot(across, down) > 4;
    if (!now.moved) return undefined;
    if (tool === "move") return onFrame(shifted(now.before, size, across, down));
    const here = onPlane(frame, size, at);
    if (tool === "box") return setDrawn(boxed(onPlane(frame, size, now.from), here));
    return setDrawn([...(drawn ?? [onPlane(frame, size, now.from)]), here]);
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    const now = drag.current;
    drag.current = null;
    if (!now) return;
    if (now.moved) {
      if (drawn) onOutline(thinned(drawn, MOST_CORNERS));
      setDrawn(null);
      return;
    }
    const found = under(placeOf(event));
    if (found !== null) onPick(found, event.shiftKey);
    else if (props.outline) onOutline(null);
  };
  return { drawn, dragging: () => drag.current !== null, onPointerDown, onPointerMove, onPointerUp };
}

/** The net of the points, made when a pointer first comes, since drawing does without. */
function useNet(cloud: Cloud): () => Net {
  const made = useRef<{ of: Cloud; net: Net } | null>(null);
  return () => {
    if (made.current?.of !== cloud) made.current = { of: cloud, net: netOf(cloud) };
    return made.current.net;
  };
}

interface Keyed extends Pick<PointProps, "cloud" | "onFrame" | "onPick" | "onOutline"> {
  cursor: number | null;
  point: (found: number | null) => void;
  frame: Frame;
  size: Size;
}

const STRIDE: Record<string, Corner> = {
  ArrowLeft: [60, 0],
  ArrowRight: [-60, 0],
  ArrowUp: [0, 60],
  ArrowDown: [0, -60],
};

/** Does what a key asks for; says whether it asked for anything. */
function keyed(event: KeyboardEvent, now: Keyed): boolean {
  const { cursor, point, cloud, frame, size, onFrame, onPick, onOutline } = now;
  const stride = STRIDE[event.key];
  const middle = onPlane(frame, size, [size.width / 2, size.height / 2]);
  if (stride && event.shiftKey) onFrame(shifted(frame, size, ...stride));
  else if (stride) point(ahead(cloud, frame, size, cursor, event.key) ?? cursor);
  else if (event.key === "Enter" && cursor !== null) onPick(cursor, event.shiftKey);
  else if (event.key === "+" || event.key === "=") onFrame(zoomed(frame, CLOSER, middle));
  else if (event.key === "-") onFrame(zoomed(frame, 1 / CLOSER, middle));
  else if (event.key === "0") onFrame(null);
  else if (event.key === "Escape") {
    point(null);
    onOutline(null);
  } else return false;
  return true;
}

/** Zooms about the pointer with the wheel, where the picture has the focus or a pinch says so. */
function useWheel(
  box: RefObject<HTMLDivElement | null>,
  frame: Frame,
  size: Size,
  onFrame: PointProps["onFrame"],
): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const listen = (event: WheelEvent) => {
      if (!event.ctrlKey && document.activeElement !== element) return;
      event.preventDefault();
      const edge = element.getBoundingClientRect();
      const at = onPlane(frame, size, [event.clientX - edge.left, event.clientY - edge.top]);
      onFrame(zoomed(frame, Math.exp(-event.deltaY / 400), at));
    };
    element.addEventListener("wheel", listen, { passive: false });
    return () => element.removeEventListener("wheel", listen);
  }, [box, frame, size, onFrame]);
}
