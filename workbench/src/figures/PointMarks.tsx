/** What lies over the points of a scatter: marks, words, ways through the plane, the outline being drawn, axes. */
import type { Theme } from "../state/theme";
import { THEMES } from "../words.gen";
import { niceTicks } from "./Profile";
import { type Cloud, type Corner, type Frame, onScreen, type Size } from "./pointcloud";
import { number } from "./words";

export interface Mark {
  at: number;
  as: "cursor" | "hovered" | "selected" | "pinned";
}

export interface Sign {
  at: Corner;
  text: string;
  colour: string;
}

/** The way of one point through the plane, from its first place to its last. */
export interface Trail {
  corners: readonly Corner[];
  name: string;
}

interface MarksProps {
  cloud: Cloud;
  frame: Frame;
  size: Size;
  theme: Theme;
  marks: readonly Mark[];
  signs: readonly Sign[];
  trails: readonly Trail[];
  outline: readonly Corner[] | null;
  xName: string;
  yName: string;
  ticks: boolean;
}

const RADIUS = { cursor: 6, hovered: 6, selected: 7, pinned: 7 } as const;

export function PointMarks(props: MarksProps) {
  const { cloud, frame, size, theme, marks, signs, trails, outline } = props;
  const place = (at: Corner) => onScreen(frame, size, at);
  return (
    <svg className="point-marks" width={size.width} height={size.height} aria-hidden="true">
      {props.ticks && <Ticks frame={frame} size={size} />}
      <text x={size.width - 8} y={size.height - 8} textAnchor="end" className="axis-text">
        {props.xName} →
      </text>
      <text transform="translate(14 8) rotate(-90)" textAnchor="end" className="axis-text">
        {props.yName} →
      </text>
      {trails.map(({ corners, name }) => (
        <Way key={name} name={name} corners={corners.map(place)} />
      ))}
      {outline && <polygon className="outline" points={outline.map((at) => place(at).join(",")).join(" ")} />}
      {marks.map(({ at, as }) => {
        const [x, y] = place([cloud.x[at] as number, cloud.y[at] as number]);
        return <circle key={`${as} ${at}`} className={`point-mark ${as}`} cx={x} cy={y} r={RADIUS[as]} />;
      })}
      {spread(
        signs.map((sign) => ({ ...sign, at: place(sign.at) })),
        size,
      ).map(({ at: [x, y], text, colour }) => (
        <g key={text} className="sign">
          <circle cx={x - 7} cy={y - 4} r={4} fill={colour} stroke={THEMES[theme].background} />
          <text x={x} y={y}>
            {text}
          </text>
        </g>
      ))}
    </svg>
  );
}

const LINE = 16;

/** Words moved down where they would cover one another, and kept within the picture. */
export function spread(signs: readonly Sign[], { width, height }: Size): Sign[] {
  const kept = signs.filter(({ at: [x, y] }) => x >= 0 && x <= width && y >= 0 && y <= height);
  const placed: Sign[] = [];
  for (const sign of kept.toSorted((one, other) => one.at[1] - other.at[1])) {
    let [x, y] = sign.at;
    x = Math.min(Math.max(x, 16), Math.max(width - 110, 16));
    y = Math.max(y, LINE);
    while (placed.some(({ at }) => Math.abs(at[0] - x) < 110 && Math.abs(at[1] - y) < LINE)) y += LINE;
    placed.push({ ...sign, at: [x, Math.min(y, height - 4)] });
  }
  return placed;
}

function Way({ name, corners }: { name: string; corners: readonly (readonly number[])[] }) {
  const [first, last] = [corners[0], corners.at(-1)];
  if (!first || !last) return null;
  return (
    <g className="way">
      <polyline points={corners.map((corner) => corner.join(",")).join(" ")} />
      <circle cx={first[0]} cy={first[1]} r={2.5} />
      <text x={(last[0] ?? 0) + 9} y={(last[1] ?? 0) - 6}>
        {name}
      </text>
    </g>
  );
}

/** Round numbers between two ends, away from the edges where they would be cut. */
function ticksWithin(low: number, high: number): number[] {
  const room = 0.04 * (high - low);
  return niceTicks(low, high).filter((tick) => tick > low + room && tick < high - room);
}

function Ticks({ frame, size }: { frame: Frame; size: Size }) {
  return (
    <g className="axes">
      {ticksWithin(frame.left, frame.right).map((tick) => {
        const [x] = onScreen(frame, size, [tick, 0]);
        return (
          <g key={tick}>
            <line className={tick === 0 ? "zero" : "tick"} x1={x} x2={x} y1={0} y2={size.height - 34} />
            <text x={x} y={size.height - 22} textAnchor="middle">
              {number(tick)}
            </text>
          </g>
        );
      })}
      {ticksWithin(frame.bottom, frame.top).map((tick) => {
        const [, y] = onScreen(frame, size, [0, tick]);
        return (
          <g key={tick}>
            <line className={tick === 0 ? "zero" : "tick"} x1={52} x2={size.width} y1={y} y2={y} />
            <text x={48} y={y + 4} textAnchor="end">
              {number(tick)}
            </text>
          </g>
        );
      })}
    </g>
  );
}
